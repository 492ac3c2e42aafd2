"""The product's own settings, read from an environment that belongs to the tests alone.

TEST_DATABASE_URL chooses another database than SQLite.
"""

import atexit
import os
import shutil
import tempfile

#: What a developer's shell says about a real deployment is none of a test's business.
FOREIGN = (
    "DEPLOYMENT",
    "SECRET_KEY",
    "FERNET_KEYS",
    "DEBUG",
    "PUBLIC_URL",
    "ALLOWED_HOSTS",
    "TRUSTED_PROXIES",
)
FOREIGN += (
    "DATABASE_URL",
    "CELERY_BROKER_URL",
    "EMAIL_URL",
    "ALERT_",
    "METRICS_TOKEN",
    "MEDIA_ROOT",
    "M365_",
)

for _name in [name for name in os.environ if name.startswith(FOREIGN)]:
    del os.environ[_name]

_folder = tempfile.mkdtemp(prefix="m365-tests-")
_owner = os.getpid()


def _remove_folder() -> None:
    # A forked worker inherits this, and must not take the folder away from its parent.
    if os.getpid() == _owner:
        shutil.rmtree(_folder, ignore_errors=True)


atexit.register(_remove_folder)
os.environ |= {"ENV_FILE": os.devnull, "VAR_DIR": _folder, "CELERY_BROKER_URL": "memory://"}
if os.environ.get("TEST_DATABASE_URL"):
    os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]

from m365integration.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if os.environ.get("TEST_DATABASE_URL"):
    # Two people, or two runs, may use one server at once.
    DATABASES["default"]["TEST"] = {"NAME": f"test_m365_{os.getpid()}"}  # noqa: F405
