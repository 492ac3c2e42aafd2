"""The token endpoint: one function per grant, found by its name."""

import secrets
from collections.abc import Callable
from uuid import uuid4

import jwt

from sandbox.cloud import Cloud
from sandbox.directory import App, Tenant
from sandbox.entra import codes, devices, passwords, refresh
from sandbox.entra.apps import find_app
from sandbox.entra.credentials import audiences, prove
from sandbox.entra.errors import EntraError
from sandbox.entra.metadata import SHARED, find_tenant
from sandbox.entra.scopes import RESOURCES
from sandbox.wire import Answer, Json, Request

NO_STORE = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"}


def token(cloud: Cloud, request: Request, name: str) -> Answer:
    if request.method != "POST":
        raise EntraError(
            900561, "invalid_request", "The endpoint only accepts POST requests. Received a GET request."
        )
    form = request.form()
    for needed in ("grant_type", "client_id"):
        if not form.get(needed):
            raise EntraError(
                900144,
                "invalid_request",
                f"The request body must contain the following parameter: '{needed}'.",
            )
    grant = GRANTS.get(form["grant_type"])
    if grant is None:
        raise EntraError(
            70003,
            "unsupported_grant_type",
            f"The app requested an unsupported grant type '{form['grant_type']}'.",
        )
    if name in (*SHARED, "consumers"):
        raise EntraError(
            9001023,
            "invalid_request",
            "The grant type is not supported over the /common or /consumers endpoints.",
        )
    tenant = find_tenant(cloud, name)
    payload = grant(cloud, request, tenant, form)
    return Answer(headers=dict(NO_STORE), payload=payload, content_type="application/json; charset=utf-8")


def client_credentials(cloud: Cloud, request: Request, tenant: Tenant, form: dict[str, str]) -> Json:
    """Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow"""
    app = find_app(cloud, tenant, form["client_id"])
    audience = resource_of(form)
    kind = prove(app, form, now=cloud.clock.epoch(), audiences=audiences(request, tenant))
    return {
        "token_type": "Bearer",
        "expires_in": app.token_life_s,
        "ext_expires_in": app.token_life_s,
        "access_token": app_token(cloud, app, audience=audience, proof=kind),
    }


Grant = Callable[[Cloud, Request, Tenant, dict[str, str]], Json]
GRANTS: dict[str, Grant] = {
    "client_credentials": client_credentials,
    "authorization_code": codes.redeem,
    "refresh_token": refresh.redeem,
    "password": passwords.redeem,
    devices.GRANT: devices.redeem,
}


def resource_of(form: dict[str, str]) -> str:
    """Give the audience a scope of the form "<resource>/.default" stands for. Raises EntraError."""
    scopes = form.get("scope", "").split()
    if not scopes:
        raise EntraError(
            900144, "invalid_request", "The request body must contain the following parameter: 'scope'."
        )
    if len(scopes) > 1:
        raise EntraError(
            70011,
            "invalid_scope",
            f"The provided request must include a 'scope' input parameter. The provided value '{' '.join(scopes)}' for"
            " the input parameter 'scope' is not valid.",
        )
    resource, slash, suffix = scopes[0].rpartition("/")
    if not slash or suffix != ".default":
        raise EntraError(
            1002012,
            "invalid_scope",
            f"The provided value for scope {scopes[0]} is not valid. Client credential flows must have a scope value"
            " with /.default suffixed to the resource identifier (application ID URI).",
        )
    audience = RESOURCES.get(resource.rstrip("/"))
    if audience is None:
        raise EntraError(
            500011,
            "invalid_resource",
            f"The resource principal named {resource} was not found in the tenant.",
        )
    return audience


def app_token(cloud: Cloud, app: App, *, audience: str, proof: str) -> str:
    """Sign an app-only access token; roles are left out when none were granted, as Entra does."""
    now = int(cloud.clock.epoch())
    claims: Json = {
        "aud": audience, "iss": f"https://sts.windows.net/{app.directory_id}/", "iat": now, "nbf": now,
        "exp": now + app.token_life_s, "app_displayname": app.name, "appid": app.client_id, "appidacr": proof,
        "idtyp": "app", "oid": app.object_id, "sub": app.object_id, "tid": app.directory_id, "ver": "1.0",
        "uti": secrets.token_urlsafe(16), "jti": str(uuid4()),
    }  # fmt: skip
    if roles := app.roles_at(now):
        claims["roles"] = list(roles)
    return jwt.encode(claims, cloud.key.private, algorithm="RS256", headers={"kid": cloud.key.kid})
