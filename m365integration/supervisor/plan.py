"""Which parts this deployment needs, and how each is started."""

import os
import signal
import socket
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from m365integration.safety import LOCAL_HOSTS
from m365integration.supervisor.broker import NoBroker, broker_part
from m365integration.supervisor.parts import Part
from m365integration.supervisor.supervise import Supervisor, command

# Celery spends seven lines a start on telling root not to be root; docs/operations.md says it once.
QUIET = ("-W", "ignore:You're running the worker with superuser privileges")
CELERY = (*QUIET, "-m", "celery", "--app", "m365integration", "--quiet")


class BadAddress(Exception):
    """The web cannot listen where it was told to."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the web listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def answers(self) -> bool:
        """Tell whether somebody listens there."""
        try:
            socket.create_connection((self.host, self.port), timeout=1).close()
        except OSError:
            return False
        return True


def read_address(text: str) -> Address:
    """Read HOST:PORT and make sure that we may and can listen there; raises BadAddress."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise BadAddress(f"{text!r} is not HOST:PORT, for example 127.0.0.1:8000.")
    address = Address(host.strip("[]"), int(port))
    if settings.DEPLOYMENT == "embedded" and address.host not in LOCAL_HOSTS:
        raise BadAddress(
            "An embedded deployment listens on loopback only; set DEPLOYMENT=production to serve others."
        )
    _refuse_taken(address)
    return address


def start_broker(supervisor: Supervisor) -> bool:
    """Start the embedded broker; False when there is none to be had, and work moves into the web process."""
    if settings.EMBEDDED_BROKER_SOCKET is None:
        return settings.DEPLOYMENT != "embedded" or not settings.CELERY_BROKER_URL.startswith("memory:")
    try:
        part = broker_part(socket=settings.EMBEDDED_BROKER_SOCKET, folder=Path(settings.VAR_DIR) / "broker")
    except NoBroker as error:
        supervisor.say("serve", f"No embedded broker: {error}.")
        return False
    if supervisor.start(part) or supervisor.is_stopping:
        return True
    supervisor.say("serve", f"The embedded broker did not start; see {settings.VAR_DIR}/broker/broker.log.")
    supervisor.drop(part.name)
    return False


def web_part(address: Address, *, does_all_work: bool) -> Part:
    """Describe the web; with `does_all_work` it runs worker and beat as threads of its one process."""
    env = {"CELERY_BROKER_URL": "memory://", "WEB_PROCESSES": "1"} if does_all_work else {}
    gunicorn = ("-m", "gunicorn", "--config", "python:m365integration.web", "--bind", str(address))
    return Part(
        name="web",
        command=command(*gunicorn, "m365integration.wsgi"),
        env=env,
        is_ready=address.answers,
    )


def worker_part(*, concurrency: int) -> Part:
    return Part(
        name="worker",
        command=command(
            *CELERY,
            "worker",
            "--pool=prefork",
            f"--concurrency={concurrency}",
            "--without-gossip",
            "--without-mingle",
            f"--loglevel={settings.LOG_LEVEL}",
        ),
        # Celery's word for: end now. SIGTERM would wait for a run of minutes; its rows are claimed for one only.
        orphan_signal=signal.SIGQUIT,
    )


def beat_part() -> Part:
    """Describe beat, a child of its own: inside a worker (-B) it outlives a killed worker."""
    pidless = ("--pidfile=", f"--loglevel={settings.LOG_LEVEL}")
    return Part(name="beat", command=command(*CELERY, "beat", *pidless))


def watch_part() -> Part:
    """Describe the one who sends alerts: a process of its own, for a dead worker or scheduler cannot report itself."""
    return Part(name="watch", command=command("-m", "django", "watch"))


def default_address() -> str:
    """Listen on the port of PUBLIC_URL when that is this machine, otherwise on 8000 for the proxy."""
    port = settings.PUBLIC_URL.rsplit(":", 1)[-1] if settings.PUBLIC_URL.startswith("http://") else ""
    return f"127.0.0.1:{port if port.isdigit() else 8000}"


def _refuse_taken(address: Address) -> None:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError as error:
            raise BadAddress(
                f"Cannot listen on {address}: {os.strerror(error.errno or 0)}. "
                "Choose another: --bind HOST:PORT, or BIND=HOST:PORT with make."
            ) from error
