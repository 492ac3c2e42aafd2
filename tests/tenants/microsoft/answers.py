"""What Entra and Graph answer, real in shape and invented in content."""

import base64
import json
import time
from typing import Any

DIRECTORY = "7d1f3a52-0c1b-4c58-9f0e-3b6a1d2c4e5f"
OTHER_DIRECTORY = "0a9b8c7d-1111-4222-8333-444455556666"
CLIENT_ID = "b6f2c1d0-5e4a-4b3c-8d2e-1f0a9b8c7d6e"
LOGIN = "https://login.microsoftonline.com"
GRAPH = "https://graph.microsoft.com/v1.0"
METADATA_URL = f"{LOGIN}/{DIRECTORY}/v2.0/.well-known/openid-configuration"
TOKEN_URL = f"{LOGIN}/{DIRECTORY}/oauth2/v2.0/token"
TRACE_ID = "2f0c9a1e-63d7-4f1b-9a53-1b2c3d4e5f60"
CORRELATION_ID = "5a4b3c2d-1e0f-4a9b-8c7d-6e5f4a3b2c1d"
TIMESTAMP = "2026-11-21 10:11:12Z"


def metadata(directory: str = DIRECTORY, host: str = LOGIN) -> dict[str, Any]:
    return {
        "token_endpoint": f"{host}/{directory}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "jwks_uri": f"{host}/{directory}/discovery/v2.0/keys",
        "authorization_endpoint": f"{host}/{directory}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{host}/{directory}/oauth2/v2.0/devicecode",
        "issuer": f"{host}/{directory}/v2.0",
    }


def access_token(**claims: Any) -> str:
    def part(content: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    return f"{part({'alg': 'RS256', 'typ': 'JWT'})}.{part({'tid': DIRECTORY, **claims})}.c2lnbmF0dXJl"


def token(value: str = "") -> dict[str, Any]:
    value = value or access_token(roles=["Mail.ReadWrite", "Mail.Send"])
    return {"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": value}


def refused(
    number: int, *, error: str = "invalid_client", text: str = "Something is wrong."
) -> dict[str, Any]:
    trail = f"Trace ID: {TRACE_ID} Correlation ID: {CORRELATION_ID} Timestamp: {TIMESTAMP}"
    return {
        "error": error,
        "error_description": f"AADSTS{number}: {text} {trail}",
        "error_codes": [number],
        "timestamp": TIMESTAMP,
        "trace_id": TRACE_ID,
        "correlation_id": CORRELATION_ID,
        "error_uri": f"https://login.microsoftonline.com/error?code={number}",
    }


def graph_error(code: str, message: str = "Something is wrong.", **inner: Any) -> dict[str, Any]:
    particulars = {"date": "2026-11-21T10:11:12", "request-id": TRACE_ID, "client-request-id": CORRELATION_ID}
    return {"error": {"code": code, "message": message, "innerError": {**particulars, **inner}}}


OID = "1c2d3e4f-5a6b-4c7d-8e9f-0a1b2c3d4e5f"
PERSON = "help@contoso.example"


def encoded(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def id_token(**claims: Any) -> str:
    now = int(time.time())
    usual = {
        "aud": CLIENT_ID,
        "iss": f"{LOGIN}/{DIRECTORY}/v2.0",
        "tid": DIRECTORY,
        "oid": OID,
        "preferred_username": PERSON,
        "iat": now,
        "nbf": now,
        "exp": now + 3600,
    }
    return access_token(**{**usual, **claims})


def user_token(n: int = 1, *, home: str = DIRECTORY, scope: str = "", **claims: Any) -> dict[str, Any]:
    """What a person's sign-in brings: the n-th access token with the refresh token that brings the next."""
    return {
        **token(access_token(scp="Mail.ReadWrite", n=n)),
        "scope": scope or "Mail.ReadWrite User.Read openid profile",
        "refresh_token": f"0.canary-refresh-{n}",
        "id_token": id_token(**claims),
        "client_info": encoded({"uid": OID, "utid": home}),
    }
