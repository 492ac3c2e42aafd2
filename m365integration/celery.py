"""The Celery application; every setting stands in settings.py under CELERY_."""

import logging.config
import os
from typing import Any

from celery import Celery, Task
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "m365integration.settings")

# Django's checks load every address and page, which a worker keeps in memory for nothing. What is unsafe in production
# is refused when the applications are loaded, here as well.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")


class MachineTask(Task):  # type: ignore[type-arg]  # Celery's own is not generic at run time
    """A task works for the product itself, and says so."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from tenants.whom import for_machine

        with for_machine():
            return super().__call__(*args, **kwargs)


app: "Celery[Any]" = Celery("m365integration", task_cls=MachineTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect(dispatch_uid="house-logs")
def use_our_logs(**kwargs: Any) -> None:
    """Log like the web does; Celery would install formats of its own, without redaction."""
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)
