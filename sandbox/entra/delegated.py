"""Tokens for a person who signed in: the id token, the access token with its scp, the refresh token.

Source: https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
"""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass

import jwt

from sandbox.cloud import Cloud
from sandbox.directory import CONSUMERS, App, Person, digest
from sandbox.entra.errors import EntraError
from sandbox.entra.scopes import GRAPH_AUDIENCE, audience_of, named, short, split_scopes
from sandbox.sign_ins import RefreshToken
from sandbox.wire import Json, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A person at an app; proof is how the app proved itself, mfa whether a second factor was given."""

    app: App
    person: Person
    proof: str
    mfa: bool
    nonce: str = ""


def answer(cloud: Cloud, request: Request, who: SignedIn, *, scope: str, lasting: bool = False) -> Json:
    """Make the answer of the token endpoint; lasting gives a refresh token unasked. Raises EntraError."""
    wanted = split_scopes(scope)
    openid = wanted.pop("", [])
    audience = _one_resource(list(wanted))
    granted = _granted(who, audience, wanted.get(audience, []))
    life_s = who.app.token_life_s
    payload: Json = {
        "token_type": "Bearer",
        "scope": " ".join([*granted, *(name for name in openid if name != "offline_access")]),
        "expires_in": life_s,
        "ext_expires_in": life_s,
        "access_token": _access_token(cloud, who, audience=audience, scp=[*map(short, granted), *openid]),
    }
    if "offline_access" in openid or lasting:
        payload["refresh_token"] = refresh_token(cloud, who)
    if "openid" in openid:
        payload["id_token"] = id_token(cloud, request, who)
    payload["client_info"] = who_and_where(who.person)
    return payload


def not_consented(app: App, oid: str, scopes: list[str]) -> list[str]:
    """Name what nobody has granted yet."""
    granted = app.scopes_of(oid)
    return [scope for scope in named(scopes, app.listed_scopes) if scope not in granted]


def _one_resource(audiences: list[str]) -> str:
    if len(audiences) > 1:
        raise EntraError(
            700022,
            "invalid_scope",
            "The provided value for the input parameter scope is not valid because it contains more than one resource.",
        )
    return audiences[0] if audiences else GRAPH_AUDIENCE


def _granted(who: SignedIn, audience: str, wanted: list[str]) -> list[str]:
    """Give all that was granted for the resource, as Entra does, and not only what this request names."""
    if not_consented(who.app, who.person.oid, wanted):
        raise EntraError(
            65001,
            "invalid_grant",
            f"The user or administrator has not consented to use the application with ID '{who.app.client_id}' named"
            f" '{who.app.name}'. Send an interactive authorization request for this user and resource.",
            suberror="consent_required",
        )
    return [scope for scope in who.app.scopes_of(who.person.oid) if audience_of(scope) == audience]


def _access_token(cloud: Cloud, who: SignedIn, *, audience: str, scp: list[str]) -> str:
    app, person, now = who.app, who.person, int(cloud.clock.epoch())
    claims: Json = {
        "aud": audience, "iss": f"https://sts.windows.net/{app.directory_id}/", "iat": now, "nbf": now,
        "exp": now + app.token_life_s, "acct": 1 if person.kind == "guest" else 0, "app_displayname": app.name,
        "appid": app.client_id, "appidacr": who.proof, "idtyp": "user", "name": person.display_name, "oid": person.oid,
        "scp": " ".join(name for name in scp if name != "offline_access"), "sub": pairwise(person, GRAPH_AUDIENCE),
        "tid": app.directory_id, "unique_name": person.user_name, "upn": person.user_name, "ver": "1.0",
        "amr": ["pwd", "mfa"] if who.mfa else ["pwd"], "uti": secrets.token_urlsafe(16),
    }  # fmt: skip
    return _signed(cloud, claims)


def id_token(cloud: Cloud, request: Request, who: SignedIn) -> str:
    app, person, now = who.app, who.person, int(cloud.clock.epoch())
    claims: Json = {
        "aud": app.client_id, "iss": f"{request.base_url}/{app.directory_id}/v2.0", "iat": now, "nbf": now,
        "exp": now + 3600, "name": person.display_name, "oid": person.oid, "rh": secrets.token_urlsafe(12),
        "preferred_username": person.mail or person.user_name, "sub": pairwise(person, app.client_id),
        "tid": app.directory_id, "upn": person.user_name, "uti": secrets.token_urlsafe(16), "ver": "2.0",
    }  # fmt: skip
    if who.nonce:
        claims["nonce"] = who.nonce
    if person.kind == "guest":
        claims["idp"] = "live.com" if person.home == CONSUMERS else f"https://sts.windows.net/{person.home}/"
    claims |= cloud.sign_ins.browser.id_token_claims
    return _signed(cloud, {name: value for name, value in claims.items() if value is not None})


def refresh_token(cloud: Cloud, who: SignedIn) -> str:
    value = f"1.{secrets.token_urlsafe(96)}"
    token = RefreshToken(
        sha256=digest(value), client_id=who.app.client_id, directory_id=who.app.directory_id, oid=who.person.oid,
        mfa=who.mfa, issued_at=cloud.clock.epoch(),
    )  # fmt: skip
    cloud.save_refresh_token(token)
    return value


def who_and_where(person: Person) -> str:
    document = json.dumps({"uid": person.oid, "utid": person.directory_id})
    return base64.urlsafe_b64encode(document.encode()).decode().rstrip("=")


def pairwise(person: Person, client: str) -> str:
    """Give the subject, which differs from app to app."""
    seed = f"{person.directory_id}/{person.oid}/{client}".encode()
    return base64.urlsafe_b64encode(hashlib.sha256(seed).digest()).decode().rstrip("=")


def _signed(cloud: Cloud, claims: Json) -> str:
    return jwt.encode(claims, cloud.key.private, algorithm="RS256", headers={"kid": cloud.key.kid})
