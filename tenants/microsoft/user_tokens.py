"""Tokens of a person who signs in: by browser, by device code or by password, and the renewal of each.

As for the application itself, every call has an MSAL application, a token cache and a memory of its own, thrown
away with the answer. MSAL no longer looks at who signed in; `tenants.microsoft.claims` does.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msal

from tenants.errors import BadAnswer, IntegrationError, Misconfigured, TokenRefused
from tenants.microsoft.claims import Account, read_account
from tenants.microsoft.clouds import Cloud
from tenants.microsoft.credentials import Credential
from tenants.microsoft.identity import BEARER, EXCHANGE, GRAPH, MAX_LIFE_S, whole_seconds
from tenants.microsoft.login import LoginWire, refusal
from tenants.redaction import remember

_GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
#: Added to every request by MSAL itself, which refuses to be told.
_ALWAYS: Final = frozenset({"openid", "profile", "offline_access"})
_MSAL_ERRORS: Final = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RuntimeError,
    msal.exceptions.MsalError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Through which application somebody signs in; a public client has no credential."""

    cloud: Cloud
    directory_id: str
    client_id: str
    credential: Credential | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """What a sign-in by browser is begun with and proved by; kept here, encrypted, until the browser is back."""

    redirect_uri: str
    scopes: tuple[str, ...]
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)

    def __post_init__(self) -> None:
        remember(self.nonce)
        remember(self.verifier)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCode:
    """What a person enters on Microsoft's page, and what we ask with meanwhile, every `interval_s` seconds."""

    user_code: str = field(repr=False)
    device_code: str = field(repr=False)
    verification_uri: str
    expires_at: datetime
    interval_s: int

    def __post_init__(self) -> None:
        remember(self.device_code)
        remember(self.user_code)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserToken:
    """A token that acts for a person at one resource, and the refresh token that brings the next one.

    `account` is who signed in, proved; None where a renewal did not say. `scopes` are granted, in short form.
    """

    value: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    scopes: tuple[str, ...]
    account: Account | None

    def __post_init__(self) -> None:
        remember(self.value)
        remember(self.refresh_token)


def scopes_of(cloud: Cloud, resource: str, names: Sequence[str]) -> tuple[str, ...]:
    """Write permissions out as Entra wants them: with the resource before them, one resource at a time."""
    known = {GRAPH: cloud.graph_resource, EXCHANGE: cloud.outlook_resource}
    return tuple(f"{known[resource]}/{name}" for name in names if name not in _ALWAYS)


def begin(client: Client, *, redirect_uri: str, scopes: Sequence[str], state: str) -> tuple[str, Handshake]:
    """Give the address at Microsoft to send the browser to, and what the answer is proved by.

    `state` is for the caller, who knows the browser by it when it comes back.

    The person chooses the account: a single sign-on would silently take whoever is signed in to the browser.
    Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
    """
    app, _wire = _open(client)
    flow = _tried(
        lambda: app.initiate_auth_code_flow(
            list(scopes),
            redirect_uri=redirect_uri,
            state=state,
            prompt="select_account",
            response_mode="query",
        )
    )
    handshake = Handshake(
        redirect_uri=redirect_uri,
        scopes=tuple(scopes),
        nonce=flow["nonce"],
        verifier=flow["code_verifier"],
    )
    return str(flow["auth_uri"]), handshake


def redeem(client: Client, *, handshake: Handshake, code: str) -> UserToken:
    """Turn the code the browser brought back into tokens. Raises TokenRefused, also when the proof is wrong."""
    remember(code)
    app, wire = _open(client)
    # Whose answer this is was found out before; MSAL wants to compare all the same.
    flow = {
        "state": "known",
        "nonce": handshake.nonce,
        "code_verifier": handshake.verifier,
        "redirect_uri": handshake.redirect_uri,
        "scope": [*handshake.scopes, *sorted(_ALWAYS)],
    }
    came = {"code": code, "state": "known"}
    answer = _tried(lambda: app.acquire_token_by_auth_code_flow(flow, came))
    return _read(answer, wire, client, nonce=handshake.nonce, is_new=True)


def refresh(client: Client, *, refresh_token: str, scopes: Sequence[str]) -> UserToken:
    """Renew: the answer's refresh token replaces the one that was sent, which Entra may stop accepting any time."""
    remember(refresh_token)
    app, wire = _open(client)
    answer = _tried(lambda: app.acquire_token_by_refresh_token(refresh_token, list(scopes)))
    return _read({"refresh_token": refresh_token, **answer}, wire, client)


