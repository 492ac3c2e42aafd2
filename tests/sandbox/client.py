"""A plain client of the sandbox: requests for Graph and the control door, the token by hand."""

import base64
from pathlib import Path
from typing import Any

import requests

from sandbox.server import Sandbox

TENANT = "7a3e2c1d-5b46-4f0e-9c8d-1f2a3b4c5d6e"
OTHER_TENANT = "0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9"
APP = "3f9d1b7c-2a64-4c85-b1e0-6d5c4b3a2918"
SECRET = "a~secret.Value-1"
ADDRESS = "help@contoso.example"
ROLES = ["Mail.ReadWrite", "User.Read.All", "MailboxSettings.Read"]
# The last byte but two is no UTF-8: what comes out must be what went in.
LETTER = (
    b"From: Ada <ada@customers.example>\r\nTo: help@contoso.example\r\nSubject: Printer\r\n"
    b"Message-ID: <%b>\r\n\r\nHi\xe9\r\n"
)

Json = dict[str, Any]


def scenario(**mailbox: Any) -> Json:
    """Give one tenant with one app and one mailbox, which the keywords change, and an empty second tenant."""
    app = {"name": "Helpdesk", "client_id": APP, "secrets": [{"value": SECRET}], "roles": ROLES}
    box = {"address": ADDRESS, "folders": ["Processed"], **mailbox}
    tenant = {
        "name": "Contoso", "directory_id": TENANT, "domains": ["contoso.example"], "apps": [app], "mailboxes": [box],
    }  # fmt: skip
    return {"tenants": [tenant, {"name": "Fabrikam", "directory_id": OTHER_TENANT}]}


class Client:
    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        # Without this the environment's CA bundle would win over the sandbox's own.
        self.session.trust_env = False
        self.session.verify = str(sandbox.ca_path)
        self.user = f"{sandbox.url}/v1.0/users/{ADDRESS}"

    def sign_in(self, **form: str) -> requests.Response:
        fields = {
            "grant_type": "client_credentials", "client_id": APP, "client_secret": SECRET,
            "scope": "https://graph.microsoft.com/.default",
        }  # fmt: skip
        return self.session.post(
            f"{self.sandbox.url}/{TENANT}/oauth2/v2.0/token", data=fields | form, timeout=10
        )

    def signed_in(self) -> "Client":
        self.session.headers["Authorization"] = f"Bearer {self.sign_in().json()['access_token']}"
        self.session.headers["Prefer"] = 'IdType="ImmutableId"'
        return self

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session.get(self._url(path), timeout=10, **options)

    def post(self, path: str, body: Json | None = None, **options: Any) -> requests.Response:
        return self.session.post(self._url(path), json=body, timeout=10, **options)

    def patch(self, path: str, body: Json, **options: Any) -> requests.Response:
        return self.session.patch(self._url(path), json=body, timeout=10, **options)

    def delete(self, path: str) -> requests.Response:
        return self.session.delete(self._url(path), timeout=10)

    def control(self, path: str, body: Json | None = None, *, method: str = "POST") -> Json:
        answer = requests.request(method, f"{self.sandbox.control_url}/{path}", json=body, timeout=10)
        assert answer.ok, answer.text
        document: Json = answer.json()
        return document

    def fault(self, kind: str, **rule: Any) -> None:
        options = rule.pop("options", {})
        count = rule.pop("count", None)
        self.control("faults", {"match": rule, "count": count, "fault": {"kind": kind, **options}})

    def add(self, name: str, **fields: Any) -> Json:
        mime = base64.b64encode(LETTER % f"{name}@customers.example".encode()).decode()
        return self.control(f"mailboxes/{ADDRESS}/messages", {"mime": mime, **fields})

    def batch(self, *items: Json) -> Json:
        answer = self.post(f"{self.sandbox.url}/v1.0/$batch", {"requests": list(items)})
        return {item["id"]: item for item in answer.json()["responses"]}

    def _url(self, path: str) -> str:
        return path if path.startswith("https://") else f"{self.user}/{path}"


def shared() -> Path:
    """Give the folder of shared facts beside the repository; it need not exist."""
    return Path(__file__).resolve().parents[2].parent / "shared"
