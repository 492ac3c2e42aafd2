"""Everything support asks for about a mailbox in one file: settings, findings and calls, and no secret or mail text."""

from __future__ import annotations

import io
import json
import platform
import zipfile
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import django
from django.conf import settings
from django.db import connection

from mailboxes import figures
from mailboxes.doctor import Examination
from mailboxes.models import Folder, InboundMessage, Mailbox, OutboundMessage
from tenants.console import iso
from tenants.microsoft.recorder import Call
from tenants.models import AppRegistration, Consent, ScopeProof
from tenants.redaction import redact
from tenants.whom import for_its_tenant

#: How many of the latest failures of single mails are named, by number and code.
FAILURES: Final = 30
_CALLS: Final = "calls.txt"
_COLUMNS: Final = (
    "address", "sign_in", "signed_in_user", "is_active", "inbound_transport", "folder", "since", "since_at", "after",
    "move_to", "copy_to", "push", "outbound_transport", "outbound_from", "created_at", "next_sync_at",
    "retry_after_until", "last_attempt_at", "last_success_at", "last_mail_at", "trouble", "trouble_since_at",
    "failures", "paused", "is_settled", "held_mails", "count_confirmed_at", "quiet_since_at",
)  # fmt: skip
_README: Final = """Support bundle of one mailbox, made by its helpdesk.

examination.json   every step of “Test configuration”, with cause, who acts and fix
note.txt           the same for the customer's administrator, when something is up to them
calls.txt          each request made for it, as a curl line; put in what stands after a $ yourself
mailbox.json       settings and state of the mailbox, and the codes of mails that failed
registration.json  ids, days of the credentials, permissions seen in the last token
installation.json  versions and addresses of this installation

No secret, token, password or text of a mail is in here. Addresses, ids and names of folders are.
"""


@for_its_tenant
def bundle(
    mailbox: Mailbox, *, examination: Examination, calls: Sequence[Call], note: str, made_at: datetime
) -> bytes:
    """Write the zip file."""
    parts = {
        "README.txt": _README,
        "examination.json": _json(examination.as_json()),
        "note.txt": note or "Nothing is up to the customer's administrator.\n",
        _CALLS: "\n".join(call.as_text() for call in calls),
        "mailbox.json": _json(_mailbox(mailbox)),
        "registration.json": _json(_registration(mailbox.registration)),
        "installation.json": _json(_installation(made_at)),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            # Once more over the whole: whatever a later change lets slip in, no live secret is printed.
            # The calls have their own way of leaving secrets out, and placeholders that look like some.
            archive.writestr(name, text if name == _CALLS else redact(text))
    return file.getvalue()


def _mailbox(mailbox: Mailbox) -> dict[str, Any]:
    mails = InboundMessage.objects.filter(mailbox=mailbox)
    folder = Folder.objects.filter(mailbox=mailbox, purpose=Folder.Purpose.INBOX).first()
    failed = mails.filter(state=InboundMessage.State.QUARANTINED).order_by("-pk")[:FAILURES]
    sent = OutboundMessage.objects.filter(mailbox=mailbox, state="failed").order_by("-pk")[:FAILURES]
    return {
        **{name: _plain(getattr(mailbox, name)) for name in _COLUMNS},
        "queue": mailbox.queue.name if mailbox.queue else None,
        "ledger": figures.by_state(mails),
        "folder": _folder(folder) if folder else None,
        "quarantined": [
            {"id": mail.pk, "reason": mail.reason, "error": mail.error_as_json()} for mail in failed
        ],
        "not_sent": [{"id": mail.pk, "code": (mail.error or {}).get("code")} for mail in sent],
    }


def _folder(folder: Folder) -> dict[str, Any]:
    return {
        "path": folder.path,
        "is_found": bool(folder.remote_id),
        "is_walking": folder.is_walking,
        "has_cursor": bool(folder.cursor),
        "other_installation": folder.other_installation,
        "marker_seen_at": _plain(folder.marker_seen_at),
    }


def _registration(registration: AppRegistration) -> dict[str, Any]:
    consent = Consent.objects.filter(registration=registration).first()
    proof = ScopeProof.objects.filter(registration=registration).first()
    return {
        "name": registration.name,
        "client_id": registration.client_id,
        "directory_id": registration.tenant.directory_id,
        "cloud": registration.tenant.cloud,
        "credentials": [
            {"kind": one.kind, "set_at": _plain(one.created_at), "expires_on": _plain(one.expires_on)}
            for one in registration.credentials.all()
        ],
        "permissions_seen": consent.roles.split() if consent else None,
        "permissions_seen_at": _plain(consent.proved_at) if consent else None,
        "limit": {"result": proof.result, "tried_at": _plain(proof.proved_at)} if proof else None,
    }


def _installation(made_at: datetime) -> dict[str, Any]:
    return {
        "made_at": _plain(made_at),
        "deployment": settings.DEPLOYMENT,
        "public_url": settings.PUBLIC_URL,
        "time_zone": settings.TIME_ZONE,
        "python": platform.python_version(),
        "django": django.get_version(),
        "system": platform.platform(),
        "database": connection.vendor,
        "cloud_custom": {"login": settings.M365_LOGIN_URL, "graph": settings.M365_GRAPH_URL},
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n"
