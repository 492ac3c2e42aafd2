"""Microsoft's side of a person's sign-in, request by request, and a mailbox that one has signed in to."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import responses
from django.utils import timezone

from mailboxes.accounts import proved_for
from mailboxes.models import Mailbox, MailboxSignIn, MailboxToken
from mailboxes.tokens import row_of
from tests import factories
from tests.tenants.microsoft import answers

Reply = tuple[int, dict[str, str], str]
JSON = {"Content-Type": "application/json"}


class Entra:
    """Gives a new refresh token with every answer; `refuses` makes it refuse those it has given."""

    def __init__(self, wire: responses.RequestsMock) -> None:
        self.wire = wire
        self.forms: list[dict[str, str]] = []
        self.refused: dict[str, int] = {}
        self.claims: dict[str, Any] = {}
        self.me: dict[str, Any] = {
            "id": answers.OID,
            "userPrincipalName": answers.PERSON,
            "mail": answers.PERSON,
            "proxyAddresses": [
                f"SMTP:{answers.PERSON}",
                "smtp:support@contoso.example",
                "sip:x@contoso.example",
            ],
        }
        self.meanwhile: Callable[[], None] = lambda: None
        wire.get(answers.METADATA_URL, json=answers.metadata())
        wire.add_callback(responses.POST, answers.TOKEN_URL, callback=self._token)
        wire.add_callback(responses.GET, f"{answers.GRAPH}/me", callback=self._me)

    @property
    def given(self) -> int:
        return len(self.forms)

    def _token(self, request: Any) -> Reply:
        self.meanwhile()
        form = {name: values[0] for name, values in parse_qs(str(request.body, "ascii")).items()}
        self.forms.append(form)
        proof = form.get("refresh_token") or form.get("password") or form.get("code", "")
        if number := self.refused.get(proof):
            return 400, JSON, json.dumps(answers.refused(number, error="invalid_grant"))
        return 200, JSON, json.dumps(answers.user_token(self.given, **self.claims))

    def _me(self, request: Any) -> Reply:
        return 200, JSON, json.dumps(self.me)


def mailbox(**values: Any) -> Mailbox:
    tenant = factories.TenantFactory(directory_id=answers.DIRECTORY)
    registration = factories.AppRegistrationFactory(tenant=tenant, client_id=answers.CLIENT_ID)
    factories.CredentialFactory(registration=registration)
    usual = {"address": answers.PERSON, "sign_in": Mailbox.SignIn.AUTHORIZATION_CODE}
    made: Mailbox = factories.MailboxFactory(tenant=tenant, registration=registration, **{**usual, **values})
    return made


def signed_in(mailbox: Mailbox, *, life: timedelta = timedelta(0)) -> MailboxSignIn:
    """Keep a sign-in as an earlier one left it; its access token has `life` left, none without."""
    row = row_of(mailbox)
    now = timezone.now()
    MailboxSignIn.objects.filter(pk=row.pk).update(
        refresh_token="0.canary-refresh-0",
        proved_for=proved_for(mailbox),
        account=answers.PERSON,
        oid=answers.OID,
        signed_in_at=now,
        used_at=now,
    )
    if life:
        MailboxToken.objects.create(
            tenant_id=mailbox.tenant_id,
            sign_in=row,
            resource="graph",
            token="canary-access-0",
            expires_at=now + life,
        )
    row.refresh_from_db()
    return row
