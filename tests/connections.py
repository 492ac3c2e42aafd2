"""Connections that a thread of the product keeps open from one call to the next."""

from tenants.microsoft import http


def forget_connections() -> None:
    """Drop this thread's, with the trusted CAs and proxies they were made for."""
    if http._local.session is not None:
        http._local.session.close()
    http._local.session = None
