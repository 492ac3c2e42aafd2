"""Who signed in, read from an ID token that came straight from Entra's token endpoint.

The token is taken over TLS from the login host itself, so its signature need not be checked again; everything it
says is. Source: OpenID Connect Core 3.1.3.7 and https://learn.microsoft.com/entra/identity-platform/claims-validation
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from tenants.errors import TokenRefused

#: The directory all personal Microsoft accounts live in.
PERSONAL_DIRECTORY: Final = "9188040d-6c67-4c5b-b112-36a304b66dad"
#: How guests are named in the directory they visit.
GUEST_MARK: Final = "#EXT#"
_SKEW: Final = timedelta(minutes=5)
_MAX_NAME_CHARS: Final = 320


class WrongAccount(TokenRefused):
    """Somebody signed in who may not stand for this mailbox; `signed_in` names the account, for the page alone."""

    signed_in: str = ""

    @classmethod
    def named(cls, code: str, signed_in: str) -> WrongAccount:
        error = cls.own(code)
        error.signed_in = signed_in
        return error


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person in one directory. `oid` is for comparing and never changes; `name` is for showing and may."""

    directory_id: str
    oid: str
    name: str = field(repr=False)


def read_account(
    id_token: str,
    *,
    home: str,
    client_id: str,
    directory_id: str,
    issuer: str,
    nonce: str,
    now: datetime,
) -> Account:
    """Read and check an ID token; `home` is the part that came beside it and says where the account is at home.

    Raises WrongAccount for a personal account, a guest and an account of another directory, and TokenRefused
    (sign_in_unproved) for a token that is not the answer to this sign-in.
    """
    claims = _read_part(id_token.split(".")[1] if id_token.count(".") == 2 else "")
    name = _printable(claims.get("preferred_username") or claims.get("upn") or claims.get("email") or "")
    if not (_is_ours(claims, client_id) and _is_fresh(claims, now) and _answers(claims, nonce)):
        raise TokenRefused.own("sign_in_unproved")
    directory, at_home = _lower(claims, "tid"), _lower(_read_part(home), "utid")
    if PERSONAL_DIRECTORY in (directory, at_home):
        raise WrongAccount.named("account_personal", name)
    if directory != directory_id.lower():
        raise WrongAccount.named("account_other_directory", name)
    if (at_home and at_home != directory) or GUEST_MARK.lower() in name.lower():
        raise WrongAccount.named("account_guest", name)
    if str(claims.get("iss", "")) != issuer or not _lower(claims, "oid"):
        raise TokenRefused.own("sign_in_unproved")
    return Account(directory_id=directory, oid=_lower(claims, "oid"), name=name)


def _is_ours(claims: dict[str, Any], client_id: str) -> bool:
    return _lower(claims, "aud") == client_id.lower()


def _is_fresh(claims: dict[str, Any], now: datetime) -> bool:
    until, since = claims.get("exp"), claims.get("nbf", 0)
    if not isinstance(until, int) or not isinstance(since, int):
        return False
    moment, skew_s = now.timestamp(), _SKEW.total_seconds()
    return since - skew_s <= moment < until + skew_s


def _answers(claims: dict[str, Any], nonce: str) -> bool:
    """MSAL sends the nonce's hash; where none was sent there is nothing to compare."""
    if not nonce:
        return True
    expected = hashlib.sha256(nonce.encode("ascii")).hexdigest()
    return hmac.compare_digest(str(claims.get("nonce", "")).encode(), expected.encode())


def _lower(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    return value.lower() if isinstance(value, str) else ""


def _printable(name: object) -> str:
    return "".join(letter for letter in str(name)[:_MAX_NAME_CHARS] if letter.isprintable())


def _read_part(part: str) -> dict[str, Any]:
    try:
        content = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
