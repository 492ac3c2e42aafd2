"""Every knob of the product, read from the environment or a `.env` file.

One line each: meaning, unit, default. Unsafe values are refused by checks.py, not repaired here.
"""

from datetime import timedelta
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from m365integration import installation, keys, logs
from m365integration.appearance import UNFOLD as UNFOLD
from m365integration.environment import (
    BASE_DIR,
    absolute,
    broker_options,
    database,
    embedded_socket,
    env,
    origin,
)

# --- Deployment ------------------------------------------------------------------------------------------
# embedded: one machine, SQLite, own broker, own keys. production: nothing is made up. Default embedded.
DEPLOYMENT: str = env.str("DEPLOYMENT", default="embedded")
# Folder for database, keys, broker and mail of an embedded deployment. Default var beside manage.py.
VAR_DIR = absolute(env.str("VAR_DIR", default="var"))
# Signs sessions and links. Made once into VAR_DIR/secret.json when embedded, required in production.
SECRET_KEY: str = env.str("SECRET_KEY", default="")
# Encrypt stored credentials, newest first, 32 characters or more each. Made and required like SECRET_KEY.
FERNET_KEYS: list[str] = env.list("FERNET_KEYS", default=[])
if DEPLOYMENT == "embedded" and not (SECRET_KEY and FERNET_KEYS):
    _made = keys.load_or_make(VAR_DIR / "secret.json")
    SECRET_KEY, FERNET_KEYS = SECRET_KEY or _made.secret_key, FERNET_KEYS or list(_made.fernet_keys)
# Derive each encryption key from its text by HKDF, so that any text of 32 characters will do.
FERNET_USE_HKDF = True
# Show error pages with local variables. Never needed. Default false.
DEBUG: bool = env.bool("DEBUG", default=False)

# --- Addresses -------------------------------------------------------------------------------------------
# Where browsers and Microsoft reach us; every address we give away is derived from it.
# Default http://localhost:8000; https everywhere else.
PUBLIC_URL: str = origin("PUBLIC_URL", schemes=("https", "http"))
PUBLIC_URL_IS_SET = bool(PUBLIC_URL)
PUBLIC_URL = PUBLIC_URL or "http://localhost:8000"
_public = urlsplit(PUBLIC_URL)
_is_https = _public.scheme == "https"
_own_hosts = [_public.hostname or "localhost"] + ["127.0.0.1", "[::1]"] * (DEPLOYMENT == "embedded")
# Host names we answer to, comma list. Default the host of PUBLIC_URL; embedded also loopback.
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=_own_hosts)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
# Proxies whose X-Forwarded-For and -Proto are believed, comma list of addresses or networks. Default none.
TRUSTED_PROXIES: list[str] = env.list("TRUSTED_PROXIES", default=[])
# The middleware in proxies.py lets this header through from those only.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Bearer token for /metrics from elsewhere than loopback, 16 characters or more. Default none: loopback only.
METRICS_TOKEN: str = env.str("METRICS_TOKEN", default="")
# Where /readyz starts to fail: seconds since worker and beat were last heard. Default 60.
HEARTBEAT_LIMIT_S: int = env.int("HEARTBEAT_LIMIT_S", default=60)

# Tells this installation from a copy of its database; the same on all its machines, another one for each copy.
# Default: embedded a random text in VAR_DIR, in production PUBLIC_URL.
INSTALLATION: str = installation.own_name(
    given=env.str("INSTALLATION_ID", default=""),
    public_url=PUBLIC_URL,
    var_dir=VAR_DIR if DEPLOYMENT == "embedded" else None,
)
# A personal-looking inbox with this many mails is not touched before somebody confirms the count. Default 2000.
FULL_INBOX_MAILS: int = env.int("FULL_INBOX_MAILS", default=2000)

