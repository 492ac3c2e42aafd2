"""python -m sandbox serve --state DIR [--scenario FILE] …"""

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from sandbox.people import BadScenario
from sandbox.server import Sandbox

# Answers are short; with the usual 5 ms a thread that waits for its turn would wait longer than it works.
SWITCH_S = 0.0005


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    sys.setswitchinterval(SWITCH_S)
    try:
        sandbox = Sandbox(
            options.state, scenario=options.scenario, port=options.port, held_fd=options.socket_fd,
            latency_ms=options.latency_ms, control_port=options.control_port,
            arrivals_s=options.arrivals, redirects=options.redirect,
        )  # fmt: skip
    except BadScenario as error:
        print(f"Cannot use the scenario: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"Cannot start: {error}. Is the port taken, or the state directory not writable?", file=sys.stderr
        )
        return 1
    return _serve(sandbox, as_json=options.json)


def _serve(sandbox: Sandbox, *, as_json: bool) -> int:
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with sandbox:
        _announce(sandbox, as_json=as_json)
        stopped.wait()
    return 0


def _announce(sandbox: Sandbox, *, as_json: bool) -> None:
    ready = {"url": sandbox.url, "control_url": sandbox.control_url, "ca_path": str(sandbox.ca_path)}
    if as_json:
        print(json.dumps(ready), flush=True)
        return
    print(f"Microsoft 365 sandbox: {ready['url']}\nCA certificate: {ready['ca_path']}", flush=True)
    if sandbox.control_url:
        print(f"Control: {sandbox.control_url}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    serve = parser.add_subparsers(required=True).add_parser("serve", help="run until SIGTERM or Ctrl-C")
    serve.add_argument(
        "--state", type=Path, required=True, help="directory that keeps everything; made when missing"
    )
    serve.add_argument("--scenario", type=Path, help="JSON file with tenants, apps and mailboxes")
    serve.add_argument("--port", type=int, default=8443, help="HTTPS port on 127.0.0.1; 0 takes a free one")
    serve.add_argument(
        "--socket-fd", type=int, metavar="FD", help="a listening socket the starter holds, in place of --port"
    )
    serve.add_argument("--control-port", type=int, help="open the control door here; 0 takes a free port")
    serve.add_argument("--latency-ms", type=int, default=0, help="wait this long before every answer")
    serve.add_argument(
        "--arrivals", type=float, help="a new demo mail every so many seconds; 0 switches them off"
    )
    serve.add_argument(
        "--redirect",
        action="append",
        default=[],
        help="an address registered with every app, besides its own",
    )
    serve.add_argument("--json", action="store_true", help="print the addresses as one line of JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
