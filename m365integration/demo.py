"""The environment of a demo, kept beside its database: whatever command names its folder works on it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

FILE: Final = "demo.env"
#: What a shell may know about a real deployment, and the demo must not: it would work on it, or tell its people.
FOREIGN: Final = (
    "DATABASE_URL",
    "CELERY_BROKER_URL",
    "QUEUE",
    "SECRET_KEY",
    "FERNET_KEYS",
    "PUBLIC_URL",
    "ALLOWED_HOSTS",
    "MEDIA_ROOT",
    "STATIC_ROOT",
    "EMAIL_URL",
    "ALERT_EMAILS",
    "ALERT_WEBHOOK_URL",
    "SSL_CERT_FILE",
)


def enter(values: Mapping[str, str]) -> None:
    """Take on the environment of a demo, and forget what belongs to a real deployment."""
    for name in FOREIGN:
        os.environ.pop(name, None)
    os.environ.update(values)


def keep(folder: Path, values: Mapping[str, str]) -> None:
    """Write the environment down for commands in other shells."""
    lines = ["# Written by each start of the demo.", *(f"{name}={value}" for name, value in values.items())]
    (folder / FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")


def kept_in(folder: Path) -> dict[str, str]:
    """Read what the demo of this folder was started with; empty when no demo was."""
    try:
        lines = (folder / FILE).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)