# --- Applications ----------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    # Its pages are looked for by urls.py: a worker needs none of them, and they would cost each 17 MB.
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "tenants.apps.TenantsConfig",
    "mailboxes.apps.MailboxesConfig",
    "tickets.apps.TicketsConfig",
    "m365integration.apps.HouseConfig",
]
MIDDLEWARE = [
    "m365integration.headers.SecurityHeaders",
    "m365integration.proxies.TrustedProxies",
    "m365integration.health.Probes",
    "m365integration.walls.Walls",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "m365integration.languages.PersonsLanguage",
    "m365integration.zones.PersonsZone",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "m365integration.sessions.SessionLimits",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "m365integration.urls"
WSGI_APPLICATION = "m365integration.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "m365integration" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Storage ---------------------------------------------------------------------------------------------
# Where rows live. Default SQLite in VAR_DIR; PostgreSQL in production.
DATABASES = {"default": database(VAR_DIR)}
# Folder of raw mail and attachments, never served as files. Default VAR_DIR/media.
MEDIA_ROOT = absolute(env.str("MEDIA_ROOT", default=str(VAR_DIR / "media")))
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
STATIC_URL = "/static/"
# Where collectstatic puts files in production. Default VAR_DIR/static.
STATIC_ROOT = absolute(env.str("STATIC_ROOT", default=str(VAR_DIR / "static")))
# Embedded serves static files where they lie, so that no collectstatic is needed before the first start.
WHITENOISE_USE_FINDERS = DEPLOYMENT == "embedded"
_static_storage = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
    if DEPLOYMENT == "embedded"
    else "whitenoise.storage.CompressedManifestStaticFilesStorage"
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _static_storage},
}

# --- People ----------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# Staff may also sign in with Microsoft once an application of the operator's own directory is named: its directory, its
# client id and its secret. Redirect address (Web): PUBLIC_URL/oauth/staff/. Default none: passwords alone.
STAFF_SIGN_IN_DIRECTORY_ID: str = env.str("STAFF_SIGN_IN_DIRECTORY_ID", default="").lower()
STAFF_SIGN_IN_CLIENT_ID: str = env.str("STAFF_SIGN_IN_CLIENT_ID", default="")
STAFF_SIGN_IN_CLIENT_SECRET: str = env.str("STAFF_SIGN_IN_CLIENT_SECRET", default="")
# The cloud of that directory: global, us_gov_high, us_gov_dod, china or custom. Default global.
STAFF_SIGN_IN_CLOUD: str = env.str("STAFF_SIGN_IN_CLOUD", default="global")
# What wrong passwords are counted by; each has its limit below, in this order.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "username", "ip_address"]
AXES_HANDLER = "m365integration.lockout.LoginLimits"
# Wrong passwords of one account from one address before both together are locked out. Default 10.
AXES_FAILURE_LIMIT: int = env.int("LOGIN_TRIES", default=10)
# The same for one account from all addresses, and for one address (perhaps an office) with all accounts.
LOGIN_LIMITS: list[int] = [
    AXES_FAILURE_LIMIT,
    env.int("LOGIN_TRIES_PER_ACCOUNT", default=20),  # Default 20.
    env.int("LOGIN_TRIES_PER_ADDRESS", default=50),  # Default 50.
]
AXES_LOCKOUT_TEMPLATE = "errors/locked_out.html"
# How long a lock-out lasts, minutes. Default 15.
AXES_COOLOFF_TIME = timedelta(minutes=env.int("LOGIN_LOCKOUT_MINUTES", default=15))
AXES_RESET_ON_SUCCESS = True
AXES_HTTP_RESPONSE_CODE = 429
AXES_ENABLE_ADMIN = AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code"]  # its rows hold none of these from a form
# One row per sign-in for ever would be a log nobody reads; failures are kept while they count.
AXES_DISABLE_ACCESS_LOG = True
# A session ends after this long without a request, seconds. Default 7200.
SESSION_IDLE_S: int = env.int("SESSION_IDLE_S", default=2 * 3600)
# A session ends this long after sign-in whatever happens, seconds. Default 43200.
SESSION_LONGEST_S: int = env.int("SESSION_LONGEST_S", default=12 * 3600)
SESSION_COOKIE_AGE = SESSION_LONGEST_S
# How long after a password it is asked for again before credentials, roles and deletions, seconds. Default 3600.
PROOF_S: int = env.int("PROOF_S", default=3600)

# --- Browser ---------------------------------------------------------------------------------------------
# __Host- binds a cookie to this host and path; browsers accept the prefix over https only.
SESSION_COOKIE_NAME = "__Host-session" if _is_https else "m365_session"
CSRF_COOKIE_NAME = "__Host-csrf" if _is_https else "m365_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _is_https
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
# Lax, not Strict: Microsoft sends the browser back to us from another site.
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = _is_https
# How long browsers insist on https, seconds. Default one year when PUBLIC_URL is https.
SECURE_HSTS_SECONDS: int = env.int("HSTS_S", default=365 * 86400 if _is_https else 0)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Whether HSTS covers sub-domains and preloading is up to the owner of the domain, not to one host of it.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

# --- Language --------------------------------------------------------------------------------------------
# Language of a browser that asks for none of ours. Default en.
LANGUAGE_CODE: str = env.str("LANGUAGE_CODE", default="en")
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [VAR_DIR / "locale"]  # Made from m365integration/locale at the start, see catalogues.py.
USE_TZ = True
TIME_ZONE = "UTC"

