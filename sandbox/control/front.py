"""The doors of the control interface and how they refuse."""

import json
import re
from collections.abc import Callable

from sandbox.cloud import Cloud
from sandbox.control import apps, mail, people, weather
from sandbox.control.errors import ControlError
from sandbox.faults import BadFault
from sandbox.people import BadScenario
from sandbox.wire import Answer, Json, Request

Door = Callable[[Cloud, dict[str, str], Json], object]
# A colon marks a name; each door gets the names and the body and gives what is to be shown.
DOORS: dict[tuple[str, str], Door] = {
    ("GET", "health"): weather.health,
    ("GET", "counters"): weather.counters,
    ("POST", "counters/reset"): weather.reset_counters,
    ("GET", "requests"): weather.requests,
    ("GET", "faults"): weather.list_faults,
    ("POST", "faults"): weather.add_fault,
    ("DELETE", "faults"): weather.clear_faults,
    ("GET", "departures"): mail.departures,
    ("POST", "latency"): weather.set_latency,
    ("POST", "clock"): weather.set_clock,
    ("POST", "scenario"): weather.extend,
    ("GET", "mailboxes/:address"): mail.show,
    ("POST", "mailboxes/:address/messages"): mail.add,
    ("POST", "mailboxes/:address/messages/:id/move"): mail.move,
    ("GET", "mailboxes/:address/messages/:id/mime"): mail.original,
    ("DELETE", "mailboxes/:address/messages/:id"): mail.delete,
    ("POST", "mailboxes/:address/folders"): mail.add_folder,
    ("POST", "mailboxes/:address/folders/rename"): mail.rename_folder,
    ("POST", "mailboxes/:address/folders/delete"): mail.delete_folder,
    ("POST", "mailboxes/:address/expire"): mail.expire_tokens,
    ("POST", "mailboxes/:address/kind"): mail.set_kind,
    ("PATCH", "apps/:client"): apps.change,
    ("POST", "apps/:client/secrets"): apps.add_secret,
    ("POST", "apps/:client/secrets/expire"): apps.expire_secrets,
    ("POST", "apps/:client/secrets/revoke"): apps.revoke_secrets,
    ("POST", "apps/:client/certificates"): apps.add_certificate,
    ("POST", "apps/:client/consent"): apps.give_consent,
    ("POST", "apps/:client/consent/revoke"): apps.take_consent,
    ("POST", "mailboxes/:address/rights"): mail.set_rights,
    ("POST", "browser"): people.set_browser,
    ("PATCH", "people/:name"): people.change,
    ("DELETE", "people/:name"): people.delete,
    ("POST", "people/:name/revoke"): people.revoke,
    ("POST", "devices"): people.set_devices,
    ("POST", "devices/:code"): people.answer_device,
}
PATTERNS = [
    (method, re.compile(re.sub(r":(\w+)", r"(?P<\1>[^/]+)", path)), door)
    for (method, path), door in DOORS.items()
]


class ControlFront:
    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def __call__(self, request: Request) -> Answer:
        try:
            return _json(200, self._enter(request))
        except ControlError as error:
            return _json(error.status, {"error": str(error)})
        except (BadFault, BadScenario) as error:
            return _json(400, {"error": str(error)})
        except (KeyError, TypeError, ValueError) as error:
            return _json(400, {"error": f"A value is missing or of the wrong kind: {error}."})

    def _enter(self, request: Request) -> object:
        path = "/".join(request.segments)
        for method, pattern, door in PATTERNS:
            match = pattern.fullmatch(path)
            if match and method == request.method:
                return door(self.cloud, {**request.query, **match.groupdict()}, _body(request))
        raise ControlError(
            f"There is no {request.method} /{path}; README.md lists what there is.", status=404
        )


def _body(request: Request) -> Json:
    try:
        body = json.loads(request.body or b"{}")
    except ValueError as error:
        raise ControlError(f"The body is not JSON: {error}.") from error
    if not isinstance(body, dict):
        raise ControlError("The body must be a JSON object.")
    return body


def _json(status: int, payload: object) -> Answer:
    return Answer(status, payload=payload, content_type="application/json; charset=utf-8")
