"""The process that reads strange mail: it has little memory, little time, no environment and nothing to lose.

It answers one mail after the other over its pipes, and leaves when the worker is gone or has not asked for a while.
"""

import resource
import select
import sys
import traceback
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from .limits import DEFAULT, MB, Limits
from .parse import parse_here
from .values import Unparseable
from .wire import packed, read_frame, write_frame

MEMORY_BYTES: Final = 256 * MB
#: What any mail may take, and how much more of it has a second more: 150 MB of attachments take their time. Seconds.
CPU_S: Final = 4
BYTES_PER_CPU_S: Final = 15 * MB
IDLE_S: Final = 60.0


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    while select.select([asked], [], [], IDLE_S)[0]:
        try:
            words, content = read_frame(asked)
        except EOFError:
            return
        _grant_time(len(content) or Path(words["path"]).stat().st_size)
        _answer(answers, words, content)


def _grant_time(size_bytes: int) -> None:
    """Allow so many more seconds of processor time; the system ends the process that needs more."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    resource.setrlimit(
        resource.RLIMIT_CPU, (spent + CPU_S + size_bytes // BYTES_PER_CPU_S, resource.RLIM_INFINITY)
    )


def _answer(answers: BinaryIO, words: dict[str, Any], content: bytes) -> None:
    try:
        message = parse_here(
            Path(words["path"]) if words["path"] else content,
            received_at=datetime.fromisoformat(words["received_at"]) if words["received_at"] else None,
            scratch=Path(words["scratch"]) if words["scratch"] else None,
            limits=Limits(**words["limits"]) if words["limits"] else DEFAULT,
        )
        found, parts = packed(message)
    except Unparseable:
        write_frame(answers, {"outcome": "unparseable"})
    except MemoryError:
        write_frame(answers, {"outcome": "memory"})
        sys.exit(1)  # whatever is left in memory now is nobody's
    except OSError as error:
        write_frame(answers, {"outcome": "disk", "errno": error.errno, "words": error.strerror})
    except Exception:
        write_frame(answers, {"outcome": "failed", "trace": traceback.format_exc()})
        raise
    else:
        write_frame(answers, {"outcome": "parsed", "message": found}, parts)


if __name__ == "__main__":
    main()