# --- Microsoft -------------------------------------------------------------------------------------------
# Hosts of the cloud named custom, https://host[:port]; choosable only when both are set. Default none.
M365_LOGIN_URL: str = origin("M365_LOGIN_URL", schemes=("https",))
M365_GRAPH_URL: str = origin("M365_GRAPH_URL", schemes=("https",))
# Mail hosts of the cloud custom: imaps://, pop3s://, smtp+starttls:// with host:port. Default none.
M365_IMAP_URL: str = origin("M365_IMAP_URL", schemes=("imaps",))
M365_POP_URL: str = origin("M365_POP_URL", schemes=("pop3s",))
M365_SMTP_URL: str = origin("M365_SMTP_URL", schemes=("smtp+starttls",))

# --- Mail ------------------------------------------------------------------------------------------------
# How long a mailbox rests between two syncs, seconds. Default 60.
SYNC_INTERVAL_S: int = env.int("SYNC_INTERVAL_S", default=60)
# How long a claim on a mailbox holds without renewal, seconds. Default 60.
SYNC_LEASE_S: int = env.int("SYNC_LEASE_S", default=60)
# How often each mailbox is compared with the ledger, hours. Default 24.
COMPARE_EVERY_H: int = env.int("COMPARE_EVERY_H", default=24)
# How many mailboxes are compared in each ten minutes at most. Default 50.
COMPARE_AT_ONCE: int = env.int("COMPARE_AT_ONCE", default=50)
# How many stored mails one filing transaction takes. Default 50.
FILING_BATCH: int = env.int("FILING_BATCH", default=50)
# How many ids one page of a folder listing holds. Default 100.
DELTA_PAGE_SIZE: int = env.int("DELTA_PAGE_SIZE", default=100)
# Largest mail taken in, bytes. Default 150 MiB.
MAX_RAW_BYTES: int = env.int("MAX_RAW_BYTES", default=150 * 1024 * 1024)
# How often filing is tried before a mail is quarantined. Default 3.
FILING_TRIES: int = env.int("FILING_TRIES", default=3)
# How often fetching one mail is tried before it is quarantined. Default 5.
FETCH_TRIES: int = env.int("FETCH_TRIES", default=5)
# Growing waits between tries, seconds; the last repeats. Default 30,120,600,3600,14400.
RETRY_DELAYS_S: list[int] = env.list("RETRY_DELAYS_S", cast=int, default=[30, 120, 600, 3600, 14400])
# Longest total time of one call to Microsoft, seconds. Default 60.
GRAPH_DEADLINE_S: int = env.int("GRAPH_DEADLINE_S", default=60)
# Requests at once per app and mailbox over all workers, 2 to 4; Microsoft refuses more. Default 4.
GRAPH_SLOTS: int = env.int("GRAPH_SLOTS", default=4)
# How many mails a mailbox sends in a minute; Exchange Online takes 30. Default 30.
SEND_PER_MINUTE: int = env.int("SEND_PER_MINUTE", default=30)
# How long an answer written in the admin can be taken back before it is sent, seconds. Default 10.
SEND_UNDO_S: int = env.int("SEND_UNDO_S", default=10)
# Force each stored mail to disk before its row is committed. Default true.
RAW_FSYNC: bool = env.bool("RAW_FSYNC", default=True)

# --- Notices ---------------------------------------------------------------------------------------------
# The operator's own mail server for alerts, smtp+tls://user:password@host:587. Default: print to the log.
EMAIL_IS_SET = bool(env.str("EMAIL_URL", default=""))
# Sets EMAIL_BACKEND, EMAIL_HOST and the others Django knows.
vars().update(env.email_url("EMAIL_URL") if EMAIL_IS_SET else env.email_url_config("consolemail://"))
EMAIL_TIMEOUT = 10
# Who is told, comma list of addresses. Default none.
ALERT_EMAILS: list[str] = env.list("ALERT_EMAILS", default=[])
# Sender of alerts. Default m365@ the host of PUBLIC_URL.
DEFAULT_FROM_EMAIL: str = env.str("ALERT_FROM", default=f"m365@{_public.hostname}")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Address that gets alerts as JSON by POST, https and public. Default none.
ALERT_WEBHOOK_URL: str = env.str("ALERT_WEBHOOK_URL", default="")

