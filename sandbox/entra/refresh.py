"""The refresh token grant: every use gives a new one; when and why an old one is dead.

Source: https://learn.microsoft.com/entra/identity-platform/refresh-tokens
"""

from sandbox.clock import graph_time
from sandbox.cloud import Cloud
from sandbox.directory import App, Tenant, digest
from sandbox.entra.accounts import admit, refused
from sandbox.entra.apps import find_app
from sandbox.entra.credentials import audiences, prove_or_public
from sandbox.entra.delegated import SignedIn, answer
from sandbox.entra.errors import EntraError, missing
from sandbox.sign_ins import IDLE_S, RefreshToken
from sandbox.wire import Json, Request


def redeem(cloud: Cloud, request: Request, tenant: Tenant, form: dict[str, str]) -> Json:
    app, now = find_app(cloud, tenant, form["client_id"]), cloud.clock.epoch()
    if not form.get("refresh_token"):
        raise missing("refresh_token")
    proof = prove_or_public(app, form, now=now, audiences=audiences(request, tenant))
    token = _good(cloud, app, form["refresh_token"], now=now)
    person = cloud.directory.person(token.directory_id, token.oid)
    if person is None:
        raise refused(500341)
    admit(person, mfa=token.mfa)
    who = SignedIn(app=app, person=person, proof=proof, mfa=token.mfa)
    scope = form.get("scope") or "https://graph.microsoft.com/.default"
    payload = answer(cloud, request, who, scope=scope, lasting=True)
    if app.refresh_once:
        token.is_used = True
        cloud.save_refresh_token(token)
    return payload


def _good(cloud: Cloud, app: App, value: str, *, now: float) -> RefreshToken:
    token = cloud.sign_ins.refresh_tokens.get(digest(value))
    if token is None:
        raise EntraError(9002313, "invalid_request", "Invalid request. Request is malformed or invalid.")
    if token.client_id != app.client_id or token.is_used:
        raise EntraError(
            70000,
            "invalid_grant",
            "Provided grant is invalid or malformed. The refresh token was issued to another client or was used"
            " before.",
            suberror="bad_token",
        )
    if token.refused:
        raise refused(token.refused)
    if token.issued_at + IDLE_S <= now:
        issued = graph_time(cloud.clock.at(token.issued_at))
        raise EntraError(
            700082,
            "invalid_grant",
            f"The refresh token has expired due to inactivity. The token was issued on {issued} and was inactive for"
            " 90.00:00:00.",
            suberror="token_expired",
        )
    return token


def revoke(cloud: Cloud, oid: str, *, code: int = 50173) -> int:
    """End every sign-in of a person, as "sign out everywhere" does; gives how many there were."""
    mine = [
        token for token in cloud.sign_ins.refresh_tokens.values() if token.oid == oid and not token.refused
    ]
    for token in mine:
        token.refused = code
        cloud.save_refresh_token(token)
    return len(mine)
