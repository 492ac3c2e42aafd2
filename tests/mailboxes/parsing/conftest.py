"""What every test of parsing may rely on."""

import signal
from collections.abc import Iterator
from types import FrameType

import pytest

CPU_SECONDS = 5.0  # what one mail may cost (reliability N4)


@pytest.fixture
def cpu_guard() -> Iterator[None]:
    """End a test whose mail stalls the parser, instead of letting the whole run hang; counts CPU, not the clock."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise TimeoutError("One mail took more CPU than it may.")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)
