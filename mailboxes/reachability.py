"""Flow: try from here each host and port that a customer's mailboxes need."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from tenants.diagnosis import Diagnosis, diagnose_own
from tenants.errors import IntegrationError
from tenants.microsoft.hosts import reach_graph, reach_login
from tenants.setup.guide import Facts

#: A person waits for each. Seconds.
PATIENCE_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    name: str
    place: str
    diagnosis: Diagnosis | None = None


def try_hosts(facts: Facts) -> list[Reached]:
    """Connect to each; Microsoft's web hosts have to answer as such, the mail hosts have to accept a connection."""
    where = facts.cloud
    found = [
        _web("Sign-in", where.login_url, lambda: reach_login(where)),
        _web("Microsoft Graph", where.graph_url, lambda: reach_graph(where)),
    ]
    if facts.reads_imap:
        found += [_line("IMAP", where.imap_url, 993), _line("POP", where.pop_url, 995)]
    if facts.sends_smtp:
        found.append(_line("SMTP", where.smtp_url, 587))
    return found


def _web(name: str, url: str, reach: Callable[[], object]) -> Reached:
    place = urlsplit(url).netloc
    try:
        reach()
    except IntegrationError as error:
        return Reached(name=name, place=place, diagnosis=error.diagnosis)
    return Reached(name=name, place=place)


def _line(name: str, url: str, port: int) -> Reached:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or port
    place = f"{host}:{port}"
    try:
        socket.create_connection((host, port), timeout=PATIENCE_S).close()
    except socket.gaierror:
        return Reached(name=name, place=place, diagnosis=diagnose_own("network_dns"))
    except OSError:
        return Reached(name=name, place=place, diagnosis=diagnose_own("mail_port_closed"))
    return Reached(name=name, place=place)
