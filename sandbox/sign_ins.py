"""What is under way between people and apps: the browser's account, codes, device codes, refresh tokens."""

from dataclasses import dataclass, field
from typing import Any

CODE_LIFE_S = 600
DEVICE_LIFE_S = 900
#: A refresh token dies when it has not been used for so long.
IDLE_S = 90 * 24 * 3600


@dataclass(slots=True, kw_only=True)
class Browser:
    """Who sits at the browser that comes to the sign-in page, and what that person does there."""

    #: A user name; without one the page asks.
    account: str = ""
    #: accept, accept_for_all (an administrator, for the organisation), decline.
    consent: str = "accept"
    #: done, missing (the second factor cannot be given).
    mfa: str = "done"
    #: Roles appear in tokens so many seconds after an administrator consented.
    consent_delay_s: float = 0.0
    #: Claims put into id tokens over the true ones; null takes one out.
    id_token_claims: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Code:
    """An authorization code on its way back to the app."""

    client_id: str
    directory_id: str
    oid: str
    redirect_uri: str
    scopes: list[str]
    challenge: str
    method: str
    nonce: str
    mfa: bool
    expires_at: float
    is_used: bool = False


@dataclass(slots=True, kw_only=True)
class Device:
    """A device code; state is pending, done, declined or expired."""

    user_code: str
    client_id: str
    directory_id: str
    scopes: list[str]
    expires_at: float
    interval_s: float
    state: str = "pending"
    oid: str = ""
    mfa: bool = False
    polled_at: float = 0.0


@dataclass(slots=True, kw_only=True)
class RefreshToken:
    """A sign-in that lasts; only its SHA-256 is kept. Times are seconds since 1970."""

    sha256: str
    client_id: str
    directory_id: str
    oid: str
    mfa: bool
    issued_at: float
    #: The AADSTS number it is refused with, 0 while it is good.
    refused: int = 0
    is_used: bool = False


@dataclass(slots=True, kw_only=True)
class SignIns:
    browser: Browser = field(default_factory=Browser)
    codes: dict[str, Code] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    refresh_tokens: dict[str, RefreshToken] = field(default_factory=dict)
    #: How often a device may ask, in seconds.
    device_interval_s: float = 5.0
