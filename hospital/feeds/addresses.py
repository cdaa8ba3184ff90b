"""
Where a webhook may go: an address of the public internet, and nothing of our own networks.

An organisation names the address, and our server calls it (D7): so a name is looked up once for
each attempt, all that it leads to is checked, and the connection goes to what was checked. A name
that leads elsewhere a moment later leads nowhere. The form of an address is so strict that no two
programs read it differently: no user, no query, no escapes, and no host that is a number.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from django.conf import settings

from hospital import errors

LONGEST: Final = 300
_URL: Final = re.compile(
    r"https://(?P<host>(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9]))"
    r"(?::(?P<port>[1-9][0-9]{1,4}))?(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?"
)
_LOCAL: Final = re.compile(
    r"http://(?P<host>127\.0\.0\.1):(?P<port>[1-9][0-9]{3,4})(?:/[A-Za-z0-9_-]+)*"
)
_INTERNET_V6: Final = IPv6Network("2000::/3")
_NOT_THERE: Final = (
    *(ip_network("192.88.99.0/24"), ip_network("168.63.129.16/32")),
    *(IPv6Network("64:ff9b::/96"), IPv6Network("2002::/16"), IPv6Network("2001::/23")),
)
"""6to4, Teredo, NAT64, which hide another address; and the one at which Azure serves its guests."""


class BadUrl(errors.Invalid):
    """An endpoint is https://name.of.a.host/path, without user, query, or escaped characters."""

    code = "feed.bad_url"


class NotPublic(Exception):
    """The name leads into a network that is not the internet, or nowhere."""


@dataclass(frozen=True, slots=True)
class Target:
    """A host by its name, and the port."""

    host: str
    port: int


def target(url: str) -> Target:
    """Whom a URL names; nothing is looked up. Raises ``BadUrl``."""
    found = _URL.fullmatch(url) or (_LOCAL.fullmatch(url) if settings.FEEDS_LOCAL else None)
    if found is None or len(url) > LONGEST:
        raise BadUrl(field="url")
    port = int(found["port"] or 443)
    if port != 443 and not 1024 <= port <= 65_535:
        raise BadUrl(field="url")
    return Target(found["host"], port)


def looked_up(url: str) -> str:
    """
    The address to connect to, as text.

    Raises:
        NotPublic: the name leads to no address, or to any that is not ``is_public``.
        BadUrl: the URL was registered under other settings.
    """
    where = target(url)
    try:
        found = socket.getaddrinfo(where.host, where.port, type=socket.SOCK_STREAM)
    except OSError as fault:
        raise NotPublic("no such name") from fault
    addresses = [str(one[4][0]) for one in found]
    if not addresses or not (settings.FEEDS_LOCAL or all(map(is_public, addresses))):
        raise NotPublic("an address of no public network")
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an address belongs to the internet, and hides no other one."""
    try:
        ip: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address) and ip not in _INTERNET_V6:
        return False  # loopback, link-local, unique local, IPv4 in any guise
    if any(ip in network for network in _NOT_THERE if network.version == ip.version):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved
