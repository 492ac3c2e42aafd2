import sys
from pathlib import Path

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
        from m365integration import catalogues, checks, heartbeat, languages  # noqa: F401

        for folder in settings.LOCALE_PATHS:
            catalogues.compile_into(Path(folder))
        # `manage.py check` reports the same reasons one by one, so it alone may go on.
        if sys.argv[1:2] != ["check"]:
            refuse_if_unsafe(settings)
