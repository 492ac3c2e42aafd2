"""Threaded HTTP/1.1 over one listening socket: a thread per kept-alive connection, an answer in one send."""

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable

from sandbox.wire import MAX_HEAD_BYTES, Answer, BadRequest, Damage, Request, parse_head, render_head

Front = Callable[[Request], Answer]
CHUNK_BYTES = 256 * 1024
DRIP_TICK_S = 0.05
IDLE_S = 120.0
STOP_S = 5.0
# A mail of 150 MB as base64 in JSON.
MAX_BODY_BYTES = 300 * 1024 * 1024
ABORT = struct.pack("ii", 1, 0)


class Listener:
    """Serve a front on 127.0.0.1; port 0 takes a free one; a listening socket may take its place."""

    def __init__(
        self, front: Front, *, port: int, tls: ssl.SSLContext | None = None, held_fd: int | None = None
    ) -> None:
        self.front = front
        self.tls = tls
        self._open: dict[threading.Thread, socket.socket] = {}
        self._lock = threading.Lock()
        self._socket = (
            socket.create_server(("127.0.0.1", port), backlog=128)
            if held_fd is None
            else socket.socket(fileno=held_fd)
        )
        self._is_held = held_fd is not None
        self.port: int = self._socket.getsockname()[1]

    def start(self) -> None:
        threading.Thread(target=self._accept, name=f"listener-{self.port}", daemon=True).start()

    def stop(self) -> None:
        """Close the door and every connection behind it, and wait until nobody is served any more."""
        if not self._is_held:
            # shutdown() wakes the thread that is blocked in accept(); close() alone would not. It shuts the socket for
            # whoever holds it, too.
            _quietly(lambda: self._socket.shutdown(socket.SHUT_RDWR))
        self._socket.close()
        with self._lock:
            still_open = dict(self._open)
        for thread, sock in still_open.items():
            _hang_up(sock)
            thread.join(STOP_S)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._socket.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
            with self._lock:
                self._open[thread] = sock
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(IDLE_S)
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
                # The wrapped socket has taken the descriptor over; the first one can no longer be hung up.
                with self._lock:
                    self._open[threading.current_thread()] = sock
            Connection(sock, self.front, scheme="https" if self.tls else "http").run()
        except (OSError, BadRequest):
            pass  # The client hung up, or does not speak HTTP or TLS: there is nobody to answer.
        finally:
            with self._lock:
                self._open.pop(threading.current_thread(), None)
            _quietly(sock.close)


class Connection:
    def __init__(self, sock: socket.socket, front: Front, *, scheme: str) -> None:
        self.sock = sock
        self.front = front
        self.scheme = scheme
        self.buffer = b""

    def run(self) -> None:
        while (request := self._read()) is not None:
            keep_alive = request.headers.get("connection", "").lower() != "close"
            answer = self.front(request)
            try:
                usable = self._write(answer, keep_alive=keep_alive, head_only=request.method == "HEAD")
            finally:
                # Also when the client hung up half-way: its place must not stay taken.
                _release(answer)
            if not (usable and keep_alive):
                return

    def _read(self) -> Request | None:
        head = self._until(b"\r\n\r\n")
        if head is None:
            return None
        request = parse_head(head)
        request.scheme = self.scheme
        if request.headers.get("expect", "").lower() == "100-continue":
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" in request.headers.get("transfer-encoding", "").lower():
            request.body = self._chunks()
        elif length := request.headers.get("content-length"):
            request.body = self._exactly(_length(length))
        return request

    def _until(self, mark: bytes) -> bytes | None:
        while (at := self.buffer.find(mark)) < 0:
            if len(self.buffer) > MAX_HEAD_BYTES:
                raise BadRequest("The head is too long.")
            if not self._more():
                return None
        found, self.buffer = self.buffer[:at], self.buffer[at + len(mark) :]
        return found

    def _more(self) -> bool:
        piece = self.sock.recv(65536)
        self.buffer += piece
        return bool(piece)

    def _exactly(self, length: int) -> bytes:
        pieces, missing = [self.buffer], length - len(self.buffer)
        while missing > 0:
            piece = self.sock.recv(min(missing, CHUNK_BYTES))
            if not piece:
                raise BadRequest("The body ended early.")
            pieces.append(piece)
            missing -= len(piece)
        whole = b"".join(pieces)
        self.buffer = whole[length:]
        return whole[:length]

    def _chunks(self) -> bytes:
        body = b""
        while True:
            size = _chunk_size(self._until(b"\r\n") or b"0")
            if len(body) + size > MAX_BODY_BYTES:
                raise BadRequest("The body is too long.")
            body += self._exactly(size)
            self._until(b"\r\n")
            if size == 0:
                return body

    def _write(self, answer: Answer, *, keep_alive: bool, head_only: bool) -> bool:
        """Send the answer; False when the connection cannot be used again."""
        if answer.damage:
            return self._write_damaged(answer, answer.damage)
        if answer.file:
            return self._write_file(answer, keep_alive=keep_alive)
        body = answer.body_bytes()
        head = render_head(answer, length=len(body), keep_alive=keep_alive)
        _release(answer)
        self.sock.sendall(head if head_only else head + body)
        return True

    def _write_file(self, answer: Answer, *, keep_alive: bool) -> bool:
        assert answer.file  # noqa: S101 - the caller looked.
        with answer.file.open("rb") as file:
            length = file.seek(0, 2)
            file.seek(0)
            pending = render_head(answer, length=length, keep_alive=keep_alive) + file.read(CHUNK_BYTES)
            # The slot is given back before the last piece: a client may ask again the moment it has the end.
            while piece := file.read(CHUNK_BYTES):
                self.sock.sendall(pending)
                pending = piece
            _release(answer)
            self.sock.sendall(pending)
        return True

    def _write_damaged(self, answer: Answer, damage: Damage) -> bool:
        if answer.file:
            answer.content, answer.file = answer.file.read_bytes(), None
        body = answer.body_bytes()
        head = render_head(answer, length=len(body) + damage.length_off_by, keep_alive=True)
        if damage.reset:
            return self._abort()
        if damage.bytes_per_s:
            return self._drip(head, body, damage)
        # A length that promises too little leaves the surplus on the wire, as a broken proxy would.
        self.sock.sendall(head + body[: damage.truncate_at])
        return False

    def _abort(self) -> bool:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
        return False

    def _drip(self, head: bytes, body: bytes, damage: Damage) -> bool:
        slow = head + body if damage.drip_headers else body
        if not damage.drip_headers:
            self.sock.sendall(head)
        step = max(1, int((damage.bytes_per_s or 1) * DRIP_TICK_S))
        for at in range(0, len(slow), step):
            self.sock.sendall(slow[at : at + step])
            time.sleep(DRIP_TICK_S)
        return True


def _length(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) > MAX_BODY_BYTES:
        raise BadRequest("The Content-Length cannot be used.")
    return int(text)


def _chunk_size(line: bytes) -> int:
    try:
        return int(line.split(b";")[0], 16)
    except ValueError as error:
        raise BadRequest("The size of a chunk is not a hexadecimal number.") from error


def _release(answer: Answer) -> None:
    if answer.release:
        answer.release()
        answer.release = None


def _hang_up(sock: socket.socket) -> None:
    # Past SSLSocket's own shutdown(), which takes the TLS state away under the thread that is reading.
    _quietly(lambda: socket.socket.shutdown(sock, socket.SHUT_RDWR))


def _quietly(act: Callable[[], object]) -> None:
    with contextlib.suppress(OSError):
        act()