# --- Logs ------------------------------------------------------------------------------------------------
# DEBUG, INFO, WARNING or ERROR. Default INFO.
LOG_LEVEL: str = env.str("LOG_LEVEL", default="INFO")
# text for people, json for collectors. Default text when embedded, json in production.
LOG_STYLE: str = env.str("LOG_STYLE", default="text" if DEPLOYMENT == "embedded" else "json")
LOGGING = logs.config(level=LOG_LEVEL, style=LOG_STYLE)
DEFAULT_EXCEPTION_REPORTER = "m365integration.reporting.DiscreetReporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "m365integration.reporting.DiscreetFilter"

# --- Processes of `serve` --------------------------------------------------------------------------------
# Web processes and the threads of each. Default 1 and 8.
WEB_PROCESSES: int = env.int("WEB_PROCESSES", default=1)
WEB_THREADS: int = env.int("WEB_THREADS", default=8)
# Worker processes, of all machines together; with two or more, no tenant's mail takes all of them. Default 2.
CELERY_WORKER_CONCURRENCY: int = env.int("WORKERS", default=2)
# Worker children are replaced after this many tasks, or at this much memory in KiB. Default 2000 and 400000.
CELERY_WORKER_MAX_TASKS_PER_CHILD: int = env.int("WORKER_MAX_TASKS", default=2000)
CELERY_WORKER_MAX_MEMORY_PER_CHILD: int = env.int("WORKER_MAX_MEMORY_KIB", default=400_000)

# --- Work ------------------------------------------------------------------------------------------------
# Redis, Valkey or RabbitMQ. Default: a broker of our own on a socket in VAR_DIR; required in production.
CELERY_BROKER_URL: str = env.str("CELERY_BROKER_URL", default="")
# Path of that socket, None when the broker is somebody else's; `serve` starts it.
EMBEDDED_BROKER_SOCKET = None
if DEPLOYMENT == "embedded" and not CELERY_BROKER_URL:
    EMBEDDED_BROKER_SOCKET = embedded_socket(VAR_DIR)
    # Without one, worker and beat run as threads of the web process.
    CELERY_BROKER_URL = (
        f"redis+socket://{EMBEDDED_BROKER_SOCKET}?virtual_host=0" if EMBEDDED_BROKER_SOCKET else "memory://"
    )
CELERY_BROKER_TRANSPORT_OPTIONS = broker_options(CELERY_BROKER_URL)
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# None: try for ever. A worker that gives up leaves mail lying until a person looks.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY = False
# Name of the queue; installations that share a broker need one each. Default mail.
CELERY_TASK_DEFAULT_QUEUE: str = env.str("QUEUE", default="mail")
# Quorum queues survive the loss of a RabbitMQ node; classic mirrored ones are gone from RabbitMQ 4.
CELERY_TASK_DEFAULT_QUEUE_TYPE = "quorum" if CELERY_BROKER_URL.startswith("amqp") else "classic"
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = CELERY_EVENT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = CELERY_RESULT_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# A task outlives its broker: rows are claimed, so that a second delivery finds nothing to do.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
# A task is asked to end after 120 s and killed after 150 s; a long sync ends itself before, to go on later.
CELERY_TASK_SOFT_TIME_LIMIT = 120
CELERY_TASK_TIME_LIMIT = 150
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat")
# Every task and how often it runs; a sweep that could not run in time expires, mostly when the next is due.
CELERY_BEAT_SCHEDULE = {
    task: {"task": task, "schedule": timedelta(seconds=every_s), "options": {"expires": expires_s}}
    for task, every_s, expires_s in [
        ("mailboxes.tasks.sync_due", 5, 5),
        ("tickets.tasks.file_due", 10, 10),
        ("mailboxes.tasks.send_due", 5, 5),
        ("tickets.tasks.tend_tickets", 60, 60),
        ("mailboxes.tasks.acknowledge_due", 30, 30),
        ("tenants.tasks.refresh_tokens_due", 60, 60),
        ("tenants.tasks.prove_consents_due", 15, 15),
        ("mailboxes.tasks.examine_due", 300, 300),
        ("mailboxes.tasks.prove_scopes_due", 3600, 3600),
        ("mailboxes.tasks.compare_due", 600, 600),
        ("mailboxes.tasks.look_for_device_codes", 5, 5),
        ("mailboxes.tasks.exercise_sign_ins", 3600, 3600),
        ("mailboxes.tasks.sweep_storage", 86_400, 3600),
        ("m365integration.tasks.forget_expired", 86_400, 3600),
        ("tickets.tasks.sweep_attachments", 86_400, 3600),
        ("m365integration.tasks.beat_heart", 10, 30),
    ]
}
