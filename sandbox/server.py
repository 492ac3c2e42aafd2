"""The running sandbox: one HTTPS door for login and Graph, and a plain one on loopback to control it."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from sandbox.arrivals import Arrivals
from sandbox.cloud import Cloud, open_cloud
from sandbox.control.front import ControlFront
from sandbox.entra.front import EntraFront
from sandbox.faults import Rule, damage, instead
from sandbox.graph import uploads
from sandbox.graph.errors import new_request_id
from sandbox.graph.front import GraphFront
from sandbox.listener import Listener
from sandbox.scenario import apply_scenario, read_scenario
from sandbox.tls import ensure_tls
from sandbox.traffic import Seen
from sandbox.wire import Answer, Json, Request


class Front:
    """Send a request to Entra or Graph, with the faults and the latency that were asked for."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.graph = GraphFront(cloud)
        self.entra = EntraFront(cloud)

    def __call__(self, request: Request) -> Answer:
        faults = self.cloud.faults
        rule = faults.strike(request)
        answer = self._replaced(rule, request) if rule and rule.replaces else self._route(request)
        # The wait comes after the act, so that a slow request holds its place at the mailbox while it lasts.
        if wait_s := faults.latency_s + (rule.delay_s if rule else 0.0):
            time.sleep(wait_s)
        if rule and not rule.replaces:
            damage(rule, answer, request)
        return answer

    def _replaced(self, rule: Rule, request: Request) -> Answer:
        answer = instead(rule, innards=self.graph.innards(request, new_request_id()))
        seen = Seen(request.method, request.target, answer.status, f"fault.{rule.kind}", "")
        self.cloud.traffic.count(seen, on_wire=True)
        return answer

    def _route(self, request: Request) -> Answer:
        if request.target.startswith(uploads.PATH):
            return uploads.answer_upload(self.cloud, request)
        return self.graph(request) if request.target.startswith("/v1.0/") else self.entra(request)


class Sandbox:
    """Run a sandbox in this program, as a context manager.

    scenario: a path or the document itself. control_port: None leaves the control door shut, 0 takes a free port.
    held_fd: a listening socket in place of a port of our own.
    """

    def __init__(
        self,
        state_dir: Path,
        *,
        scenario: Path | Json | None = None,
        port: int = 0,
        held_fd: int | None = None,
        control_port: int | None = 0,
        latency_ms: int = 0,
        arrivals_s: float | None = None,
        redirects: Sequence[str] = (),
    ) -> None:
        self.cloud = open_cloud(Path(state_dir))
        base = scenario.parent if isinstance(scenario, Path) else Path.cwd()
        document: Json = read_scenario(scenario) if isinstance(scenario, Path) else scenario or {}
        apply_scenario(self.cloud, json.loads(json.dumps(document)), base=base)
        self._register(redirects)
        self.cloud.faults.latency_s = latency_ms / 1000
        tls = ensure_tls(Path(state_dir))
        self.ca_path = tls.ca.resolve()
        self._listeners = [Listener(Front(self.cloud), port=port, tls=tls.server_context(), held_fd=held_fd)]
        if control_port is not None:
            self._listeners.append(Listener(ControlFront(self.cloud), port=control_port))
        every_s = document.get("arrivals", {}).get("every_s", 0.0) if arrivals_s is None else arrivals_s
        self.arrivals = Arrivals(self.cloud, document, every_s=every_s) if every_s else None

    def _register(self, redirects: Sequence[str]) -> None:
        """Take sign-ins back to these addresses, too; not kept, since the next start may be elsewhere."""
        for app in self.cloud.directory.apps:
            app.redirect_uris = tuple(dict.fromkeys((*app.redirect_uris, *redirects)))

    @property
    def url(self) -> str:
        return f"https://localhost:{self._listeners[0].port}"

    @property
    def control_url(self) -> str:
        """Give the address of the control door, "" when it is shut."""
        return f"http://127.0.0.1:{self._listeners[1].port}" if len(self._listeners) > 1 else ""

    def start(self) -> "Sandbox":
        for listener in self._listeners:
            listener.start()
        if self.arrivals:
            self.arrivals.start()
        return self

    def stop(self) -> None:
        if self.arrivals:
            self.arrivals.stop()
        for listener in self._listeners:
            listener.stop()
        self.cloud.close()

    def __enter__(self) -> "Sandbox":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
