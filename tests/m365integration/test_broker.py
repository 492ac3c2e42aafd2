"""The embedded broker: closed to others, and nothing in it is lost when it is taken over."""

import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from m365integration.environment import LONGEST_SOCKET_PATH, embedded_socket
from m365integration.supervisor.broker import NoBroker, answers, broker_part, end_orphan
from tests.installation import wait_for


@contextmanager
def running(socket: Path) -> Iterator[subprocess.Popen[bytes]]:
    part = broker_part(socket=socket, folder=socket.parent)
    with subprocess.Popen(part.command) as process:
        wait_for(lambda: answers(socket), what="the broker answers")
        yield process
        process.terminate()


def client(socket: Path) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(socket), decode_responses=True)


def test_orphan_is_ended_and_its_messages_come_back(tmp_path: Path) -> None:
    socket = tmp_path / "broker.sock"
    with running(socket) as orphan:
        client(socket).lpush("mail", "nudge")
        with running(socket):
            assert orphan.wait() == 0
            assert client(socket).lrange("mail", 0, -1) == ["nudge"]


def test_socket_of_a_killed_broker_is_cleared_away(tmp_path: Path) -> None:
    socket = tmp_path / "broker.sock"
    with running(socket) as killed:
        killed.kill()
        killed.wait()
        assert socket.exists()
        end_orphan(socket)
    assert not socket.exists()


def test_broker_is_closed_to_other_accounts(tmp_path: Path) -> None:
    socket = tmp_path / "broker" / "broker.sock"
    with running(socket):
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (socket, socket.parent)]
    assert modes == [0o700, 0o700]


def test_folder_of_somebody_else_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getuid", lambda: 12345)
    with pytest.raises(NoBroker, match="belongs to another account"):
        broker_part(socket=tmp_path / "broker.sock", folder=tmp_path)


def test_socket_in_a_deep_folder_moves_to_a_short_one(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * LONGEST_SOCKET_PATH)
    socket = embedded_socket(deep)
    assert socket is not None
    assert len(str(socket)) < LONGEST_SOCKET_PATH
    assert socket == embedded_socket(deep) != embedded_socket(deep / "other")
