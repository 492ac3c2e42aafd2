"""The sandbox's own time, which a test may move without waiting."""

import time
from datetime import UTC, datetime


class Clock:
    def __init__(self) -> None:
        self.offset_s = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.epoch(), UTC)

    def epoch(self) -> float:
        return time.time() + self.offset_s

    def at(self, epoch: float) -> datetime:
        return datetime.fromtimestamp(epoch, UTC)

    def stamp(self) -> str:
        """Give the present as Graph writes it, whole seconds, UTC."""
        return graph_time(self.now())


def graph_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_time(text: str) -> datetime:
    """Read an ISO 8601 time; one without an offset is taken as UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
