"""Run the sandbox as a program of its own, for tests and benchmarks that must not share a processor with it."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parent.parent
STOP_S = 10.0


@dataclass(slots=True)
class RunningSandbox:
    """A started child; leave it as a context manager or by stop()."""

    child: subprocess.Popen[str]
    url: str
    control_url: str
    ca_path: Path

    @property
    def pid(self) -> int:
        return self.child.pid

    def stop(self) -> None:
        self.child.terminate()
        try:
            self.child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        if self.child.stdout:
            self.child.stdout.close()

    def __enter__(self) -> "RunningSandbox":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(
    state_dir: Path,
    *,
    scenario: Path | dict[str, object] | None = None,
    port: int = 0,
    control_port: int = 0,
    latency_ms: int = 0,
    arrivals_s: float = 0.0,
) -> RunningSandbox:
    """Start and wait until it listens. Raises RuntimeError when it ends instead; its words are on stderr."""
    state_dir.mkdir(parents=True, exist_ok=True)
    if isinstance(scenario, dict):
        path = state_dir / "scenario.json"
        path.write_text(json.dumps(scenario), "utf-8")
        scenario = path
    command = [
        sys.executable, "-m", "sandbox", "serve", "--state", str(state_dir), "--port", str(port), "--json",
        "--control-port", str(control_port), "--latency-ms", str(latency_ms), "--arrivals", str(arrivals_s),
    ]  # fmt: skip
    command += ["--scenario", str(scenario)] if scenario else []
    # The command is this interpreter and our own arguments.
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)  # noqa: S603
    line = child.stdout.readline() if child.stdout else ""
    if not line:
        raise RuntimeError(f"The sandbox ended with code {child.wait()} before it listened.")
    ready = json.loads(line)
    return RunningSandbox(child, ready["url"], ready["control_url"], Path(ready["ca_path"]))
