"""provision: mailboxes that a person signs in to."""

import copy
from typing import Any

import pytest
from django.db import connection

from mailboxes.models import Mailbox, MailboxSignIn
from tests.m365integration.test_provisioning import DOCUMENT, Json, Provision, provision

__all__ = ["provision"]

pytestmark = pytest.mark.django_db


def signing_in(**values: Any) -> Json:
    document = copy.deepcopy(DOCUMENT)
    document["tenants"][0] |= {"allow_password": True, "allow_device_code": True}
    document["tenants"][0]["mailboxes"][0] |= values
    return document


def test_person_who_signs_in_is_set_up_like_anything_else(provision: Provision) -> None:
    provision(signing_in(sign_in="authorization_code", signed_in_user="Svc@Contoso.example"))
    mailbox = Mailbox.objects.select_related("tenant").get()
    assert (mailbox.sign_in, mailbox.signed_in_user) == ("authorization_code", "svc@contoso.example")
    assert (mailbox.tenant.allows_password, mailbox.tenant.allows_device_code) == (True, True)


def test_password_is_kept_encrypted_and_only_a_new_one_ends_the_sign_in(
    provision: Provision,
) -> None:
    document = signing_in(sign_in="password", password="canary-password-1")
    provision(document)
    MailboxSignIn.objects.update(refresh_token="0.canary-refresh")
    provision(document)
    assert MailboxSignIn.objects.get().refresh_token == "0.canary-refresh"

    provision(signing_in(sign_in="password", password="canary-password-2"))
    row = MailboxSignIn.objects.get()
    assert (row.password, row.refresh_token) == ("canary-password-2", None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT password FROM mailboxes_mailboxsignin")
        assert "canary" not in str(cursor.fetchall())


def test_account_that_sends_has_a_password_of_its_own(provision: Provision) -> None:
    sends = {"sign_in": "password", "signed_in_user": "sender@contoso.example", "password": "canary-sending"}
    document = signing_in(
        sign_in="password", password="canary-reading", outbound={"transport": "smtp", **sends}
    )
    provision(document)
    kept = {row.direction: row.password for row in MailboxSignIn.objects.all()}
    assert kept == {"in": "canary-reading", "out": "canary-sending"}


def test_tenant_may_ask_its_staff_for_a_second_step(provision: Provision) -> None:
    document = copy.deepcopy(DOCUMENT)
    document["tenants"][0]["require_second_step"] = True
    provision(document)
    assert Mailbox.objects.select_related("tenant").get().tenant.requires_second_factor
