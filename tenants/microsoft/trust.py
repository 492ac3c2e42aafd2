"""Which certificates we believe, for every connection to Microsoft."""

import os
import ssl
from functools import lru_cache

import certifi

from tenants.errors import NetworkFailure

# Either one alone is enough: the first is what requests reads, the second what OpenSSL and Python read.
_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")


def tls_context() -> ssl.SSLContext:
    """Give the TLS settings of this process: always verified, 1.2 or newer, with the operator's CAs.

    Without REQUESTS_CA_BUNDLE and SSL_CERT_FILE the system's CAs count; where a machine has none, certifi's.
    Raises NetworkFailure (tls_ca_unreadable) when a file that was set cannot be read.
    """
    named = tuple(path for name in _VARIABLES if (path := os.environ.get(name)))
    return _context(named)


# One context lets all connections of a process share the parsed CAs, 15 ms each time otherwise.
@lru_cache(maxsize=4)
def _context(named: tuple[str, ...]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for path in named or _defaults():
        _trust(context, path)
    return context


def _defaults() -> tuple[str, ...]:
    paths = ssl.get_default_verify_paths()
    system = paths.cafile or (paths.capath if paths.capath and os.listdir(paths.capath) else None)
    return (system or certifi.where(),)


def _trust(context: ssl.SSLContext, path: str) -> None:
    readable = True
    try:
        if os.path.isdir(path):
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    except (OSError, ssl.SSLError):
        readable = False
    if not readable:
        raise NetworkFailure.own("tls_ca_unreadable")
