"""What the page of a mailbox shows of the person who signs in to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from mailboxes.accounts import expected, proved_for
from mailboxes.features import needed_to_open
from mailboxes.models import DeviceCodePending, Mailbox, MailboxSignIn
from mailboxes.person_checks import rights
from mailboxes.sides import Opened, SendingSide, people_of, side_called
from tenants.admin.wording import explain
from tenants.round_trip import may_return, return_address
from tenants.setup.permissions import Kind
from tenants.whom import for_its_tenant

#: Microsoft ends a sign-in that has not been used for so long.
LASTS: Final = timedelta(days=90)
#: The columns a page may read; neither token nor password is among them.
_SHOWN: Final = (
    "account",
    "proved_for",
    "signed_in_at",
    "used_at",
    "refused",
    "refused_at",
    "outcome",
    "outcome_at",
)


@for_its_tenant
def sign_in_cards(mailbox: Mailbox, request: HttpRequest) -> dict[str, Any]:
    """Give a card for each side of a mailbox that a person signs in for."""
    return {"sign_ins": [_card(side, request) for side in people_of(mailbox)]}


def _card(mailbox: Opened, request: HttpRequest) -> dict[str, Any]:
    """Give what the card says: who is signed in since when, how the last try ended, what was allowed, what to copy."""
    mine = {"mailbox_id": mailbox.pk, "direction": mailbox.direction}
    row = MailboxSignIn.objects.only(*_SHOWN).filter(**mine).first()
    is_signed_in = row is not None and bool(row.signed_in_at) and row.proved_for == proved_for(mailbox)
    # What a sign-in showed when it began is over with it.
    outcome = row.outcome if row and not (is_signed_in and _has_ended_since(row)) else None
    return {
        "side": mailbox.direction,
        "registration": mailbox.registration,
        "is_sending": isinstance(mailbox, SendingSide),
        "way": mailbox.get_sign_in_display(),
        "expected": expected(mailbox),
        "is_shared": expected(mailbox) != mailbox.address.lower(),
        "account": row.account if row and is_signed_in else "",
        "signed_in_at": row.signed_in_at if row and is_signed_in else None,
        "used_at": row.used_at if row and is_signed_in else None,
        "ends_at": row.used_at + LASTS if row and is_signed_in and row.used_at else None,
        "refused": explain(row.refused) if row and is_signed_in else None,
        "refused_at": row.refused_at if row else None,
        "outcome": outcome,
        "outcome_at": row.outcome_at if row else None,
        "outcome_trouble": explain(outcome.get("trouble")) if outcome else None,
        "rights": rights(mailbox, row) if row and is_signed_in else None,
        "wanted": _wanted(mailbox),
        "is_waiting": DeviceCodePending.objects.filter(**mine).exists(),
        **_addresses(mailbox, request),
    }


def _has_ended_since(row: MailboxSignIn) -> bool:
    return bool(row.refused and row.outcome_at and row.refused_at and row.outcome_at < row.refused_at)


def _addresses(mailbox: Opened, request: HttpRequest) -> dict[str, Any]:
    """Show the redirect address to register, and the browser's own where it is another than the configured one."""
    if mailbox.sign_in != Mailbox.SignIn.AUTHORIZATION_CODE:
        return {"redirect": "", "is_safe": True, "seen_at": ""}
    here = f"{request.scheme}://{request.get_host()}"
    return {
        "redirect": return_address(),
        "is_safe": may_return(),
        "seen_at": here if here != settings.PUBLIC_URL else "",
        "public_url": settings.PUBLIC_URL,
    }


def _wanted(mailbox: Opened) -> list[dict[str, Any]]:
    wanted = [one for one in needed_to_open(mailbox) if one.kind is Kind.DELEGATED]
    return [{"name": one.name, "tab": one.tab, "is_optional": one.is_optional} for one in wanted]


def code_page(row: DeviceCodePending) -> dict[str, Any]:
    """Give what the page of a device code shows: code, address, and how long it is still good."""
    left_s = max(0, round((row.expires_at - timezone.now()).total_seconds()))
    return {
        "user_code": row.user_code,
        "verification_uri": row.verification_uri,
        "left": f"{left_s // 60}:{left_s % 60:02d}",
        "expected": expected(side_called(row.mailbox, row.direction)),
    }
