"""Why a deployment must not start: every reason with its fix, all at once.

A reason never names the value it complains about; a half-typed secret is a secret.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
SHORTEST_SECRET_KEY = 50
SHORTEST_FERNET_KEY = 32
SHORTEST_METRICS_TOKEN = 16
#: One for a run that reads, one for whoever sends or looks beside it; Microsoft takes four requests at once per app and
#: mailbox. Source: Graph throttling limits, Outlook service.
FEWEST_SLOTS, MOST_SLOTS = 2, 4
REAL_BROKERS = ("redis://", "rediss://", "redis+socket://", "unix://", "sentinel://", "amqp://", "amqps://")


class Refused(ImproperlyConfigured):
    """The deployment is unsafe; the text names every reason and its fix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One thing that is unsafe. Ids are stable and never used again for something else."""

    id: str
    cause: str
    fix: str


Rule = Callable[[Any], Iterator[Reason]]


def reasons(settings: Any) -> list[Reason]:
    """List everything unsafe about the settings, in the order of the rules below."""
    rules = ALWAYS if settings.DEPLOYMENT == "embedded" else ALWAYS + PRODUCTION
    return [reason for rule in rules for reason in rule(settings)]


def refuse_if_unsafe(settings: Any) -> None:
    """Raise Refused with every reason when a production deployment is unsafe.

    An embedded deployment is left to Django's system checks, which stop every command but not a test.
    """
    if settings.DEPLOYMENT == "embedded":
        return
    if found := reasons(settings):
        lines = [f"  {reason.id}  {reason.cause}\n              Fix: {reason.fix}" for reason in found]
        raise Refused(f"This deployment is not safe to start, {len(found)} reason(s):\n" + "\n".join(lines))


def _deployment(settings: Any) -> Iterator[Reason]:
    if settings.DEPLOYMENT not in {"embedded", "production"}:
        yield Reason(
            id="house.E001",
            cause="DEPLOYMENT is neither embedded nor production.",
            fix="Set DEPLOYMENT=production for servers, or leave it out on one machine of your own.",
        )


def _public_url(settings: Any) -> Iterator[Reason]:
    url = urlsplit(settings.PUBLIC_URL)
    if url.scheme != "https" and url.hostname not in LOCAL_HOSTS:
        yield Reason(
            id="house.E010",
            cause="PUBLIC_URL is not https; Microsoft sends sign-ins back to https or to localhost only.",
            fix="Put a TLS proxy in front and set PUBLIC_URL=https://your.host.",
        )


def _file_modes(settings: Any) -> Iterator[Reason]:
    var_dir, media = Path(settings.VAR_DIR), Path(settings.MEDIA_ROOT)
    for path in (var_dir / "secret.json", media, *[var_dir] * (settings.DEPLOYMENT == "embedded")):
        if path.exists() and path.stat().st_mode & 0o077:
            mode = "700" if path.is_dir() else "600"
            yield Reason(
                id="house.E018",
                cause=f"{path.name} can be read by other accounts of this machine.",
                fix=f"Run: chmod {mode} {path}",
            )


def _work(settings: Any) -> Iterator[Reason]:
    expected = {
        "CELERY_TASK_ACKS_LATE": True,
        "CELERY_TASK_REJECT_ON_WORKER_LOST": True,
        "CELERY_TASK_IGNORE_RESULT": True,
        "CELERY_WORKER_PREFETCH_MULTIPLIER": 1,
        "CELERY_TASK_SERIALIZER": "json",
        "CELERY_ACCEPT_CONTENT": ["json"],
    }
    changed = [name for name, value in expected.items() if getattr(settings, name) != value]
    if changed:
        yield Reason(
            id="house.E019",
            cause=f"{', '.join(changed)} would lose or double work when a worker dies.",
            fix="Remove the change from settings.py.",
        )


def _custom_cloud(settings: Any) -> Iterator[Reason]:
    if bool(settings.M365_LOGIN_URL) != bool(settings.M365_GRAPH_URL):
        yield Reason(
            id="house.E020",
            cause="Only one of M365_LOGIN_URL and M365_GRAPH_URL is set; the custom cloud needs both.",
            fix="Set both to https://host[:port], or neither.",
        )


def _staff_sign_in(settings: Any) -> Iterator[Reason]:
    names = ("STAFF_SIGN_IN_DIRECTORY_ID", "STAFF_SIGN_IN_CLIENT_ID", "STAFF_SIGN_IN_CLIENT_SECRET")
    missing = [name for name in names if not getattr(settings, name)]
    if 0 < len(missing) < len(names):
        yield Reason(
            id="house.E028",
            cause=f"Staff cannot sign in with Microsoft: {', '.join(missing)} is not set, and the others are.",
            fix="Set all three, or none to leave it at passwords.",
        )


def _trust(settings: Any) -> Iterator[Reason]:
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        path = os.environ.get(name)
        if path and not Path(path).exists():
            yield Reason(
                id="house.E021",
                cause=f"{name} names a file that does not exist, so no call to Microsoft can be verified.",
                fix=f"Correct the path in {name}, or remove it to trust what the system trusts.",
            )


def _proxies(settings: Any) -> Iterator[Reason]:
    for entry in settings.TRUSTED_PROXIES:
        try:
            network = ip_network(entry, strict=False)
        except ValueError:
            yield _proxy_reason("an entry of TRUSTED_PROXIES is no address and no network")
            continue
        if network.prefixlen == 0:
            yield _proxy_reason("TRUSTED_PROXIES trusts the whole internet")


def _proxy_reason(cause: str) -> Reason:
    fix = "List the addresses of your own proxies only, for example TRUSTED_PROXIES=127.0.0.1,10.0.0.0/24."
    return Reason(id="house.E017", cause=f"{cause[0].upper()}{cause[1:]}.", fix=fix)


def _secret_key(settings: Any) -> Iterator[Reason]:
    # Read past Django's lazy settings: they refuse an empty SECRET_KEY before the other reasons.
    key = _raw(settings, "SECRET_KEY")
    make = "Set it to the output of: python -c 'import secrets; print(secrets.token_urlsafe(64))'"
    if not key:
        yield Reason(id="house.E002", cause="SECRET_KEY is not set.", fix=make)
    elif len(key) < SHORTEST_SECRET_KEY or len(set(key)) < 5:
        yield Reason(id="house.E003", cause="SECRET_KEY is too short or too simple to be one.", fix=make)


def _fernet_keys(settings: Any) -> Iterator[Reason]:
    keys = settings.FERNET_KEYS
    make = "Set it to the output of: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
    if not keys:
        yield Reason(id="house.E005", cause="FERNET_KEYS is not set; stored secrets need a key.", fix=make)
    if any(len(key) < SHORTEST_FERNET_KEY for key in keys):
        yield Reason(id="house.E006", cause="A key of FERNET_KEYS is shorter than 32 characters.", fix=make)
    if _raw(settings, "SECRET_KEY") in keys:
        yield Reason(
            id="house.E007",
            cause="FERNET_KEYS contains SECRET_KEY; one leak would open both.",
            fix="Put a new key in front, run manage.py rotate_keys, then remove the shared one.",
        )


def _raw(settings: Any, name: str) -> Any:
    return getattr(getattr(settings, "_wrapped", settings), name)


def _debug(settings: Any) -> Iterator[Reason]:
    if settings.DEBUG:
        yield Reason(id="house.E008", cause="DEBUG shows our insides to strangers.", fix="Remove DEBUG.")


def _database(settings: Any) -> Iterator[Reason]:
    if not settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        yield Reason(
            id="house.E009",
            cause="The database is not PostgreSQL; SQLite serves one machine only.",
            fix="Set DATABASE_URL=postgres://user:password@host:5432/name.",
        )


def _named(settings: Any) -> Iterator[Reason]:
    if not settings.PUBLIC_URL_IS_SET:
        yield Reason(
            id="house.E011",
            cause="PUBLIC_URL is not set; redirect and webhook addresses derive from it.",
            fix="Set PUBLIC_URL=https://your.host.",
        )


def _hosts(settings: Any) -> Iterator[Reason]:
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        yield Reason(
            id="house.E012",
            cause="ALLOWED_HOSTS is empty or answers to every name.",
            fix="Remove ALLOWED_HOSTS (the host of PUBLIC_URL is taken), or list the names.",
        )


def _broker(settings: Any) -> Iterator[Reason]:
    if not settings.CELERY_BROKER_URL.startswith(REAL_BROKERS):
        yield Reason(
            id="house.E013",
            cause="CELERY_BROKER_URL names no Redis, Valkey or RabbitMQ server.",
            fix="Set CELERY_BROKER_URL=redis://:password@host:6379/0 or amqps://user:password@host//.",
        )


def _cookies(settings: Any) -> Iterator[Reason]:
    if settings.PUBLIC_URL.startswith("https:") and not (
        settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE
    ):
        yield Reason(
            id="house.E014",
            cause="Cookies would travel without TLS.",
            fix="Leave SESSION_COOKIE_SECURE and CSRF_COOKIE_SECURE to settings.py.",
        )


def _alerts(settings: Any) -> Iterator[Reason]:
    if not settings.EMAIL_IS_SET and not settings.ALERT_WEBHOOK_URL:
        yield Reason(
            id="house.E015",
            cause="Nobody would be told when mail stops: neither EMAIL_URL nor ALERT_WEBHOOK_URL is set.",
            fix="Set EMAIL_URL=smtp+tls://user:password@host:587 and ALERT_EMAILS, or ALERT_WEBHOOK_URL=https://…",
        )
    elif settings.EMAIL_IS_SET and not settings.ALERT_EMAILS and not settings.ALERT_WEBHOOK_URL:
        yield Reason(
            id="house.E022",
            cause="EMAIL_URL is set but nobody is named to be told.",
            fix="Set ALERT_EMAILS=you@your.host.",
        )


def _alert_ways(settings: Any) -> Iterator[Reason]:
    if any("@" not in parseaddr(address)[1] for address in settings.ALERT_EMAILS):
        yield Reason(
            id="house.E030",
            cause="An entry of ALERT_EMAILS is no mail address, so no alert would reach it.",
            fix="Set ALERT_EMAILS=you@your.host, several with commas between.",
        )
    if settings.ALERT_WEBHOOK_URL and not settings.ALERT_WEBHOOK_URL.startswith("https://"):
        yield Reason(
            id="house.E024",
            cause="ALERT_WEBHOOK_URL is not https, so no alert would be sent there.",
            fix="Set it to an https address outside of your own network.",
        )
    is_open = settings.EMAIL_IS_SET and not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL)
    if is_open and settings.EMAIL_HOST not in LOCAL_HOSTS:
        yield Reason(
            id="house.E025",
            cause="EMAIL_URL would send its password and the alerts without TLS.",
            fix="Set EMAIL_URL=smtp+tls://user:password@host:587, or smtp+ssl:// for port 465.",
        )


def _slots(settings: Any) -> Iterator[Reason]:
    if not FEWEST_SLOTS <= settings.GRAPH_SLOTS <= MOST_SLOTS:
        yield Reason(
            id="house.E026",
            cause="GRAPH_SLOTS is not 2 to 4: reading and sending need one each, and Microsoft refuses a fifth.",
            fix="Remove GRAPH_SLOTS, or set it to 2, 3 or 4.",
        )


def _fsync(settings: Any) -> Iterator[Reason]:
    if not settings.RAW_FSYNC:
        cause = "RAW_FSYNC is off: a power cut could lose mail that was moved out of the inbox already."
        yield Reason(id="house.E029", cause=cause, fix="Remove RAW_FSYNC.")


def _media(settings: Any) -> Iterator[Reason]:
    media, static = Path(settings.MEDIA_ROOT), Path(settings.STATIC_ROOT)
    if media == static or static in media.parents:
        yield Reason(
            id="house.E027",
            cause="MEDIA_ROOT lies in STATIC_ROOT, whose files are served to everybody.",
            fix="Set MEDIA_ROOT to a folder of its own.",
        )


def _metrics_token(settings: Any) -> Iterator[Reason]:
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < SHORTEST_METRICS_TOKEN:
        yield Reason(
            id="house.E016",
            cause="METRICS_TOKEN is short enough to be guessed.",
            fix="Set it to 16 characters or more, or remove it to allow loopback only.",
        )


def _tls_proxy(settings: Any) -> Iterator[Reason]:
    if settings.PUBLIC_URL.startswith("https:") and not settings.TRUSTED_PROXIES:
        yield Reason(
            id="house.E023",
            cause="TRUSTED_PROXIES is empty, so no request would count as https and every one be redirected.",
            fix="Set it to the address of the TLS proxy, for example TRUSTED_PROXIES=127.0.0.1.",
        )


ALWAYS: list[Rule] = [
    _deployment,
    _public_url,
    _file_modes,
    _work,
    _custom_cloud,
    _trust,
    _proxies,
    _slots,
    _media,
    _staff_sign_in,
]
PRODUCTION: list[Rule] = [
    _secret_key,
    _fernet_keys,
    _debug,
    _database,
    _named,
    _hosts,
    _broker,
    _cookies,
    _alerts,
    _alert_ways,
    _fsync,
    _metrics_token,
    _tls_proxy,
]
