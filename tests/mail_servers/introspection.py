"""The endpoint that Dovecot asks whether a token is good and whose mailbox it opens."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs


class Introspection:
    """Accepts every token but the refused ones, for the one mailbox that is named."""

    def __init__(self) -> None:
        self.mailbox = ""
        self.refused: set[str] = set()
        self.asked = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._door())
        Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/introspect"

    def answer(self, token: str) -> dict[str, Any]:
        self.asked += 1
        return {"active": bool(token) and token not in self.refused, "username": self.mailbox}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _door(self) -> type[BaseHTTPRequestHandler]:
        own = self

        class Door(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                body = json.dumps(own.answer(parse_qs(sent).get("token", [""])[0])).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        return Door
