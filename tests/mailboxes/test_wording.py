"""What an examination saw is kept in English and shown in the language of whoever reads it."""

import pytest
from django.utils import translation

from mailboxes.models import Mailbox
from mailboxes.wording import detail
from tenants.wording import shown
from tests.factories import MailboxFactory
from tests.tenants.admin.conftest import Desk, desk, signed_in

__all__ = ["desk"]


@pytest.mark.parametrize(
    ("kept", "german"),
    [
        ("3 s ahead of Microsoft", "3 s vor der Uhr von Microsoft"),
        ("Support/Inbox, 12 mails", "Support/Inbox, 12 E-Mails"),
        (
            "Mail.Read; optional and not granted: User.Read",
            "Mail.Read; optional und nicht gewährt: User.Read",
        ),
        ("contoso.example", "contoso.example"),
    ],
)
def test_detail_of_a_step_is_translated_around_its_names(kept: str, german: str) -> None:
    with translation.override("de"):
        assert detail(kept) == german
    assert detail(kept) == kept


def test_alert_made_of_numbers_is_translated() -> None:
    with translation.override("de"):
        said = shown("It ends on 2026-12-01, 7 days from now; mail stops with it.")
    assert said == "Das ist am 2026-12-01, in 7 Tagen; dann stehen die E-Mails still."


@pytest.mark.parametrize(
    ("language", "cause"), [("de", "Entra konnte die Anmeldung nicht"), ("en", "Entra could not answer")]
)
def test_trouble_of_a_mailbox_is_told_in_the_language_of_the_page(
    desk: Desk, language: str, cause: str
) -> None:
    trouble = {"code": "login_unavailable", "who": "microsoft", "fix": "Nothing to do."}
    trouble["cause"] = "Entra could not answer the sign-in."
    mailbox: Mailbox = MailboxFactory(tenant=desk.ours, registration=desk.registration, trouble=trouble)
    for page in (f"/admin/mailboxes/mailbox/{mailbox.pk}/change/", "/admin/mailboxes/mailbox/"):
        shown_page = signed_in(desk.admin).get(page, HTTP_ACCEPT_LANGUAGE=language).content.decode()
        assert cause in shown_page
