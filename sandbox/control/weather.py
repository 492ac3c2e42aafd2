"""Faults, latency, the clock and the counters."""

from dataclasses import asdict
from pathlib import Path

from sandbox.cloud import Cloud
from sandbox.control.errors import ControlError
from sandbox.scenario import apply_scenario
from sandbox.wire import Json

Names = dict[str, str]


def health(cloud: Cloud, names: Names, body: Json) -> Json:
    return {"ok": True, "mailboxes": [mailbox.address for mailbox in cloud.directory.mailboxes]}


def counters(cloud: Cloud, names: Names, body: Json) -> Json:
    return cloud.traffic.report()


def reset_counters(cloud: Cloud, names: Names, body: Json) -> Json:
    report = cloud.traffic.report()
    cloud.traffic.reset()
    return report


def requests(cloud: Cloud, names: Names, body: Json) -> Json:
    """List the last requests, oldest first; ?last=N shortens the list."""
    seen = [asdict(item) for item in list(cloud.traffic.seen)]
    return {"requests": seen[-int(names.get("last", "1000")) :]}


def list_faults(cloud: Cloud, names: Names, body: Json) -> Json:
    return {"faults": cloud.faults.report()}


def add_fault(cloud: Cloud, names: Names, body: Json) -> Json:
    return {"fault": cloud.faults.add(body)}


def clear_faults(cloud: Cloud, names: Names, body: Json) -> Json:
    cloud.faults.clear()
    return {}


def set_latency(cloud: Cloud, names: Names, body: Json) -> Json:
    cloud.faults.latency_s = _number(body, "ms") / 1000
    return {"ms": body["ms"]}


def set_clock(cloud: Cloud, names: Names, body: Json) -> Json:
    """Let the sandbox's clock run so many seconds ahead (or behind): tokens age without waiting."""
    cloud.clock.offset_s = _number(body, "offset_s")
    return {"now": cloud.clock.stamp()}


def extend(cloud: Cloud, names: Names, body: Json) -> Json:
    """Add tenants, apps and mailboxes while running; the body is a scenario."""
    apply_scenario(cloud, body, base=Path.cwd())
    return health(cloud, names, body)


def _number(body: Json, name: str) -> float:
    value = body.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ControlError(f"{name} must be a number.")
    return float(value)
