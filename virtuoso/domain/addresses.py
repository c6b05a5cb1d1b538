"""Addresses as (host, port) and as text."""

from __future__ import annotations

import ipaddress
import re
import socket

Address = tuple[str, int]
# The length of the IPv6 prefix that identifies a caller. A customer has all addresses with the prefix.
CALLER_BITS = 64
_MEMCACHED_PORT = 11211
_MEMCACHED = re.compile(r"(?:\[([0-9a-fA-F:]+)\]|([^\s/,:\[\]]+))(?::([0-9]{1,5}))?")  # "host", "host:port" or "[::1]:port"


def parse_address(text: str, *, min_port: int = 0) -> Address:
    """Return (host, port) of "host:port". An IPv6 host is in brackets. Port 0 means any free port; `min_port=1` refuses it.

    Raise ValueError if the address is not valid. Its message states the expected format."""
    host, _, port = text.rpartition(":")
    host = host.strip("[]")
    if not host or not (port.isascii() and port.isdigit()) or not min_port <= int(port) < 65536:
        zero = "" if min_port else " (0 for any free port)"
        raise ValueError(f"{text!r}: expected host:port, such as 127.0.0.1:50051{zero}")
    return host, int(port)


def memcached_servers(url: str) -> list[Address]:
    """Return each server of memcached://host:port,host:port once, or none for another kind of repository.

    Raise ValueError with the reason if a server is not valid."""
    scheme, separator, servers = url.partition("://")
    if scheme != "memcached" or not separator:
        return []
    return list(dict.fromkeys(map(_memcached_server, servers.split(","))))


def _memcached_server(text: str) -> Address:
    found = _MEMCACHED.fullmatch(text)
    port = int((found and found[3]) or _MEMCACHED_PORT)
    if found is None or not 0 < port < 65536:
        raise ValueError(f"{text!r} is not a host with an optional port from 1 to 65535")
    return found[1] or found[2], port


def format_address(address: Address) -> str:
    """Return "host:port", with brackets around an IPv6 host."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def reachable(address: Address) -> Address:
    """Return the address under which this machine reaches a listener. 0.0.0.0, * and :: become loopback addresses."""
    host, port = address
    return {"0.0.0.0": "127.0.0.1", "*": "127.0.0.1", "::": "::1"}.get(host, host), port  # noqa: S104 - compared, not bound


def is_loopback(host: str) -> bool:
    """Return True for localhost and for an address that only this machine can reach."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_private(host: str) -> bool:
    """Return True for an IP address that the internet cannot reach: of this machine or of a private network."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


def caller(host: str) -> str:
    """Return the name under which calls from an IP address are counted. It is at most 64 characters long."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host[:64]
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), CALLER_BITS), strict=False))


def address_in_use(name: str, address: Address) -> str:
    """Return the error message for a setting `name` whose address is in use by another program."""
    return f"{name} {format_address(address)} cannot be used: another program listens there. End it or choose another port"


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that no program uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
