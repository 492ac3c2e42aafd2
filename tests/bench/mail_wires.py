"""IMAP and POP3 against a Dovecot behind a line with the latency of a real one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from sandbox.mail_mix import MailMix
from tests import servers
from tests.bench import cloud
from tests.bench.engines import Engine
from tests.bench.figures import Figure
from tests.bench.place import place
from tests.mail_servers.dovecot import Dovecot
from tests.mail_servers.slow_line import SlowLine

LATENCY_S: Final = 0.04
#: What is done after filing, and how many round trips a thousand mails and how many mails a second are the target.
WIRES: Final[dict[str, tuple[str, float | None, float | None]]] = {
    "imap": ("move", 60, 100),
    "pop3": ("delete", None, None),
}


def figures(engine: Engine, folder: Path, *, mails: int) -> Iterator[Figure]:
    """Read so many mails over each wire; nothing where there is no Dovecot."""
    if servers.missing("dovecot"):
        return
    for transport, (after, trips, speed) in WIRES.items():
        report = _read(engine, folder, transport, after=after, mails=mails)
        bench = f"{transport} with 40 ms"
        yield Figure(
            bench=bench, name="mails per second", value=report["mails"] / report["wall_s"], least=speed
        )
        per_thousand = report["requests"] / report["mails"] * 1000
        yield Figure(bench=bench, name="round trips per 1,000 mails", value=per_thousand, most=trips)
        yield Figure(
            bench=bench, name="CPU per mail", value=report["cpu_s"] / report["mails"] * 1000, unit="ms"
        )
        yield Figure(bench=bench, name="VmHWM", value=report["peak_bytes"] / 1024**2, unit="MiB")
        yield Figure(bench=bench, name="mails left over", value=report["unfinished"], most=0)


def _read(engine: Engine, folder: Path, transport: str, *, after: str, mails: int) -> dict[str, Any]:
    with _behind_a_line(folder, mails=mails) as settings, place(engine, folder, mails=0) as here:
        return here.with_settings(settings).do("read_wire", transport=transport, after=after)


@contextmanager
def _behind_a_line(folder: Path, *, mails: int) -> Iterator[dict[str, str]]:
    """Run a Dovecot with the mail mix in one inbox; gives the settings by which the product reaches it."""
    with ExitStack() as closing, tempfile.TemporaryDirectory(dir=folder) as letters:
        MailMix(cloud.SEED).write(Path(letters), mails)
        dovecot = Dovecot()
        closing.callback(dovecot.stop)
        dovecot.introspection.mailbox = cloud.ADDRESS
        dovecot.put(cloud.ADDRESS, (path.read_bytes() for path in sorted(Path(letters).rglob("*.eml"))))
        lines = [SlowLine(port, round_trip_s=LATENCY_S) for port in (dovecot.imap_port, dovecot.pop_port)]
        for line in lines:
            closing.callback(line.close)
        yield {
            "M365_IMAP_URL": f"imaps://localhost:{lines[0].port}",
            "M365_POP_URL": f"pop3s://localhost:{lines[1].port}",
            "SSL_CERT_FILE": str(dovecot.tls.ca),
        }
