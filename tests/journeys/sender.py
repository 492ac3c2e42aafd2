"""A sender that works until it is killed; imported by the server that forks one after the other, which sets up once."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from typing import Final

import django

from tenants.whom import for_machine

#: Set by `send_kills` for the server alone.
IS_SERVED: Final = "SENDERS_ARE_FORKED"
LEASE: Final = timedelta(seconds=3)


def hurry() -> None:
    """Let leases end and looks be made within seconds."""
    from mailboxes.outbound import claims, outbox, pace, resolve

    claims.LEASE = resolve.GRACE = LEASE  # type: ignore[misc]
    outbox.FIRST_LOOK = resolve.SHORTEST_WAIT = timedelta(seconds=1)  # type: ignore[misc]
    # Seconds are minutes here: what Sent Items have not shown by then waits for a person.
    resolve.LOOK_FOR = timedelta(seconds=20)  # type: ignore[misc]
    pace.STEP_ASIDE = timedelta(seconds=0.1)  # type: ignore[misc]


@for_machine()
def work() -> None:
    """Send in turn until killed, as the schedule's doors do."""
    from mailboxes.outbound import outbox

    while True:
        if not outbox.send_in_turn(budget_s=5)[0]:
            time.sleep(0.05)


if os.environ.get(IS_SERVED):
    django.setup()
    hurry()
