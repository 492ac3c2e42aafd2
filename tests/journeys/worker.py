"""A worker as a program of its own: does what the schedule's doors do, in a loop, until it is killed.

    python -m tests.journeys.worker

It says on standard output when it tries a mailbox ("try") and when it is back ("back"). With DIE_AFTER_FILING naming a
file, the worker that can remove this file kills itself between the commit that filed mails and their acknowledgement.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import django
from django.utils import timezone

from tenants.whom import for_machine


@for_machine()
def main() -> None:
    django.setup()
    from mailboxes.inbound.acknowledge import mailboxes_with_leftovers
    from mailboxes.inbound.run import Filed
    from mailboxes.inbound.sync import sync
    from mailboxes.models import Mailbox
    from tickets import filing

    def file_and_perhaps_die(mailbox: Mailbox) -> Filed:
        return or_die(filing.file_for(mailbox))

    def or_die(filed: Filed) -> Filed:
        if filed.settled and _takes(os.environ.get("DIE_AFTER_FILING", "")):
            os.kill(os.getpid(), signal.SIGKILL)
        return filed

    mailbox_ids = list(Mailbox.objects.values_list("pk", flat=True))
    say("ready")
    while True:
        mailboxes_with_leftovers(timezone.now())
        worked = False
        for mailbox_id in mailbox_ids:
            say("try")
            report = sync(mailbox_id, file=file_and_perhaps_die, budget_s=20)
            say("back" if report.error is None else f"error {report.error.code}")
            worked |= bool(report.fetched)
        for tenant_id in filing.tenants_due():
            or_die(filing.Filer(tenant_id).file_due())
        if not worked:
            time.sleep(0.05)


def say(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


def _takes(flag: str) -> bool:
    """Remove the flag; of several workers one succeeds."""
    try:
        Path(flag).unlink()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
