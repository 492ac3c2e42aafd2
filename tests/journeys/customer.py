"""A customer of the sandbox and the rows that connect us to it: what a journey starts from and looks at."""

from __future__ import annotations

import base64
import email
import hashlib
import json
import urllib.request
import uuid
from collections import Counter
from dataclasses import dataclass
from email.message import Message
from typing import Any, Protocol
from urllib.parse import quote

from mailboxes.inbound.sync import Report, sync
from mailboxes.models import InboundMessage, Mailbox
from tests import factories
from tickets import filing
from tickets.models import Attachment, Entry

Json = dict[str, Any]
SECRET = "journey~secret.Value-1"
ROLES = ["Mail.ReadWrite", "Mail.Send"]


class Controlled(Protocol):
    @property
    def control_url(self) -> str: ...


class Control:
    """The control door of a sandbox, in this process or another."""

    def __init__(self, sandbox: Controlled) -> None:
        self.url = sandbox.control_url

    def __call__(self, path: str, body: Json | None = None, *, method: str = "POST") -> Json:
        content = json.dumps(body or {}).encode()
        request = urllib.request.Request(f"{self.url}/{path}", data=content, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            document: Json = json.load(answer)
        return document

    def fault(self, kind: str, *, count: int | None = 1, **rule: Any) -> None:
        """Bring on a fault: path=, method=, nth=, probability=, seed= choose the requests, options= shapes it."""
        options = rule.pop("options", {})
        self("faults", {"match": rule, "count": count, "fault": {"kind": kind, **options}})

    def counters(self) -> Json:
        return self("counters", method="GET")

    def targets(self) -> list[str]:
        """The requests since the last reset, as "METHOD /path", oldest first."""
        seen = self("requests?last=5000", method="GET")["requests"]
        return [f"{one['method']} {one['target']}" for one in seen]


@dataclass(slots=True)
class Customer:
    """One mailbox at Microsoft and here."""

    control: Control
    mailbox: Mailbox
    client_id: str

    @property
    def path(self) -> str:
        return f"mailboxes/{quote(self.mailbox.address)}"

    def arrive(self, name: str, *, folder: str = "inbox", **fields: str) -> Json:
        """Let a mail arrive; gives it as the sandbox lists it. More headers by keyword."""
        received_at = fields.pop("received_at", "")
        raw = factories.mail(message_id=f"<{name}@fabrikam.example>", subject=f"About {name}", **fields)
        return self.arrive_raw(raw, folder=folder, received_at=received_at)

    def arrive_raw(self, raw: bytes, *, folder: str = "inbox", received_at: str = "") -> Json:
        body = {"mime": base64.b64encode(raw).decode(), "folder": folder}
        if received_at:
            body["receivedDateTime"] = received_at
        return self.control(f"{self.path}/messages", body)

    def sync(self, *, budget_s: float = 60.0) -> Report:
        return sync(self.mailbox.pk, file=filing.file_for, budget_s=budget_s)

    def row(self) -> Mailbox:
        return Mailbox.objects.get(pk=self.mailbox.pk)

    def change(self, **values: Any) -> None:
        Mailbox.objects.filter(pk=self.mailbox.pk).update(**values)

    def states(self) -> Counter[str]:
        rows = InboundMessage.objects.filter(mailbox=self.mailbox)
        return Counter(rows.values_list("state", flat=True))

    def entries(self) -> list[str]:
        """The Message-IDs that are on tickets, in the order they were written."""
        rows = Entry.objects.filter(inbound__mailbox=self.mailbox).order_by("pk")
        return list(rows.values_list("message_id", flat=True))

    def letters(self, folder: str, *, address: str = "") -> list[Message]:
        """The mails in a folder of this mailbox, or of another at Microsoft, oldest first."""
        path = f"mailboxes/{quote(address)}" if address else self.path
        shown = self.control(path, method="GET")["folders"]
        ids = [
            mail["id"]
            for one in shown
            if folder in (one["well_known"], one["name"])
            for mail in one["messages"]
        ]
        found = [
            self.control(f"{path}/messages/{quote(one, safe='')}/mime", method="GET")["mime"] for one in ids
        ]
        return [email.message_from_bytes(base64.b64decode(one)) for one in found]

    def folders(self) -> dict[str, list[str]]:
        """What lies where at Microsoft: Message-IDs by folder, empty folders left out."""
        shown = self.control(self.path, method="GET")["folders"]
        return {
            folder["well_known"] or folder["name"]: [mail["internetMessageId"] for mail in folder["messages"]]
            for folder in shown
            if folder["messages"]
        }


def connect(control: Control, *, mail: list[Json] | None = None, **values: Any) -> Customer:
    """Make a customer at Microsoft and its rows here; values are columns of the mailbox, mail seeds its folders."""
    tag = uuid.uuid4().hex[:8]
    tenant = factories.TenantFactory(cloud="custom", name=f"Contoso {tag}", domain=f"{tag}.example")
    registration = factories.AppRegistrationFactory(tenant=tenant)
    factories.CredentialFactory(registration=registration, value=SECRET)
    address = f"help@{tenant.domain}"
    shape = {key: values.pop(key) for key in ("kind", "locale", "folders") if key in values}
    app = {"client_id": registration.client_id, "secrets": [{"value": SECRET}], "roles": ROLES}
    here = {"directory_id": tenant.directory_id, "name": tenant.name, "domains": [tenant.domain]}
    box = {"address": address, "mail": mail or [], **shape}
    control("scenario", {"tenants": [{**here, "apps": [app], "mailboxes": [box]}]})
    mailbox = factories.MailboxFactory(tenant=tenant, registration=registration, address=address, **values)
    return Customer(control, mailbox, registration.client_id)


def verify(customer: Customer) -> None:
    """Hold the oracle O1 to O3 and O5 of a mailbox at rest: each mail once, whole, and moved only when filed."""
    listed = [one for ids in customer.folders().values() for one in ids]
    rows = InboundMessage.objects.filter(mailbox=customer.mailbox)
    entries = customer.entries()
    assert len(entries) == len(set(entries)), "a mail is on tickets twice"
    assert set(entries) <= set(listed), "a ticket holds a mail that Microsoft never had"
    filed = rows.filter(state="filed")
    assert filed.count() == len(entries), "a row says filed and has no entry"
    in_inbox = customer.folders().get("inbox", [])
    waiting = set(
        rows.exclude(state__in=("filed", "skipped", "suspended")).values_list("message_id", flat=True)
    )
    if customer.mailbox.after == Mailbox.After.MOVE:
        assert set(in_inbox) == waiting & set(in_inbox), "a mail was filed and not moved"
        moved = set(customer.folders().get("Processed", []))
        assert moved <= set(filed.values_list("message_id", flat=True)), "a mail was moved and not filed"
    for file in Attachment.objects.filter(entry__inbound__mailbox=customer.mailbox):
        content = (factories.storage.full_path(file.path)).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file.sha256, "an attachment is not what it was"
