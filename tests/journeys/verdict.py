"""What must hold when all is quiet: the mails Microsoft was seeded with beside everything we have kept of them."""

from __future__ import annotations

import email
import email.policy
import hashlib
import io
import json
from collections import Counter
from datetime import timedelta
from typing import Any

from django.core.management import call_command
from django.utils import timezone

from mailboxes import storage
from mailboxes.models import InboundMessage
from mailboxes.sweeping import sweep_storage
from sandbox.mail_mix import MailMix
from tests.journeys.customer import Customer
from tickets.models import Attachment, Entry, Ticket


def moved_too_early(customer: Customer) -> int:
    """Count the mails that were moved at Microsoft while their row does not say filed."""
    moved = set(customer.folders().get("Processed", []))  # looked at first: filing comes before moving
    filed = InboundMessage.objects.filter(mailbox=customer.mailbox, state="filed")
    return len(moved - set(filed.values_list("message_id", flat=True)))


def judge(customer: Customer, *, seed: int, mails: int) -> dict[str, Any]:
    """Compare; `wrong` lists what does not hold, in words."""
    mix = MailMix(seed)
    expected = {mix.message_id(index): index for index in range(mails)}
    wrong: list[str] = []
    for check in (_tickets, _ledger, _folders, _files, _exports):
        wrong += check(customer, mix, expected)
    rows = InboundMessage.objects.filter(mailbox=customer.mailbox)
    return {
        "mails": mails,
        "entries": Entry.objects.filter(inbound__mailbox=customer.mailbox).count(),
        "tickets": Ticket.objects.filter(tenant=customer.mailbox.tenant).count(),
        "conversations_sent": sum(mix.parent(index) is None for index in range(mails)),
        "filed_at_second_try": rows.filter(tries__gt=1).count(),
        "orphans_swept": sweep_storage(timezone.now() + timedelta(days=2)),
        "wrong": wrong + _leftovers(customer),
    }


def _tickets(customer: Customer, mix: MailMix, expected: dict[str, int]) -> list[str]:
    found = Counter(customer.entries())
    doubled = [one for one, count in found.items() if count > 1]
    return [
        *(f"{len(doubled)} mails are on tickets twice" for _ in doubled[:1]),
        *(f"{len(set(expected) - set(found))} mails are on no ticket" for _ in set(expected) - set(found)),
        *(f"{one} was never sent" for one in set(found) - set(expected)),
    ][:5]


def _ledger(customer: Customer, mix: MailMix, expected: dict[str, int]) -> list[str]:
    rows = InboundMessage.objects.filter(mailbox=customer.mailbox)
    wrong = [
        f"{count} rows of the ledger are {state}"
        for state, count in customer.states().items()
        if state != "filed"
    ]
    if rows.count() != len(expected):
        wrong.append(f"the ledger has {rows.count()} rows")
    for row in rows:
        raw = mix.mime(expected.get(row.message_id, 0))
        if (
            storage.full_path(row.raw_path).read_bytes() != raw
            or row.sha256 != hashlib.sha256(raw).hexdigest()
        ):
            wrong.append(f"the bytes of {row.message_id} are not what was sent")
    return wrong[:5]


def _exports(customer: Customer, mix: MailMix, expected: dict[str, int]) -> list[str]:
    """Ask what an operator would ask: `export tickets` and `export ledger`."""
    tickets = _export("tickets", tenant=customer.mailbox.tenant.name)
    shown = Counter(entry["message_id"] for ticket in tickets for entry in ticket["entries"])
    ledger = _export("ledger", customer.mailbox.address)
    rows = Counter((row["message_id"], row["state"], bool(row["ticket"])) for row in ledger)
    wrong = ["export tickets does not show every mail once"] * (shown != Counter(dict.fromkeys(expected, 1)))
    filed = Counter({(one, "filed", True): 1 for one in expected})
    return wrong + ["export ledger does not show every mail filed once"] * (rows != filed)


def _export(what: str, *addresses: str, **options: str) -> list[dict[str, Any]]:
    lines = io.StringIO()
    call_command("export", what, *addresses, stdout=lines, **options)
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def _folders(customer: Customer, mix: MailMix, expected: dict[str, int]) -> list[str]:
    found = customer.folders()
    moved = Counter(found.pop("Processed", []))
    wrong = [f"{len(mails)} mails lie in {name}" for name, mails in found.items()]
    return (
        [*wrong, "not every mail was moved once"] if moved != Counter(dict.fromkeys(expected, 1)) else wrong
    )


def _files(customer: Customer, mix: MailMix, expected: dict[str, int]) -> list[str]:
    sent: Counter[tuple[str, str]] = Counter()
    for one, index in expected.items():
        if mix.shape(index) == "files":
            sent.update((one, digest) for digest in _digests(mix.mime(index)))
    rows = Attachment.objects.filter(entry__inbound__mailbox=customer.mailbox)
    kept = Counter(rows.values_list("entry__message_id", "sha256"))
    stored = {row.path: row.sha256 for row in rows}
    broken = [path for path, digest in stored.items() if _digest_of(path) != digest]
    return ["attachments are not those that were sent"] * (kept != sent) + [
        f"{path} is broken" for path in broken
    ]


def _leftovers(customer: Customer) -> list[str]:
    """Name raw files without a row; call it after the sweep."""
    files = {
        str(path.relative_to(storage.full_path("")))
        for path in storage.stored_files("raw", customer.mailbox.tenant_id)
    }
    named = set(InboundMessage.objects.values_list("raw_path", flat=True))
    return [f"{len(files - named)} raw files have no row"] if files - named else []


def _digests(mime: bytes) -> list[str]:
    parsed = email.message_from_bytes(mime, policy=email.policy.compat32)
    parts = [part for part in parsed.walk() if part.get_filename()]
    return [hashlib.sha256(bytes(part.get_payload(decode=True))).hexdigest() for part in parts]  # type: ignore[arg-type]


def _digest_of(path: str) -> str:
    return hashlib.sha256(storage.full_path(path).read_bytes()).hexdigest()
