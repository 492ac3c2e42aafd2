"""Rows as tests need them: valid, small, invented, each with its own tenant unless one is given."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime
from typing import Any, Final

import factory
from django.contrib.auth.models import User
from django.utils import timezone
from factory.django import DjangoModelFactory

from mailboxes import storage
from mailboxes.models import Folder, InboundMessage, Mailbox
from mailboxes.models.inbound import remote_key_of
from tenants.models import AppRegistration, Credential, Membership, Tenant
from tenants.models.credential import store_credential
from tickets.models import Attachment, CannedAnswer, Entry, Queue, Rule, Tag, Ticket
from tickets.models.ticket import new_reference

#: A client secret as Entra makes them; no test output may ever show it.
CANARY_SECRET: Final = "cnR8Q~canary.never-shown_anywhere-0123456789"
PASSWORD: Final = "correct horse battery 9"
RECEIVED_AT: Final = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
TENANT_OF_PARENT: Final = factory.SelfAttribute("..tenant")


class TenantFactory(DjangoModelFactory[Tenant]):
    class Meta:
        model = Tenant

    name = factory.Sequence(lambda n: f"Contoso {n}")
    directory_id = factory.LazyFunction(lambda: str(uuid.uuid4()))
    domain = factory.Sequence(lambda n: f"contoso{n}.example")


class AppRegistrationFactory(DjangoModelFactory[AppRegistration]):
    class Meta:
        model = AppRegistration

    tenant = factory.SubFactory(TenantFactory)
    name = factory.Sequence(lambda n: f"Helpdesk {n}")
    client_id = factory.LazyFunction(lambda: str(uuid.uuid4()))


class CredentialFactory(DjangoModelFactory[Credential]):
    """A client secret with its encrypted part; a certificate with kind=, private_key= and certificate=."""

    class Meta:
        model = Credential

    registration = factory.SubFactory(AppRegistrationFactory)
    tenant = factory.SelfAttribute("registration.tenant")

    @classmethod
    def _create(cls, model_class: type[Credential], *args: Any, **kwargs: Any) -> Credential:
        parts = {name: kwargs.pop(name, "") for name in ("private_key", "certificate")}
        value = kwargs.pop("value", CANARY_SECRET)
        return store_credential(model_class(*args, **kwargs), value=value, **parts)


class QueueFactory(DjangoModelFactory[Queue]):
    class Meta:
        model = Queue

    tenant = factory.SubFactory(TenantFactory)
    name = factory.Sequence(lambda n: f"Support {n}")


class TagFactory(DjangoModelFactory[Tag]):
    class Meta:
        model = Tag

    tenant = factory.SubFactory(TenantFactory)
    name = factory.Sequence(lambda n: f"tag {n}")


class MailboxFactory(DjangoModelFactory[Mailbox]):
    """A mailbox that takes everything in its inbox and moves what is filed; registration and queue share its tenant."""

    class Meta:
        model = Mailbox

    tenant = factory.SubFactory(TenantFactory)
    address = factory.LazyAttributeSequence(lambda mailbox, n: f"help{n}@{mailbox.tenant.domain}")
    registration = factory.SubFactory(AppRegistrationFactory, tenant=TENANT_OF_PARENT)
    queue = factory.SubFactory(QueueFactory, tenant=TENANT_OF_PARENT)
    since = Mailbox.Since.ALL
    #: Most tests are about the inbox, and count what is asked of it.
    reads_sent = False


class FolderFactory(DjangoModelFactory[Folder]):
    class Meta:
        model = Folder

    mailbox = factory.SubFactory(MailboxFactory)
    tenant = factory.SelfAttribute("mailbox.tenant")
    path = factory.SelfAttribute("mailbox.folder")
    remote_id = factory.Sequence(lambda n: f"AAMkFolder{n}=")


class InboundMessageFactory(DjangoModelFactory[InboundMessage]):
    """A line of the ledger; with raw=bytes the mail lies in storage and can be filed."""

    class Meta:
        model = InboundMessage

    mailbox = factory.SubFactory(MailboxFactory)
    tenant = factory.SelfAttribute("mailbox.tenant")
    remote_id = factory.Sequence(lambda n: f"AAMkMessage{n}=")
    remote_key = factory.LazyAttribute(lambda row: remote_key_of(row.remote_id))
    received_at = RECEIVED_AT
    message_id = factory.Sequence(lambda n: f"<mail-{n}@fabrikam.example>")
    subject = factory.Sequence(lambda n: f"Printer {n} is on fire")
    sender = "ada@fabrikam.example"

    @classmethod
    def _create(
        cls, model_class: type[InboundMessage], *args: Any, raw: bytes | None = None, **kwargs: Any
    ) -> InboundMessage:
        if raw is not None:
            kwargs |= stored(kwargs["tenant"].pk, raw)
        return super()._create(model_class, *args, **kwargs)


class TicketFactory(DjangoModelFactory[Ticket]):
    class Meta:
        model = Ticket

    tenant = factory.SubFactory(TenantFactory)
    reference = factory.LazyAttribute(lambda ticket: new_reference(ticket.tenant.name))
    queue = factory.SubFactory(QueueFactory, tenant=TENANT_OF_PARENT)
    mailbox = factory.SubFactory(MailboxFactory, tenant=TENANT_OF_PARENT)
    subject = factory.Sequence(lambda n: f"Printer {n} is on fire")
    requester_name = "Ada Byron"
    requester_email = "ada@fabrikam.example"
    opened_at = RECEIVED_AT
    last_entry_at = RECEIVED_AT


class EntryFactory(DjangoModelFactory[Entry]):
    """A mail of the customer; kind= and the rest for anything else. The ticket's counter is not touched."""

    class Meta:
        model = Entry

    ticket = factory.SubFactory(TicketFactory)
    tenant = factory.SelfAttribute("ticket.tenant")
    kind = Entry.Kind.MAIL_IN
    happened_at = RECEIVED_AT
    message_id = factory.Sequence(lambda n: f"<entry-{n}@fabrikam.example>")
    from_name = "Ada Byron"
    from_email = "ada@fabrikam.example"
    to = factory.LazyFunction(lambda: [{"name": "Help", "email": "help@contoso.example"}])
    subject = factory.SelfAttribute("ticket.subject")
    text = "It burns.\n\n> Is it plugged in?"
    new_text = "It burns."


