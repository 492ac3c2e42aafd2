"""When to try again."""

import random
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

#: A mailbox that cannot be reached is tried again soon, and never less often than a healthy one is looked at. Seconds.
LONGEST_WAIT_S: Final = 60


def retry_at(tries: int) -> datetime:
    """Give the moment of the next try after so many failed ones: growing, with up to a tenth of jitter."""
    delays: list[int] = settings.RETRY_DELAYS_S
    delay = delays[min(tries, len(delays) - 1)]
    return timezone.now() + timedelta(seconds=delay * random.uniform(1, 1.1))  # noqa: S311


def look_again_at(failures: int) -> datetime:
    """Give the moment of the next look at a mailbox after so many failed ones: 1, 2, 4 … seconds, with jitter."""
    delay = min(2 ** min(failures, 10), LONGEST_WAIT_S)
    return timezone.now() + timedelta(seconds=delay * random.uniform(1, 1.1))  # noqa: S311
