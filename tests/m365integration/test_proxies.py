"""Who the client is, and who may say so (S-104)."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

from m365integration.proxies import CAME_THROUGH_PROXY, FORWARDED, TrustedProxies


def seen(peer: str, **headers: str) -> HttpRequest:
    """Send a request through the middleware and give what the product sees of it."""
    requests: list[HttpRequest] = []

    def note(request: HttpRequest) -> HttpResponse:
        requests.append(request)
        return HttpResponse()

    extra: dict[str, Any] = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    with override_settings(TRUSTED_PROXIES=["10.0.0.0/24"]):
        TrustedProxies(note)(RequestFactory().get("/", REMOTE_ADDR=peer, **extra))
    return requests[0]


def test_stranger_cannot_choose_his_address_or_scheme() -> None:
    request = seen("203.0.113.9", x_forwarded_for="127.0.0.1", x_forwarded_proto="https")
    assert request.META["REMOTE_ADDR"] == "203.0.113.9"
    assert not request.is_secure()


@pytest.mark.parametrize("name", FORWARDED)
def test_claim_of_a_stranger_reaches_nobody(name: str) -> None:
    request = seen("203.0.113.9", **{name.removeprefix("HTTP_").lower(): "127.0.0.1"})
    assert name not in request.META
    assert request.META[CAME_THROUGH_PROXY] is True


def test_own_proxy_is_believed() -> None:
    request = seen("10.0.0.7", x_forwarded_for="203.0.113.9", x_forwarded_proto="https")
    assert request.META["REMOTE_ADDR"] == "203.0.113.9"
    assert request.is_secure()


def test_address_a_client_wrote_into_the_chain_himself_is_not_believed() -> None:
    request = seen("10.0.0.7", x_forwarded_for="127.0.0.1, 203.0.113.9, 10.0.0.8")
    assert request.META["REMOTE_ADDR"] == "203.0.113.9"


def test_scheme_a_client_wrote_himself_is_not_believed() -> None:
    assert not seen("10.0.0.7", x_forwarded_for="203.0.113.9", x_forwarded_proto="https, http").is_secure()


@pytest.mark.parametrize("chain", ["", "unknown", "\x00", "203.0.113.9:1234, _hidden"])
def test_chain_without_an_address_leaves_the_proxy_as_the_client(chain: str) -> None:
    assert seen("10.0.0.7", x_forwarded_for=chain).META["REMOTE_ADDR"] == "10.0.0.7"


def test_peer_on_a_socket_file_is_nobody_in_particular() -> None:
    request = seen("", x_forwarded_for="127.0.0.1", x_forwarded_proto="https")
    assert request.META["REMOTE_ADDR"] == ""
    assert not request.is_secure()


def test_direct_request_is_known_to_be_direct() -> None:
    assert seen("127.0.0.1").META[CAME_THROUGH_PROXY] is False
