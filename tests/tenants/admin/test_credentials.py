"""Entering credentials: one way, checked, and used at once."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import responses
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from mailboxes.inbound.sync import due_mailboxes
from tenants import app_tokens
from tenants.microsoft.login import metadata_shelf
from tenants.models import AccessToken, AuditEntry, Credential, Tenant
from tests.connections import forget_connections
from tests.factories import CANARY_SECRET, CredentialFactory, MailboxFactory
from tests.tenants.admin.conftest import Desk, signed_in
from tests.tenants.microsoft import answers

NEW = "pW~8Q~another.secret-value_0123456789abcdef"
GUID = "5f1b6d4e-4b0c-4d0a-9c55-0d7f3e1f2a34"


@pytest.fixture(autouse=True)
def entra(desk: Desk) -> Iterator[responses.RequestsMock]:
    """Entra gives a token for whatever it is asked."""
    app_tokens._opened.clear()
    metadata_shelf.clear()
    forget_connections()
    Tenant.objects.filter(pk=desk.ours.pk).update(directory_id=answers.DIRECTORY)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
        wire.get(answers.METADATA_URL, json=answers.metadata())
        wire.post(answers.TOKEN_URL, json=answers.token())
        yield wire


def form_of(desk: Desk) -> dict[str, Any]:
    """Fill in the page of the registration with its one credential."""
    held = desk.registration.credentials.get()
    return {
        "name": desk.registration.name,
        "client_id": desk.registration.client_id,
        "credentials-TOTAL_FORMS": 1,
        "credentials-INITIAL_FORMS": 1,
        "credentials-0-id": held.pk,
        "credentials-0-registration": desk.registration.pk,
    }


def first(desk: Desk, **new: Any) -> Any:
    """Enter the first credential on the page of the registration."""
    desk.registration.credentials.all().delete()
    form = {
        "name": desk.registration.name,
        "client_id": desk.registration.client_id,
        "credentials-TOTAL_FORMS": 1,
        "credentials-INITIAL_FORMS": 0,
        "credentials-0-registration": desk.registration.pk,
        "credentials-0-kind": "secret",
    }
    form |= {f"credentials-0-{name}": value for name, value in new.items()}
    url = reverse("admin:tenants_appregistration_change", args=[desk.registration.pk])
    return signed_in(desk.admin).post(url, form, follow=True)


def replace(desk: Desk, **new: Any) -> Any:
    url = reverse("admin:tenants_appregistration_replace", args=[desk.registration.pk])
    return signed_in(desk.admin).post(url, {"kind": "secret", **new})


def test_a_new_secret_takes_its_place_beside_the_old_one(desk: Desk) -> None:
    page = replace(desk, value=NEW, expires_on="2028-05-01").content.decode()

    newest, older = desk.registration.credentials.order_by("-pk")
    assert newest.open().value == NEW
    assert older.open().value == CANARY_SECRET
    assert (newest.tenant, str(newest.expires_on)) == (desk.ours, "2028-05-01")
    assert "Replaced" in page


def test_a_secret_that_entra_refuses_changes_nothing(desk: Desk, entra: responses.RequestsMock) -> None:
    """S1-6, S3-3, S4-8: the one before goes on working."""
    entra.replace(responses.POST, answers.TOKEN_URL, json=answers.refused(7000215), status=401)
    kept = AccessToken.objects.create(tenant=desk.ours, registration=desk.registration, token="old")
    page = replace(desk, value=NEW).content.decode()

    assert "Not replaced" in page
    assert "AADSTS7000215" in page
    assert desk.registration.credentials.get().open().value == CANARY_SECRET
    assert AccessToken.objects.filter(pk=kept.pk).exists()


def test_a_replacement_is_told_and_nothing_of_it(desk: Desk) -> None:
    replace(desk, value=NEW)

    kinds = AuditEntry.objects.filter(actor="admin").values_list("action", "subject_kind")
    assert list(kinds) == [("added", "tenants.credential")]
    assert NEW not in json.dumps(list(AuditEntry.objects.values()), default=str)


def test_every_mailbox_goes_on_with_the_new_secret_at_once(
    desk: Desk, django_capture_on_commit_callbacks: Any
) -> None:
    """F-79, S4-8: the shared token is dropped, and what an error has paused is due."""
    AccessToken.objects.create(tenant=desk.ours, registration=desk.registration, token="old")
    paused = MailboxFactory(
        tenant=desk.ours, registration=desk.registration, paused="error", last_attempt_at=timezone.now()
    )
    with django_capture_on_commit_callbacks(execute=True):
        replace(desk, value=NEW)

    assert not AccessToken.objects.filter(registration=desk.registration).exists()
    assert paused.pk in due_mailboxes(timezone.now())


def test_page_of_a_registration_with_a_credential_takes_no_second_one_untried(desk: Desk) -> None:
    url = reverse("admin:tenants_appregistration_change", args=[desk.registration.pk])
    page = signed_in(desk.admin).get(url).content.decode()

    assert "credentials-0-value" not in page
    assert "Replace credential" in page


@pytest.mark.parametrize("post", [first, replace])
def test_a_secret_id_pasted_as_secret_is_refused_with_the_reason(desk: Desk, post: Any) -> None:
    """S1-6."""
    before = desk.registration.credentials.count() if post is replace else 0
    page = post(desk, value=GUID).content.decode()

    assert "This is the Secret ID" in page
    assert desk.registration.credentials.count() == before


def test_blanks_around_a_first_secret_are_removed_and_that_is_said(desk: Desk) -> None:
    page = first(desk, value=f"  {NEW}\n").content.decode()

    assert desk.registration.credentials.get().open().value == NEW
    assert "Blanks around" in page


@pytest.mark.parametrize("post", [first, replace])
@pytest.mark.parametrize(
    "new",
    [
        {"value": NEW},
        {"value": NEW, "expires_on": "no date"},
        {"kind": "certificate", "private_key": f"-----BEGIN PRIVATE KEY-----{NEW}", "certificate": NEW},
    ],
)
def test_no_page_ever_shows_a_secret_also_after_an_error(desk: Desk, new: dict[str, str], post: Any) -> None:
    """S-16."""
    page = post(desk, **new).content.decode()
    again = signed_in(desk.operator).get(
        reverse("admin:tenants_appregistration_change", args=[desk.registration.pk])
    )

    assert NEW not in page
    assert NEW not in again.content.decode()
    assert CANARY_SECRET not in again.content.decode()


def test_dates_and_lost_keys_are_said_in_words(desk: Desk) -> None:
    desk.registration.credentials.update(expires_on=timezone.localdate() + timedelta(days=41))
    lost = CredentialFactory(registration=desk.registration)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tenants_credentialsecret SET material = %s WHERE credential_id = %s", [b"x", lost.pk]
        )
    url = reverse("admin:tenants_appregistration_change", args=[desk.registration.pk])
    page = signed_in(desk.admin).get(url).content.decode()

    assert "expires in 41 days" in page
    assert "cannot be decrypted: re-enter the secret" in page


def test_an_old_credential_can_be_deleted(desk: Desk) -> None:
    held = desk.registration.credentials.get()
    url = reverse("admin:tenants_appregistration_change", args=[desk.registration.pk])
    signed_in(desk.admin).post(url, form_of(desk) | {"credentials-0-DELETE": "on"})

    assert not Credential.objects.filter(pk=held.pk).exists()


def test_a_foreign_credential_cannot_be_deleted_through_the_inline(desk: Desk) -> None:
    """S-04."""
    foreign = desk.foreign.credentials.get()
    url = reverse("admin:tenants_appregistration_change", args=[desk.registration.pk])
    form = form_of(desk) | {"credentials-0-id": foreign.pk, "credentials-0-DELETE": "on"}
    signed_in(desk.admin).post(url, form)

    assert Credential.objects.filter(pk=foreign.pk).exists()


def test_a_registration_is_added_with_its_first_secret(desk: Desk) -> None:
    form = {
        "tenant": desk.ours.pk,
        "name": "Second",
        "client_id": GUID,
        "credentials-TOTAL_FORMS": 1,
        "credentials-INITIAL_FORMS": 0,
        "credentials-0-kind": "secret",
        "credentials-0-value": NEW,
    }
    answer = signed_in(desk.admin).post(reverse("admin:tenants_appregistration_add"), form)

    assert answer.status_code == 302
    held = Credential.objects.get(registration__name="Second")
    assert (held.tenant_id, held.open().value) == (desk.ours.pk, NEW)
