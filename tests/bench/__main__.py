"""python -m tests.bench [--quick] [--only NAME]: measure, print a table, write var/bench.json.

A target that is missed does not fail the command: how fast a machine is that does something else as well is no
defect. Everything made on the way is removed, also after Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests import servers
from tests.bench import figures, place
from tests.bench.benches import BENCHES, FULL, ONCE, QUICK, Session
from tests.bench.engines import engines
from tests.bench.figures import Figure
from tests.bench.place import WorkFailed


def main() -> int:
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    for name in [name for name in os.environ if name.startswith("M365_")]:
        del os.environ[name]
    room = place.ROOT / "var"
    room.mkdir(mode=0o700, exist_ok=True)
    started = time.monotonic()
    try:
        # On the disk where the product keeps its own, so that forcing bytes to disk costs what it costs there.
        with tempfile.TemporaryDirectory(dir=room, prefix="bench-") as folder, engines(Path(folder)) as every:
            session = Session(folder=Path(folder), engines=every, sizes=QUICK if options.quick else FULL)
            found = _measure(session, options.only or list(BENCHES))
    except KeyboardInterrupt:
        print("Stopped; nothing is left behind.", file=sys.stderr)
        return 130
    except WorkFailed as error:
        print(f"The benchmark could not be finished: {error}; its own words stand above.", file=sys.stderr)
        return 1
    print(f"\n{figures.table(found)}\n\n{_last_words(found, time.monotonic() - started)}")
    figures.write(room / "bench.json", found, session.reports, is_quick=options.quick)
    return 0


def _measure(session: Session, names: list[str]) -> list[Figure]:
    found: list[Figure] = []
    for engine in session.engines:
        place.migrate(engine, session.folder)
        for name in names:
            if name in ONCE and engine is not session.engines[0]:
                continue
            print(f"{engine.name}: {name} …", file=sys.stderr, flush=True)
            found += BENCHES[name](session, engine)
    return found


def _last_words(found: list[Figure], seconds: float) -> str:
    missed = sum(figure.verdict == "MISSED" for figure in found)
    verdict = f"{missed} targets missed" if missed else "Every target reached"
    absent = f" {servers.summary()}" if servers.missing("postgres") else ""
    return f"{verdict}; {seconds:.0f} s. The same with all reports: var/bench.json.{absent}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.partition(":")[2])
    parser.add_argument("--quick", action="store_true", help="fewer mails, for a look of a minute or so")
    parser.add_argument("--only", action="append", choices=list(BENCHES), help="may be given more than once")
    return parser


if __name__ == "__main__":
    sys.exit(main())
