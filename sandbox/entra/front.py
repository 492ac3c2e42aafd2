"""The doors of the login host. A further flow is a further line here and a module of its own."""

from collections.abc import Callable

from sandbox.cloud import Cloud
from sandbox.entra import authorize, devices, metadata, passwords, token
from sandbox.entra.errors import EntraError, refusal
from sandbox.traffic import Seen
from sandbox.wire import Answer, Request

Door = Callable[[Cloud, Request, str], Answer]
DOORS: dict[tuple[str, ...], tuple[str, Door]] = {
    ("v2.0", ".well-known", "openid-configuration"): ("entra.metadata", metadata.metadata),
    (".well-known", "openid-configuration"): ("entra.metadata", metadata.metadata),
    ("discovery", "v2.0", "keys"): ("entra.keys", metadata.keys),
    ("discovery", "keys"): ("entra.keys", metadata.keys),
    ("discovery", "instance"): ("entra.instance", metadata.instance),
    ("oauth2", "v2.0", "token"): ("entra.token", token.token),
    ("oauth2", "v2.0", "authorize"): ("entra.authorize", authorize.authorize),
    ("v2.0", "adminconsent"): ("entra.adminconsent", authorize.admin_consent),
    ("adminconsent",): ("entra.adminconsent", authorize.admin_consent_v1),
    ("oauth2", "v2.0", "devicecode"): ("entra.devicecode", devices.start),
    ("oauth2", "deviceauth"): ("entra.deviceauth", devices.enter),
}


class EntraFront:
    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def __call__(self, request: Request) -> Answer:
        name, *rest = request.segments or [""]
        kind, door = DOORS.get(tuple(rest), ("entra.unknown", None))
        if len(rest) == 2 and rest[0].lower() == "userrealm":
            kind, door = "entra.realm", passwords.realm
        if door is None:
            answer = Answer(404, content=b"", content_type="text/html; charset=utf-8")
        else:
            answer = self._enter(door, request, name)
        answer.headers.setdefault("Date", self.cloud.clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT"))
        self.cloud.traffic.count(Seen(request.method, request.target, answer.status, kind, ""), on_wire=True)
        return answer

    def _enter(self, door: Door, request: Request, name: str) -> Answer:
        try:
            return door(self.cloud, request, name)
        except EntraError as error:
            correlation_id = request.headers.get("client-request-id", "")
            return refusal(
                error, now=self.cloud.clock.now(), host=request.base_url, correlation_id=correlation_id
            )
