"""A TCP proxy: every piece arrives late by the same time, and the line can be cut."""

from __future__ import annotations

import queue
import socket
import time
from contextlib import suppress
from threading import Thread


class SlowLine:
    """Forwards a port; the delay is that of one way and half of a round trip."""

    def __init__(self, port: int, *, round_trip_s: float = 0.0) -> None:
        self._target = port
        self._delay_s = round_trip_s / 2
        self._open: list[socket.socket] = []
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End every connection that is open now."""
        for side in self._open:
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
            side.close()
        self._open.clear()

    def close(self) -> None:
        self._door.close()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                here, _address = self._door.accept()
                there = socket.create_connection(("127.0.0.1", self._target))
                self._open += [here, there]
                for side in (here, there):
                    # The only delay is to be the one asked for.
                    side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for one, other in ((here, there), (there, here)):
                    waiting: queue.Queue[tuple[float, bytes]] = queue.Queue()
                    Thread(target=self._read, args=(one, waiting), daemon=True).start()
                    Thread(target=self._write, args=(other, waiting), daemon=True).start()

    def _read(self, side: socket.socket, waiting: queue.Queue[tuple[float, bytes]]) -> None:
        with suppress(OSError):
            while content := side.recv(256 * 1024):
                waiting.put((time.monotonic() + self._delay_s, content))
        waiting.put((time.monotonic() + self._delay_s, b""))

    def _write(self, side: socket.socket, waiting: queue.Queue[tuple[float, bytes]]) -> None:
        with suppress(OSError):
            while True:
                due, content = waiting.get()
                time.sleep(max(0.0, due - time.monotonic()))
                if not content:
                    side.shutdown(socket.SHUT_WR)
                    return
                side.sendall(content)
