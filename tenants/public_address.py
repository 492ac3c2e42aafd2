"""Addresses somebody else may have chosen: only public ones are called, and the one that was checked is the one called.

Source: OWASP, Server-Side Request Forgery Prevention; RFC 6890 for the special ranges.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Final
from urllib.parse import urlsplit

HTTPS_PORT: Final = 443


class NotPublic(Exception):
    """The address may not be called; the sentence says why."""


def public_ip(url: str) -> str:
    """Resolve the host of an https address and give the one address to connect to.

    Raises NotPublic unless every address of the name is public: loopback, private, link-local and metadata
    addresses are refused in all their spellings, for the check is made on what the resolver gives.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise NotPublic("The address must begin with https:// and name a host.")
    if parts.username or parts.password:
        raise NotPublic("The address must not contain a user name or password.")
    try:
        port = parts.port or HTTPS_PORT
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, ValueError) as error:
        raise NotPublic("The name of the host could not be resolved.") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(is_public(address) for address in addresses):
        raise NotPublic("The host has an address that is not public; it is not called.")
    return addresses[0]


def is_public(address: str) -> bool:
    """Tell whether an IP address lies in the public internet, looking through IPv6 wrappings of IPv4."""
    try:
        ip = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    inner = _wrapped(ip)
    return ip.is_global and not ip.is_multicast and (inner is None or inner.is_global)


def _wrapped(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if isinstance(ip, ipaddress.IPv4Address):
        return None
    if ip.ipv4_mapped or ip.sixtofour:
        return ip.ipv4_mapped or ip.sixtofour
    is_nat64 = ip in ipaddress.ip_network("64:ff9b::/96")
    return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if is_nat64 else None
