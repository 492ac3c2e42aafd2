"""Read the mailboxes of a tenant."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models

from m365integration.provisioning.materials import keys_of, read_material
from m365integration.provisioning.node import Node, Seen, field_of
from m365integration.provisioning.plan import MailboxPlan
from mailboxes.models import Mailbox
from mailboxes.transports import objections
from tenants.diagnosis import diagnose_own

_KEYS: Final = ("address", "registration", "queue", "sign_in", "signed_in_user", "inbound", "outbound")
_SWITCHES: Final = {"push": "push", "sent_items": "reads_sent", "join_by_subject": "joins_by_subject"}
_INBOUND_KEYS: Final = ("transport", "folder", "since", "after", "move_to", "copy_to", *_SWITCHES)
#: What every wire can do; stands for columns that a document leaves as they are.
_HARMLESS: Final = {"folder": "inbox", "after": Mailbox.After.KEEP.value, "copy_to": ""}
_OUTBOUND_KEYS: Final = (
    "transport",
    "from",
    "aliases",
    "reply_to",
    "registration",
    "sign_in",
    "signed_in_user",
    "footer",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a mailbox may refer to: names and addresses stored or in the document, and the addresses that are stored."""

    registrations: Collection[str]
    queues: Collection[str]
    stored: Collection[str]
    addresses: Collection[str]


def read_mailbox(node: Node, around: Surroundings, seen: Seen) -> MailboxPlan | None:
    """Check a mailbox; None when nothing can be made of it."""
    passwords = keys_of("password")
    node.allow(*_KEYS, *passwords)
    address = node.column("address", _field("address"), is_required=True, is_lower=True, check=validate_email)
    node.columns.pop("address", None)
    is_new = address not in around.stored
    _refer(node, node, "registration", around.registrations, what="registration", is_required=is_new)
    _refer(node, node, "queue", around.queues, what="queue")
    node.column("sign_in", _field("sign_in"))
    node.column("signed_in_user", _field("signed_in_user"), is_lower=True, check=validate_email)
    password = read_material(node, "password")
    _inbound(node, node.child("inbound"), is_new=is_new)
    sending_password = _outbound(node, node.child("outbound"), around)
    if address is None or not seen.is_new(node, "address", ("mailbox", address)):
        return None
    return MailboxPlan(
        address=address, columns=node.columns, password=password, sending_password=sending_password
    )


def _refer(
    into: Node, node: Node, key: str, names: Collection[str], *, what: str, is_required: bool = False
) -> None:
    """Read a name into the column of the same name, `outbound_` before it inside `outbound`."""
    column = key if into is node else f"outbound_{key}"
    name = node.name_of(key, names, what=what, is_required=is_required)
    if name is not None or (key in node.values and _field(column).null):
        into.columns[column] = name


def _inbound(mailbox: Node, node: Node, *, is_new: bool) -> None:
    node.allow(*_INBOUND_KEYS)
    node.column("transport", _field("inbound_transport"))
    for key in ("folder", "after", "move_to", "copy_to"):
        node.column(key, _field(key))
    for key, column in _SWITCHES.items():
        node.flag(key, column)
    _since(node)
    _check_folders(node)
    _check_wire(node, is_new=is_new)
    mailbox.columns |= node.columns


def _since(node: Node) -> None:
    """Read "now", "all" or a date, which begins at midnight UTC."""
    value = node.text("since")
    if value in (Mailbox.Since.NOW, Mailbox.Since.ALL):
        node.columns["since"] = value
    elif value is not None and (day := node.day("since", or_words="now, all or ")):
        node.columns["since"] = Mailbox.Since.DATE.value
        node.columns["since_at"] = datetime.combine(day, time(), UTC)


def _check_folders(node: Node) -> None:
    folder = node.columns.get("folder", _field("folder").get_default())
    if node.columns.get("after") == Mailbox.After.MOVE and node.columns.get("move_to") == "":
        node.fault("move_to", "missing", "Name the folder that filed mail is moved to.")
    for key in ("move_to", "copy_to"):
        # Into the folder it came from it would be found again and again.
        if _same_folder(node.columns.get(key, ""), folder):
            node.fault(key, "same_folder", "This is the folder that mail is read from; name another one.")


def _check_wire(node: Node, *, is_new: bool) -> None:
    """Refuse what the wire cannot do; of a mailbox that is stored, only what the document says is known here."""
    names = ("folder", "after", "copy_to")
    usual = {name: _field(name).get_default() for name in names} if is_new else _HARMLESS
    chosen = {name: node.columns.get(name, usual[name]) for name in names}
    for name, sentence in objections(node.columns.get("inbound_transport", ""), **chosen):
        node.fault(name, "not_over_this_wire", sentence)


def _same_folder(one: str, other: str) -> bool:
    return bool(one) and one.strip(" /").casefold() == other.strip(" /").casefold()


def _outbound(mailbox: Node, node: Node, around: Surroundings) -> str | None:
    """Read how mail is sent; gives the password of an account of its own that sends."""
    node.allow(*_OUTBOUND_KEYS, *keys_of("password"))
    node.column("transport", _field("outbound_transport"))
    node.column("from", _field("outbound_from"), is_lower=True, check=validate_email)
    _aliases(node)
    _reply_to(node, around)
    node.column("footer", _field("outbound_footer"), is_prose=True)
    node.column("sign_in", _field("outbound_sign_in"))
    node.column("signed_in_user", _field("outbound_signed_in_user"), is_lower=True, check=validate_email)
    _refer(mailbox, node, "registration", around.registrations, what="registration")
    mailbox.columns |= node.columns
    return read_material(node, "password")


def _aliases(node: Node) -> None:
    """Read the list of further addresses."""
    values = node.values.get("aliases", [])
    if not isinstance(values, list):
        node.fault("aliases", "not_a_list", "Here must stand a list: […].")
        return
    found = [one.strip().lower() if isinstance(one, str) else "" for one in values]
    for place, address in enumerate(found):
        try:
            validate_email(address)
        except ValidationError:
            node.fault(
                f"aliases[{place}]", "invalid", "This is not a mail address such as help@contoso.example."
            )
    if "aliases" in node.values:
        node.columns["aliases"] = "\n".join(dict.fromkeys(found))


def _reply_to(node: Node, around: Surroundings) -> None:
    """Read the reply address, and warn when no mailbox reads what arrives there."""
    address = node.column("reply_to", _field("reply_to"), is_lower=True, check=validate_email)
    if address and address not in {*around.addresses, *node.columns.get("aliases", "").split()}:
        node.warn("reply_to", "answers_unread", diagnose_own("answers_unread").cause)


def _field(name: str) -> models.Field[Any, Any]:
    return field_of(Mailbox, name)
