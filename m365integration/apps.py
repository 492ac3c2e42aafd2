import sys

from django.apps import AppConfig
from django.conf import settings

from m365integration.safety import refuse_if_unsafe


class HouseConfig(AppConfig):
    """The project itself; it refuses to start when production is unsafe, whichever door was taken."""

    name = "m365integration"
    label = "house"
    verbose_name = "Running"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from m365integration import checks, heartbeat  # noqa: F401

        # `manage.py check` reports the same reasons one by one, so it alone may go on.
        if sys.argv[1:2] != ["check"]:
            refuse_if_unsafe(settings)
