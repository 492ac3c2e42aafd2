"""A part ends with its supervisor, however that one was started."""

import os
import signal
import subprocess
import sys

from m365integration.supervisor.parts import TETHER

ASK = "import signal; print(signal.getsignal(signal.SIGQUIT) == signal.SIG_DFL)"


def test_signal_of_the_orphan_works_below_a_shell_that_has_it_ignored() -> None:
    """`make demo &` in a script: the shell ignores SIGQUIT there, and a worker would outlive its supervisor."""
    tether = [sys.executable, "-S", str(TETHER), str(os.getpid()), str(int(signal.SIGQUIT))]
    told = signal.signal(signal.SIGQUIT, signal.SIG_IGN)
    try:
        shown = subprocess.run(
            [*tether, sys.executable, "-c", ASK], capture_output=True, text=True, check=True
        )
    finally:
        signal.signal(signal.SIGQUIT, told)
    assert shown.stdout == "True\n"
