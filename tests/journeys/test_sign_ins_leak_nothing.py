"""Tokens, codes, verifiers and passwords stand in their own encrypted columns and nowhere else. Covers S-16 to S-23."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.messages import get_messages
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from m365integration.logs import LineFormatter
from mailboxes import tokens
from mailboxes.models import Mailbox, MailboxSignIn, MailboxToken
from tenants.models import SignInAttempt
from tests.journeys.person import PASSWORD, Connect, Person

pytestmark = [pytest.mark.journey, pytest.mark.django_db]


@pytest.fixture
def printed() -> Iterator[io.StringIO]:
    """Everything any library says, as loud as it can, through the product's own formatter."""
    stream = io.StringIO()
    listener = logging.StreamHandler(stream)
    listener.setFormatter(LineFormatter())
    loud = [logging.getLogger(name) for name in ("", "msal", "urllib3", "requests", "django", "celery")]
    before = [(logger, logger.level) for logger in loud]
    for logger in loud:
        logger.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(listener)
    yield stream
    logging.getLogger().removeHandler(listener)
    for logger, level in before:
        logger.setLevel(level)


def stored() -> str:
    """Every column of every table as the database has it: sessions, audit list, history and ledger among them."""
    texts = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            texts.append(str(cursor.fetchall()))
    return "\n".join(texts)


def dumped() -> str:
    out = io.StringIO()
    call_command("dumpdata", stdout=out)
    return out.getvalue()


def pages(person: Person) -> str:
    """What people are shown: the mailbox, its history, the audit list."""
    names = [
        reverse("admin:mailboxes_mailbox_change", args=[person.mailbox.pk]),
        reverse("admin:mailboxes_mailbox_history", args=[person.mailbox.pk]),
        reverse("admin:tenants_auditentry_changelist"),
    ]
    return "\n".join(person.admin.get(name).content.decode() for name in names)


def kept_secrets() -> set[str]:
    row = MailboxSignIn.objects.get()
    values = {row.refresh_token, row.password, *MailboxToken.objects.values_list("token", flat=True)}
    return {value for value in values if value}


def found(secrets: set[str], **sinks: str) -> list[str]:
    return [f"{name}: {secret[:12]}" for name, text in sinks.items() for secret in secrets if secret in text]


def test_sign_in_with_the_browser_leaves_no_secret_anywhere(connect: Connect, printed: io.StringIO) -> None:
    person = connect()
    person.browser(person.mailbox.address)
    away = person.press()["Location"]
    proof = json.loads(str(SignInAttempt.objects.get().proof))
    back = person.at_microsoft(away).headers["Location"]
    code = parse_qs(urlsplit(back).query)["code"][0]
    state = parse_qs(urlsplit(away).query)["state"][0]
    logging.getLogger("gunicorn.access").warning("GET %s", back)
    returned = person.back(back)
    person.customer.sync()
    secrets = {code, state, *proof.values(), *kept_secrets()}
    said = "".join(str(each) for each in get_messages(returned.wsgi_request))
    assert len(secrets) >= 6
    assert (
        found(
            secrets,
            log=printed.getvalue(),
            database=stored(),
            dump=dumped(),
            pages=pages(person),
            address=returned["Location"],
            messages=said,
            answer=str(returned.serialize()),
        )
        == []
    )
    assert not {proof["verifier"], proof["nonce"]} & {away, *away.split("&")}


def test_refused_sign_in_leaves_no_secret_anywhere(connect: Connect, printed: io.StringIO) -> None:
    person = connect()
    person.browser(person.named("anna"))
    away = person.press()["Location"]
    proof = json.loads(str(SignInAttempt.objects.get().proof))
    back = person.at_microsoft(away).headers["Location"]
    person.back(back)
    secrets = {parse_qs(urlsplit(back).query)["code"][0], *proof.values()}
    assert found(secrets, log=printed.getvalue(), database=stored(), dump=dumped(), pages=pages(person)) == []


def test_password_is_written_only(connect: Connect, printed: io.StringIO) -> None:
    """S-55"""
    person = connect(app={"scopes": ["Mail.ReadWrite", "User.Read"]}, sign_in=Mailbox.SignIn.PASSWORD)
    tenant = person.customer.mailbox.tenant
    tenant.allows_password = True
    tenant.save()
    address = reverse("admin:mailboxes_mailbox_change", args=[person.mailbox.pk])
    mailbox = person.mailbox
    names = "address sign_in signed_in_user inbound_transport folder since after move_to copy_to outbound_transport"
    form: dict[str, Any] = {name: getattr(mailbox, name) for name in names.split()}
    form |= {"registration": mailbox.registration_id, "queue": mailbox.queue_id, "is_active": "on"}
    wrong: Any = person.admin.post(address, {**form, "password": PASSWORD, "folder": ""})
    assert wrong.status_code == 200
    assert person.admin.post(address, {**form, "password": PASSWORD}).status_code == 302
    assert MailboxSignIn.objects.get().password == PASSWORD
    person.press()
    secrets = kept_secrets()
    assert PASSWORD in secrets
    assert (
        found(
            secrets,
            log=printed.getvalue(),
            database=stored(),
            dump=dumped(),
            pages=pages(person),
            refilled=wrong.content.decode(),
        )
        == []
    )


def test_nothing_of_a_row_shows_when_it_is_printed(connect: Connect) -> None:
    person = connect()
    person.sign_in()
    row = person.row
    shown = f"{row!r} {row} {row.tokens.get()!r} {tokens.UserTokens(person.mailbox, resource='graph')!r}"
    assert found(kept_secrets(), shown=shown) == []