class AttachmentFactory(DjangoModelFactory[Attachment]):
    """A file of an entry, its bytes in storage."""

    class Meta:
        model = Attachment

    entry = factory.SubFactory(EntryFactory)
    tenant = factory.SelfAttribute("entry.tenant")
    name = "flames.txt"
    content_type = "text/plain"

    @classmethod
    def _create(
        cls, model_class: type[Attachment], *args: Any, content: bytes = b"crackle", **kwargs: Any
    ) -> Attachment:
        sha256 = hashlib.sha256(content).hexdigest()
        path = storage.attachment_path(kwargs["tenant"].pk, sha256)
        storage.keep(path, [content])
        kwargs = {"size_bytes": len(content), "sha256": sha256, "path": path} | kwargs
        return super()._create(model_class, *args, **kwargs)


class CannedAnswerFactory(DjangoModelFactory[CannedAnswer]):
    """Words for every ticket of its tenant; queue= for those of one queue."""

    class Meta:
        model = CannedAnswer

    tenant = factory.SubFactory(TenantFactory)
    name = factory.Sequence(lambda n: f"Answer {n}")
    text = "Please unplug it."


class RuleFactory(DjangoModelFactory[Rule]):
    """A rule that asks nothing and does nothing."""

    class Meta:
        model = Rule

    tenant = factory.SubFactory(TenantFactory)
    name = factory.Sequence(lambda n: f"Rule {n}")


class UserFactory(DjangoModelFactory[User]):
    """A member of staff who can sign in with PASSWORD; a member of nothing yet."""

    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"agent{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@desk.example")
    is_staff = True

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, password: str = PASSWORD, **kwargs: Any) -> User:
        # Creating a user is the one place where Django's own way sets more than the columns.
        made: User = User.objects.create_user(*args, password=password, **kwargs)
        return made


class OperatorFactory(UserFactory):
    """The operator: sees every tenant."""

    is_superuser = True


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    tenant = factory.SubFactory(TenantFactory)
    user = factory.SubFactory(UserFactory)
    role = Membership.Role.AGENT


def stored(tenant_id: int, raw: bytes) -> dict[str, Any]:
    """Put a mail in storage; gives the columns of its ledger row."""
    path = storage.new_raw_path(tenant_id, timezone.now())
    with storage.create(path) as file:
        file.write(raw)
    return {"raw_path": path, "raw_bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}


def mail(
    *,
    subject: str = "Printer is on fire",
    message_id: str = "<first@fabrikam.example>",
    sender: str = "Ada Byron <ada@fabrikam.example>",
    to: str = "help@contoso.example",
    text: str = "It burns.",
    **headers: str,
) -> bytes:
    """Write a small plain mail; more headers by keyword, with _ for - (in_reply_to="<…>")."""
    lines = [f"From: {sender}", f"To: {to}", f"Subject: {subject}", f"Message-ID: {message_id}"]
    lines += [f"{name.replace('_', '-').title()}: {value}" for name, value in headers.items()]
    lines += ["Date: Mon, 02 Nov 2026 09:29:55 +0000", "MIME-Version: 1.0"]
    lines += ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "", text]
    return "\r\n".join(lines).encode() + b"\r\n"
