"""Believe forwarded headers from our own proxies and from nobody else."""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from m365integration.headers import Answer

#: Headers with which a proxy, or a liar, says who the client is.
FORWARDED = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PREFIX",
    "HTTP_X_FORWARDED_SSL",
    "HTTP_X_REAL_IP",
    "HTTP_CF_CONNECTING_IP",
    "HTTP_TRUE_CLIENT_IP",
    "HTTP_VIA",
)
#: WSGI key that remembers, after the headers are gone, that the request came through somebody else.
CAME_THROUGH_PROXY = "m365.came_through_proxy"


class TrustedProxies:
    """Replace REMOTE_ADDR and the scheme by what a trusted proxy says; strip every other claim."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        self.networks = [ip_network(entry, strict=False) for entry in settings.TRUSTED_PROXIES]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        meta = request.META
        claims = {name: meta.pop(name) for name in FORWARDED if name in meta}
        meta[CAME_THROUGH_PROXY] = bool(claims)
        if is_within(meta.get("REMOTE_ADDR", ""), self.networks):
            meta["REMOTE_ADDR"] = self.client(claims.get("HTTP_X_FORWARDED_FOR", ""), meta["REMOTE_ADDR"])
            scheme = claims.get("HTTP_X_FORWARDED_PROTO", "").rsplit(",", 1)[-1].strip()
            meta["HTTP_X_FORWARDED_PROTO"] = scheme
        return self.get_response(request)

    def client(self, chain: str, peer: str) -> str:
        """Walk the chain from our side and stop at the first address that is not one of our proxies."""
        nearest = peer
        for address in reversed([part.strip() for part in chain.split(",") if part.strip()]):
            if not is_address(address):
                break
            nearest = address
            if not is_within(address, self.networks):
                break
        return nearest


def is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_within(text: str, networks: list[IPv4Network | IPv6Network]) -> bool:
    return is_address(text) and any(ip_address(text) in network for network in networks)


def is_loopback(text: str) -> bool:
    return is_address(text) and ip_address(text).is_loopback
