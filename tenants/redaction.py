"""Keep secrets out of anything printed: by name, by shape and by value.

Plain Python, without Django: the log formatters load it before the applications are ready.
"""

import re
from collections import OrderedDict
from threading import Lock
from typing import Final

HIDDEN: Final = "[redacted]"
#: Shorter text would hide ordinary words; no secret of Microsoft's is as short.
SHORTEST_SECRET: Final = 8
#: How many live values are remembered, the latest used last.
MOST_SECRETS: Final = 2048

_NAMES: Final = (
    r"authorization|access_token|refresh_token|id_token|client_secret|client_assertion|password|passwd|"
    r"code_verifier|assertion|cookie|sessionid|csrftoken|fernet_keys|secret_key|device_code|metrics_token"
)
_BY_NAME: Final = re.compile(
    rf"(?P<name>[\"']?\b(?:{_NAMES})\b[\"']?\s*[=:]\s*)(?P<quote>[\"']?)(?:(?:bearer|basic)\s+)?[^\s\"',;&}})]+",
    re.IGNORECASE,
)
# Only in an address: elsewhere a code is a diagnosis and a state is where a mail stands.
_IN_QUERY: Final = re.compile(r"(?P<name>[?&#](?:code|state|token|sig)=)[^\s&\"'#]+", re.IGNORECASE)
# A link that is its own key.
_IN_PATH: Final = re.compile(r"(?P<name>/(?:consent|calendar)/)[\w-]{20,}")
_BY_SHAPE: Final = re.compile(
    r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"  # a signed token
    r"|(?<=bearer )[\w.~+/=-]{8,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    re.IGNORECASE | re.DOTALL,
)
# PostgreSQL says which row it would not have, and that may be an address or the words of a mail.
_ROW: Final = re.compile(
    r"(?P<name>^DETAIL:\s+).*?(?=\n(?:Traceback|\n(?:The above|During handling))|\Z)",
    re.DOTALL | re.MULTILINE,
)
_live: OrderedDict[str, None] = OrderedDict()
_lock = Lock()


def remember(secret: str) -> None:
    """Hide this value from now on wherever this process prints it."""
    if len(secret) < SHORTEST_SECRET:
        return
    with _lock:
        _live[secret] = None
        _live.move_to_end(secret)
        if len(_live) > MOST_SECRETS:
            _live.popitem(last=False)


def redact(text: str) -> str:
    """Replace what is secret in a text about to be printed."""
    with _lock:
        secrets = [secret for secret in _live if secret in text]
    # The longest first: a secret that contains another one must not leave its rest behind.
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    text = _BY_SHAPE.sub(HIDDEN, text)
    text = _ROW.sub(rf"\g<name>{HIDDEN}", text)
    text = _IN_QUERY.sub(rf"\g<name>{HIDDEN}", text)
    text = _IN_PATH.sub(rf"\g<name>{HIDDEN}", text)
    return _BY_NAME.sub(rf"\g<name>\g<quote>{HIDDEN}", text)
