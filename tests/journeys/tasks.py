"""Call every task of the product as a worker does, in a process where nobody has said for whom.

    python -m tests.journeys.tasks

Prints the names of those that were called.
"""

from __future__ import annotations

import inspect

import django

from m365integration.celery import app


def main() -> None:
    django.setup()
    from mailboxes.models import Mailbox
    from tenants.whom import for_machine

    with for_machine():
        mailbox = Mailbox.objects.order_by("pk")[0]
    numbers = {"mailbox_id": mailbox.pk, "tenant_id": mailbox.tenant_id}
    app.loader.import_default_modules()
    for name, task in sorted(app.tasks.items()):
        if not name.startswith("celery."):
            task(*(numbers[word] for word in inspect.signature(task.run).parameters))
            print(name)


if __name__ == "__main__":
    main()
