"""Start a command that ends when its starter does, even when that one is killed with SIGKILL.

Run by path, before anything of the product is imported: the tether costs a bare interpreter start.
Source: prctl(2), PR_SET_PDEATHSIG; Linux only, elsewhere the command starts without a tether.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    starter, orphan_signal, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(orphan_signal))
    # A shell that starts us in the background has SIGINT and SIGQUIT ignored, and every program below inherits that.
    signal.signal(int(orphan_signal), signal.SIG_DFL)
    # The starter may have died before the call above; then nobody would ever send the signal.
    if os.getppid() != int(starter):
        sys.exit("The supervisor is gone; not starting.")
    os.execvp(command[0], command)  # noqa: S606 - the command is the supervisor's own


if __name__ == "__main__":
    main()
