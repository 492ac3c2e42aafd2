"""A TLS server that says what a test wrote down, for what no honest mail server ever says."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Thread
from typing import BinaryIO

from sandbox.tls import TlsFiles

#: Behind an answer: the connection ends there.
END = b"%END%"
#: Answers a line of the client; None hangs up.
Answer = Callable[[str], bytes | None]


class ScriptedServer:
    """Greets each connection, then answers each line; `heard` keeps every line of the client."""

    def __init__(self, tls: TlsFiles, *, greeting: bytes, answer: Answer) -> None:
        self.heard: list[str] = []
        self._greeting, self._answer = greeting, answer
        self._context = tls.server_context()
        self._door = socket.create_server(("127.0.0.1", 0))
        Thread(target=self._accept, daemon=True).start()

    def url(self, scheme: str) -> str:
        return f"{scheme}://localhost:{self._door.getsockname()[1]}"

    def close(self) -> None:
        self._door.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                raw, _address = self._door.accept()
                Thread(target=self._speak, args=(raw,), daemon=True).start()

    def _speak(self, raw: socket.socket) -> None:
        with suppress(OSError, ssl.SSLError), self._context.wrap_socket(raw, server_side=True) as side:
            side.sendall(self._greeting)
            self._converse(side.makefile("rb"), side)

    def _converse(self, lines: BinaryIO, side: ssl.SSLSocket) -> None:
        for line in lines:
            self.heard.append(line.decode("latin-1").rstrip("\r\n"))
            said = self._answer(self.heard[-1])
            if said is None:
                return
            side.sendall(said.removesuffix(END))
            if said.endswith(END):
                return


def imap(**answers: bytes | Iterable[bytes | None] | None) -> Answer:
    """Answer IMAP commands by their word, FETCH for UID FETCH; each may hold %TAG%, several are given in turn.

    What is not named is answered as a server does that holds one mail.
    """
    usual: dict[str, bytes | Iterable[bytes | None] | None] = {
        "CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE\r\n%TAG% OK done\r\n",
        "AUTHENTICATE": b"%TAG% OK AUTHENTICATE completed.\r\n",
        "SELECT": b"* 1 EXISTS\r\n* OK [UIDVALIDITY 14] x\r\n* OK [UIDNEXT 8] x\r\n%TAG% OK [READ-WRITE] done\r\n",
        "SEARCH": b"* SEARCH 7\r\n%TAG% OK done\r\n",
        "LOGOUT": None,
    }
    turns = {word: _turns(said) for word, said in (usual | answers).items()}

    def answer(line: str) -> bytes | None:
        tag, _, rest = line.partition(" ")
        words = rest.upper().split()
        word = words[1] if words[:1] == ["UID"] else next(iter(words), "")
        said = turns[word].pop(0) if word in turns else b"%TAG% OK done\r\n"
        if word in turns and not turns[word]:
            turns[word].append(said)
        return said if said is None else said.replace(b"%TAG%", tag.encode())

    return answer


def _turns(said: bytes | Iterable[bytes | None] | None) -> list[bytes | None]:
    return [said] if said is None or isinstance(said, bytes) else list(said)
