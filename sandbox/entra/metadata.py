"""What a client reads before it signs in: the tenant's metadata, the signing keys, the known login hosts."""

import re

from sandbox.cloud import Cloud
from sandbox.directory import Tenant
from sandbox.entra.errors import EntraError
from sandbox.wire import Answer, Json, Request

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
DOMAIN = re.compile(r"(?=.{4,253}$)([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}")
SHARED = ("common", "organizations")
CACHED = {"Cache-Control": "max-age=86400, private", "Access-Control-Allow-Origin": "*"}


def find_tenant(cloud: Cloud, name: str) -> Tenant:
    """Find by directory id or verified domain. Raises EntraError with the reason Microsoft gives."""
    if not GUID.fullmatch(name) and not DOMAIN.fullmatch(name):
        raise EntraError(
            900023,
            "invalid_request",
            f"Specified tenant identifier '{name}' is neither a valid DNS name, nor a valid external domain.",
        )
    tenant = cloud.directory.tenant(name)
    if tenant is None:
        raise EntraError(
            90002,
            "invalid_request",
            f"Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are signing into the"
            " correct cloud. Check with your subscription administrator, this may happen if there are no active"
            " subscriptions for the tenant.",
        )
    return tenant


def metadata(cloud: Cloud, request: Request, name: str) -> Answer:
    tenant = name if name in SHARED else find_tenant(cloud, name).directory_id
    return _json(_document(request.base_url, tenant))


def keys(cloud: Cloud, request: Request, name: str) -> Answer:
    if name not in SHARED:
        find_tenant(cloud, name)
    issuer = f"{request.base_url}/{name if name not in SHARED else '{tenantid}'}/v2.0"
    return _json({"keys": [{**key, "issuer": issuer} for key in cloud.key.jwks()["keys"]]})


def instance(cloud: Cloud, request: Request, name: str) -> Answer:
    host = request.headers.get("host", "localhost")
    asked = request.query.get("authorization_endpoint", request.base_url + "/")
    if not asked.startswith(f"https://{host}/"):
        raise EntraError(50049, "invalid_instance", "Unknown or invalid instance.")
    return _json(
        {
            "tenant_discovery_endpoint": asked.split("/oauth2/")[0]
            + "/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
        }
    )


def _json(payload: Json) -> Answer:
    return Answer(headers=dict(CACHED), payload=payload, content_type="application/json; charset=utf-8")


def _document(base: str, tenant: str) -> Json:
    at = f"{base}/{tenant}"
    return {
        "token_endpoint": f"{at}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": [
            "client_secret_post",
            "private_key_jwt",
            "client_secret_basic",
        ],
        "jwks_uri": f"{at}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{base}/{tenant if tenant not in SHARED else '{tenantid}'}/v2.0",
        "request_uri_parameter_supported": False,
        "userinfo_endpoint": f"{base}/oidc/userinfo",
        "authorization_endpoint": f"{at}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{at}/oauth2/v2.0/devicecode",
        "http_logout_supported": True,
        "end_session_endpoint": f"{at}/oauth2/v2.0/logout",
        "claims_supported": [
            "sub",
            "iss",
            "aud",
            "exp",
            "iat",
            "nonce",
            "preferred_username",
            "name",
            "tid",
            "ver",
        ],
        "tenant_region_scope": None,
        "cloud_instance_name": "sandbox.example",
        "msgraph_host": base.removeprefix("https://"),
    }