def by_password(client: Client, *, username: str, password: str, scopes: Sequence[str]) -> UserToken:
    """Sign in with a password, which goes to Entra alone: wherever else the account may sign in.

    Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth-ropc
    """
    remember(password)
    app, wire = _open(client)
    answer = _tried(lambda: app.acquire_token_by_username_password(username, password, list(scopes)))
    return _read(answer, wire, client, is_new=True)


def ask_device_code(client: Client, *, scopes: Sequence[str]) -> DeviceCode:
    """Ask for a code that a person enters on any device; the application must allow public client flows.

    Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code
    """
    app, wire = _open(client)
    answer = _tried(lambda: app.initiate_device_flow(list(scopes)))
    if "error" in answer:
        raise refusal(answer, {}, skew=wire.skew)
    shown = {name: answer.get(name) for name in ("user_code", "device_code", "verification_uri")}
    if not all(isinstance(value, str) and value for value in shown.values()):
        raise BadAnswer.own("answer_malformed")
    if not str(shown["verification_uri"]).startswith("https://"):
        raise BadAnswer.own("answer_malformed")
    life_s, interval_s = whole_seconds(answer.get("expires_in")), whole_seconds(answer.get("interval"))
    return DeviceCode(
        user_code=str(shown["user_code"]),
        device_code=str(shown["device_code"]),
        verification_uri=str(shown["verification_uri"]),
        expires_at=datetime.now(UTC) + timedelta(seconds=min(life_s, 3600)),
        interval_s=min(max(interval_s, 1), 60),
    )


def look_device_code(client: Client, *, device_code: str, scopes: Sequence[str]) -> UserToken | int:
    """Ask once whether the code has been entered.

    Gives by how many seconds the next question has to be put off while it has not: 0, or more when Entra says so.
    """
    remember(device_code)
    app, wire = _open(client)
    flow = {"device_code": device_code, "scope": list(scopes), "interval": 1, "latest_attempt_at": 0}
    answer = _tried(lambda: app.acquire_token_by_device_flow(flow, exit_condition=lambda _flow: True))
    if answer.get("error") == "authorization_pending":
        return 0
    if answer.get("error") == "slow_down":
        return 5
    if answer.get("error") == "authorization_declined":
        raise TokenRefused.own("device_code_declined")
    return _read(answer, wire, client, is_new=True)


def _open(client: Client) -> tuple[Any, LoginWire]:
    if not _GUID.fullmatch(client.directory_id):
        raise Misconfigured.own("directory_malformed")
    wire = LoginWire(cloud=client.cloud, directory_id=client.directory_id)
    settled: dict[str, Any] = {
        "authority": f"{client.cloud.login_url}/{client.directory_id}",
        "instance_discovery": False,
        "http_client": wire,
        "http_cache": {},
    }
    if client.credential is None:
        return _tried(lambda: msal.PublicClientApplication(client.client_id, **settled)), wire
    secret = client.credential.for_msal()
    make = msal.ConfidentialClientApplication
    return _tried(lambda: make(client.client_id, client_credential=secret, **settled)), wire


def _tried(ask: Callable[[], Any]) -> Any:
    """Let MSAL ask; its own words may quote what was sent, and nothing of them is kept."""
    try:
        with warnings.catch_warnings():
            # MSAL advises against the password grant; so does the page it is switched on by.
            warnings.simplefilter("ignore")
            return ask()
    except IntegrationError:
        raise
    except _MSAL_ERRORS:
        pass
    raise BadAnswer.own("sign_in_unproved")


def _read(
    answer: Mapping[str, Any], wire: LoginWire, client: Client, *, nonce: str = "", is_new: bool = False
) -> UserToken:
    if "access_token" not in answer:
        raise refusal(answer, {}, skew=wire.skew)
    value, life_s = answer["access_token"], whole_seconds(answer.get("expires_in"))
    renewal = answer.get("refresh_token")
    if not isinstance(value, str) or not BEARER.fullmatch(value) or life_s <= 0:
        raise BadAnswer.own("answer_malformed")
    if not isinstance(renewal, str) or not renewal:
        raise TokenRefused.own("sign_in_not_lasting")
    account = None
    if is_new or answer.get("id_token"):
        account = read_account(
            str(answer.get("id_token") or ""),
            home=str(answer.get("client_info") or ""),
            client_id=client.client_id,
            directory_id=client.directory_id,
            issuer=wire.issuer,
            nonce=nonce,
            now=datetime.now(UTC) - wire.skew,
        )
    return UserToken(
        value=value,
        refresh_token=renewal,
        expires_at=datetime.now(UTC) + timedelta(seconds=min(life_s, MAX_LIFE_S)),
        scopes=tuple(sorted({name.rpartition("/")[2] for name in str(answer.get("scope") or "").split()})),
        account=account,
    )
