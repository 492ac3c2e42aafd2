"""The authorization code grant: what is checked when an app comes with its code.

Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
"""

import base64
import hashlib
import hmac

from sandbox.cloud import Cloud
from sandbox.directory import App, Tenant
from sandbox.entra.accounts import admit, refused
from sandbox.entra.apps import find_app
from sandbox.entra.credentials import audiences, prove
from sandbox.entra.delegated import SignedIn, answer
from sandbox.entra.errors import EntraError, missing
from sandbox.entra.metadata import find_tenant
from sandbox.sign_ins import Code
from sandbox.wire import Json, Request


def redeem(cloud: Cloud, request: Request, tenant: Tenant, form: dict[str, str]) -> Json:
    app, now = find_app(cloud, tenant, form["client_id"]), cloud.clock.epoch()
    for needed in ("code", "redirect_uri"):
        if not form.get(needed):
            raise missing(needed)
    proof = prove(app, form, now=now, audiences=audiences(request, tenant))
    code = _found(cloud, app, form["code"], now=now)
    _check(code, form)
    person = cloud.directory.person(find_tenant(cloud, code.directory_id).directory_id, code.oid)
    if person is None:
        raise refused(500341)
    admit(person, mfa=code.mfa)
    who = SignedIn(app=app, person=person, proof=proof, mfa=code.mfa, nonce=code.nonce)
    payload = answer(cloud, request, who, scope=form.get("scope") or " ".join(code.scopes))
    code.is_used = True
    return payload


def _found(cloud: Cloud, app: App, value: str, *, now: float) -> Code:
    code = cloud.sign_ins.codes.get(value)
    if code is None:
        raise EntraError(9002313, "invalid_request", "Invalid request. Request is malformed or invalid.")
    if code.client_id != app.client_id:
        raise EntraError(
            70000, "invalid_grant", "The provided authorization code was issued to another application."
        )
    if code.directory_id != app.directory_id:
        raise EntraError(
            700005,
            "invalid_grant",
            "The provided authorization code is intended to use against other tenant.",
        )
    if code.is_used:
        raise EntraError(
            54005,
            "invalid_grant",
            "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing"
            " refresh token.",
        )
    if code.expires_at <= now:
        raise EntraError(
            70008,
            "invalid_grant",
            "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive"
            " authorization request for this user and resource.",
        )
    return code


def _check(code: Code, form: dict[str, str]) -> None:
    if form["redirect_uri"] != code.redirect_uri:
        raise EntraError(
            500112,
            "invalid_client",
            f"The reply address '{form['redirect_uri']}' does not match the reply address '{code.redirect_uri}'"
            " provided when requesting Authorization code.",
            status=401,
        )
    if not code.challenge:
        return
    verifier = form.get("code_verifier", "")
    if verifier and not 43 <= len(verifier) <= 128:
        raise EntraError(501491, "invalid_grant", "Invalid size of Code_Verifier parameter.")
    if not hmac.compare_digest(challenge_of(verifier, code.method), code.challenge):
        raise EntraError(
            501481,
            "invalid_grant",
            "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
        )


def challenge_of(verifier: str, method: str) -> str:
    if method == "plain":
        return verifier
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
