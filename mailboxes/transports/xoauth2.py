"""SASL XOAUTH2: a bearer token where other mechanisms have a password.

Source: https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
"""

from __future__ import annotations

import base64
import binascii
import json

from tenants.errors import AccessDenied, Misconfigured

_SEPARATOR = "\x01"


def initial_response(user: str, token: str) -> bytes:
    """Build what proves us, in base64: `user` is the mailbox to open, whoever the token belongs to."""
    if any(not mark.isprintable() for mark in user + token):
        raise Misconfigured.own("line_break_refused")
    text = f"user={user}{_SEPARATOR}auth=Bearer {token}{_SEPARATOR}{_SEPARATOR}"
    return base64.b64encode(text.encode())


def refusal(challenge: bytes) -> AccessDenied:
    """Read the continuation some servers explain a refusal with: base64 of {"status", "schemes", "scope"}."""
    try:
        said = json.loads(base64.b64decode(challenge, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        said = None
    status = said.get("status") if isinstance(said, dict) else None
    return AccessDenied.own("mail_login_refused", detail=f"status {status}" if status else "")
