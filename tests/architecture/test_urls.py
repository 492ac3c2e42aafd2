"""What a stranger can reach (S-29)."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

#: Routes that answer people who have not signed in, and why they may.
ANONYMOUS = {
    "healthz": "monitoring, says nothing",
    "readyz": "monitoring, names nobody",
    "metrics": "refuses all but loopback and the token by itself",
    "": "leads to the sign-in page",
    "admin/login/": "the sign-in page",
    "admin/logout/": "ends a session, by POST alone",
    "oauth/callback/": "takes browsers back from Microsoft, each once",
    "consent/<str:token>/": "leads administrators without an account to Microsoft, tells nothing",
    "consent/done/": "thanks them, whatever came of it",
    "oauth/staff/": "takes staff back from Microsoft, each once; not there while off",
    "admin/jsi18n/": "words of the date picker",
}
SAMPLES = {"int": "1", "path": "x", "str": "x", "slug": "x", "uuid": "00000000-0000-0000-0000-000000000000"}


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Give every route with an address that fits it."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern).lstrip("^")
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
            continue
        address = route.removesuffix("$").removesuffix("\\Z")
        for name, converter in pattern.pattern.converters.items():
            kind = type(converter).__name__.removesuffix("Converter").lower().replace("string", "str")
            address = address.replace(f"<{kind}:{name}>", SAMPLES[kind]).replace(f"<{name}>", "x")
        yield route, address


@pytest.mark.django_db
@pytest.mark.parametrize(("route", "address"), list(routes(get_resolver().url_patterns)))
def test_stranger_is_sent_to_sign_in_or_refused(route: str, address: str, client: Client) -> None:
    if route in ANONYMOUS or "?P<url>" in route:
        return
    response = client.get(f"/{address}")
    is_sent_to_sign_in = response.status_code == 302 and "/admin/login/" in response.headers["Location"]
    assert is_sent_to_sign_in or response.status_code in {403, 404, 405}, response.status_code
