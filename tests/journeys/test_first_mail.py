"""From an empty installation to tickets, over real HTTPS."""

import pytest

from tests.journeys.customer import Customer, verify

pytestmark = [pytest.mark.journey, pytest.mark.django_db]


def test_waiting_mail_becomes_tickets_and_is_moved(customer: Customer) -> None:
    customer.arrive("printer")
    customer.arrive("invoice")
    report = customer.sync()
    assert (report.error, report.fetched, report.filed and report.filed.filed) == (None, 2, 2)
    assert customer.folders() == {"Processed": ["<printer@fabrikam.example>", "<invoice@fabrikam.example>"]}
    verify(customer)
