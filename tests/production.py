"""A proper production environment with throw-away values, for checks and for the tests of refusals."""

import os
import secrets
from pathlib import Path


def environment(var_dir: Path) -> dict[str, str]:
    """Compose what an operator would set; nothing of it is reached by a check."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return inherited | {
        "ENV_FILE": os.devnull,
        "DJANGO_SETTINGS_MODULE": "m365integration.settings",
        "DEPLOYMENT": "production",
        "VAR_DIR": str(var_dir),
        "SECRET_KEY": secrets.token_urlsafe(64),
        "FERNET_KEYS": secrets.token_urlsafe(48),
        "PUBLIC_URL": "https://desk.example",
        "TRUSTED_PROXIES": "127.0.0.1",
        "DATABASE_URL": "postgres://desk:word@127.0.0.1:5432/desk",
        "CELERY_BROKER_URL": "redis://127.0.0.1:6379/0",
        "EMAIL_URL": "smtp+tls://desk:word@mail.example:587",
        "ALERT_EMAILS": "operator@desk.example",
    }
