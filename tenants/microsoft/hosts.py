"""Is Microsoft there at all: one request without a token to each host, and what its clock says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from tenants.errors import BadAnswer
from tenants.microsoft.answers import clock_skew, read_json
from tenants.microsoft.clouds import Cloud
from tenants.microsoft.http import open_answer
from tenants.microsoft.login import LoginWire

#: A person waits for this. Seconds.
DEADLINE_S: Final = 15.0
_MAX_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A host that answered as Microsoft does; `skew` is how far our clock is ahead of its."""

    host: str
    skew: timedelta


def reach_login(cloud: Cloud) -> Reached:
    """Ask the login host for what it tells everybody. Raises NetworkFailure or BadAnswer."""
    return _reach(cloud.login_url, "/common/v2.0/.well-known/openid-configuration")


def reach_graph(cloud: Cloud) -> Reached:
    """Ask Graph without a token: its refusal is an answer. Raises NetworkFailure or BadAnswer."""
    return _reach(cloud.graph_url, "/v1.0/me")


def find_directory(cloud: Cloud, directory_id: str) -> None:
    """Ask for the metadata of a directory. Raises TokenRefused when there is none of this id."""
    wire = LoginWire(cloud=cloud, directory_id=directory_id, fresh=True, deadline_s=DEADLINE_S)
    wire.get(f"{cloud.login_url}/{directory_id}/v2.0/.well-known/openid-configuration")


def _reach(origin: str, path: str) -> Reached:
    headers = {"User-Agent": "m365-helpdesk", "Accept": "application/json"}
    answer = open_answer("GET", origin + path, headers=headers, deadline_s=DEADLINE_S)
    try:
        if 300 <= answer.status < 400:
            raise BadAnswer.own("redirect_refused", detail=f"status {answer.status}")
        body = answer.read(max_bytes=_MAX_BYTES)
        read_json(body, content_type=answer.headers.get("Content-Type", ""))
        return Reached(host=origin.removeprefix("https://"), skew=clock_skew(answer.headers))
    finally:
        answer.close()
