"""A sandbox with people in it, and a browser that does what they do."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from tests.sandbox.client import APP, OTHER_TENANT, SECRET, TENANT, Client, Json, scenario

BACK = "https://desk.example/oauth/callback/"
ANNA, ROOT, ALIEN, GUEST, PRIVATE = (
    "anna@contoso.example",
    "root@contoso.example",
    "otto@fabrikam.example",
    "otto_fabrikam.example#EXT#@contoso.example",
    "someone@outlook.example",
)
VERIFIER = "v" * 43
OPENID = "openid profile offline_access"
READ = f"{OPENID} https://graph.microsoft.com/Mail.ReadWrite"


def peopled(**app: Any) -> Json:
    """Give the usual scenario with a member, an administrator, a guest, a stranger and a personal account."""
    document = scenario(kind="shared", full_access=[ANNA])
    contoso, fabrikam = document["tenants"]
    contoso["apps"][0] |= {"redirect_uris": [BACK], "listed_roles": ["Mail.ReadWrite", "Mail.Send"], **app}
    contoso["mailboxes"].append({"address": ANNA, "aliases": ["a.lind@contoso.example"]})
    contoso["people"] = [
        {"user_name": ANNA, "display_name": "Anna Lind", "password": "correct horse"},
        {"user_name": ROOT, "is_admin": True},
        {"user_name": PRIVATE, "kind": "personal"},
        {"user_name": GUEST, "mail": ALIEN.replace("otto", "gast"), "kind": "guest", "home": OTHER_TENANT},
    ]
    fabrikam |= {"domains": ["fabrikam.example"], "people": [{"user_name": ALIEN}]}
    return document


def challenge(verifier: str = VERIFIER) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def visit(client: Client, *, path: str = "oauth2/v2.0/authorize", **changes: str | None) -> requests.Response:
    """Open the sign-in page; a change of None leaves a parameter out."""
    asked: dict[str, str | None] = {
        "client_id": APP, "response_type": "code", "redirect_uri": BACK, "scope": READ, "state": "s t&1",
        "nonce": "n-1", "code_challenge": challenge(), "code_challenge_method": "S256",
    }  # fmt: skip
    query = urlencode({name: value for name, value in (asked | changes).items() if value is not None})
    url = f"{client.sandbox.url}/{TENANT}/{path}?{query}"
    return client.session.get(url, timeout=10, allow_redirects=False)


def sent_back(answer: requests.Response) -> dict[str, str]:
    assert answer.status_code == 302, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def redeem(client: Client, **form: str) -> requests.Response:
    return client.session.post(f"{client.sandbox.url}/{TENANT}/oauth2/v2.0/token", data=form, timeout=10)


def come_back(client: Client, **changes: str | None) -> Json:
    """Sign in as the browser's account and redeem the code; gives the tokens."""
    code = sent_back(visit(client, **changes))["code"]
    answer = with_code(client, code)
    assert answer.ok, answer.text
    tokens: Json = answer.json()
    return tokens


def with_code(client: Client, code: str, /, **form: str) -> requests.Response:
    fields = {
        "grant_type": "authorization_code", "client_id": APP, "client_secret": SECRET, "code": code,
        "redirect_uri": BACK, "code_verifier": VERIFIER,
    }  # fmt: skip
    return redeem(client, **(fields | form))


def refresh(client: Client, token: str, **form: str) -> requests.Response:
    fields = {
        "grant_type": "refresh_token",
        "client_id": APP,
        "client_secret": SECRET,
        "refresh_token": token,
    }
    return redeem(client, **(fields | {"scope": READ} | form))


def bearer(tokens: Json) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}
