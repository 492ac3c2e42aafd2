"""WSGI entry point; an unsafe production setting refuses here too."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "m365integration.settings")

application = get_wsgi_application()
