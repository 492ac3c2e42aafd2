"""Alerts in the admin: the operator reads them, nobody else knows that there are any."""

import pytest
from django.urls import reverse
from django.utils import timezone

from tenants.models import Alert
from tests.factories import UserFactory
from tests.tenants.admin.conftest import Desk, signed_in

LIST = reverse("admin:tenants_alert_changelist")


def an_alert(subject: str = "help@contoso.example (Contoso)", *, is_over: bool = False) -> Alert:
    moment = timezone.now()
    return Alert.objects.create(
        kind=Alert.Kind.MAILBOX_TROUBLE,
        subject=subject,
        cause="The secret has expired.",
        fix="Make a new one.",
        path="/admin/mailboxes/mailbox/1/change/",
        opened_at=moment,
        recovered_at=moment if is_over else None,
    )


def test_operator_reads_what_is_wrong_and_what_to_do(desk: Desk) -> None:
    an_alert()
    page = signed_in(desk.operator).get(LIST).content.decode()
    assert all(
        word in page for word in ("help@contoso.example", "The secret has expired.", "Make a new one.")
    )
    assert 'href="/admin/mailboxes/mailbox/1/change/"' in page


def test_subject_of_an_alert_is_text_and_no_markup(desk: Desk) -> None:
    an_alert("<script>alert(1)</script>")
    page = signed_in(desk.operator).get(LIST).content.decode()
    assert "<script>alert(1)" not in page


def test_what_expires_is_named_in_the_readers_language_and_names_stay(desk: Desk) -> None:
    expiring = an_alert("client secret of Helpdesk (House of Cards, Ltd), 2026-12-01")
    Alert.objects.filter(pk=expiring.pk).update(kind=Alert.Kind.EXPIRY)
    an_alert("help@contoso.example (House of Cards, Ltd)")
    page = signed_in(desk.operator).get(LIST, headers={"accept-language": "de"}).content.decode()
    assert "Clientschlüssel für Helpdesk (House of Cards, Ltd), 2026-12-01" in page
    assert "help@contoso.example (House of Cards, Ltd)" in page


def test_list_keeps_apart_what_goes_on_and_what_is_over(desk: Desk) -> None:
    lasting, over = an_alert("one"), an_alert("two", is_over=True)
    client = signed_in(desk.operator)
    found = {key: list(client.get(f"{LIST}?lasts={key}").context["cl"].queryset) for key in ("yes", "no")}
    assert found == {"yes": [lasting], "no": [over]}


@pytest.mark.parametrize("door", ["add", "change", "delete"])
def test_nobody_adds_changes_or_deletes_an_alert(desk: Desk, door: str) -> None:
    row = an_alert()
    address = reverse(f"admin:tenants_alert_{door}", args=[] if door == "add" else [row.pk])
    answer = signed_in(desk.operator).post(address, {"post": "yes", "subject": "nothing"})
    assert answer.status_code == 403
    assert Alert.objects.get().subject == row.subject


@pytest.mark.parametrize("role", ["admin", "agent", "viewer", "stranger"])
def test_staff_of_a_tenant_see_no_alert(desk: Desk, role: str) -> None:
    an_alert()
    client = signed_in(getattr(desk, role))
    assert client.get(LIST).status_code == 403
    assert LIST not in client.get("/admin/").content.decode()


def test_overview_counts_the_alerts_that_go_on_for_the_operator(desk: Desk) -> None:
    an_alert("one")
    an_alert("two", is_over=True)
    card = signed_in(desk.operator).get("/admin/").context["cards"][-1]
    assert (card.count, card.link, card.level) == (1, f"{LIST}?lasts=yes", "danger")


def test_account_without_a_membership_sees_no_alert(desk: Desk) -> None:
    assert signed_in(UserFactory()).get(LIST).status_code == 403
