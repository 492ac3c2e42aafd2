"""The Microsoft 365 that is measured against: a sandbox of its own for every run, with the mail mix in one inbox."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.request import Request, urlopen

from sandbox import process
from sandbox.process import RunningSandbox

DIRECTORY_ID: Final = "0b4e7a52-6f3d-4c19-8a75-2d9e1c60f834"
CLIENT_ID: Final = "5d1c93ae-78b2-4f06-9e4d-b37a80c2f619"
SECRET: Final = "bench-secret-of-a-sandbox-app-0123456789"
ADDRESS: Final = "help@contoso.example"
SEED: Final = 1
LARGE_BYTES: Final = 149 * 1024 * 1024


@contextmanager
def sandbox(
    folder: Path, *, mails: int, latency_ms: int = 0, has_large: bool = False
) -> Iterator[RunningSandbox]:
    """Run a sandbox with so many mails of the mix, and perhaps one of 149 MB among them; stopped at the end."""
    state = Path(tempfile.mkdtemp(dir=folder, prefix="sandbox-"))
    mail: list[object] = [{"mix": {"seed": SEED, "count": mails}}]
    if has_large:
        write_large(state / "large" / "large.eml")
        half = mails // 2
        mail = [
            {"mix": {"seed": SEED, "count": half}},
            {"eml": str(state / "large")},
            {"mix": {"seed": SEED, "first": half, "count": mails - half}},
        ]
    try:
        with process.start(state, scenario=scenario(mail), latency_ms=latency_ms) as running:
            yield running
    finally:
        shutil.rmtree(state, ignore_errors=True)


def scenario(mail: list[object]) -> dict[str, object]:
    app = {
        "client_id": CLIENT_ID,
        "name": "Helpdesk",
        "secrets": [{"value": SECRET}],
        "roles": ["Mail.ReadWrite"],
    }
    return {
        "tenants": [
            {
                "directory_id": DIRECTORY_ID,
                "name": "Contoso",
                "domains": ["contoso.example"],
                "apps": [app],
                "mailboxes": [{"address": ADDRESS, "mail": mail}],
            }
        ]
    }


def write_large(path: Path) -> None:
    """Write a mail of LARGE_BYTES: a short text and one attachment."""
    path.parent.mkdir()
    mark = "=_large"
    head = (
        f"From: Customer 001 <customer001@customers.example>\r\nTo: <{ADDRESS}>\r\nSubject: The drawings\r\n"
        "Message-ID: <large@customers.example>\r\nDate: Mon, 05 Jan 2026 07:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/mixed; boundary="{mark}"\r\n\r\n--{mark}\r\n'
        "Content-Type: text/plain; charset=utf-8\r\n\r\nHere are the drawings.\r\n"
        f"--{mark}\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
        'Content-Disposition: attachment; filename="drawings.bin"\r\n\r\n'
    )
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    block = "".join("".join(random.Random(SEED).choices(letters, k=76)) + "\r\n" for _ in range(1000))
    with path.open("w", newline="") as file:
        file.write(head)
        for _ in range((LARGE_BYTES - len(head)) // len(block)):
            file.write(block)
        file.write(f"--{mark}--\r\n")


def control(url: str, path: str, body: dict[str, object] | None = None) -> dict[str, object]:
    """Call the sandbox's control interface; a body makes it a POST."""
    content = None if body is None else json.dumps(body).encode()
    with urlopen(Request(url + path, data=content)) as answer:
        found: dict[str, object] = json.load(answer)
        return found
