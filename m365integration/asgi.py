"""ASGI entry point; an unsafe production setting refuses here too."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "m365integration.settings")

application = get_asgi_application()
