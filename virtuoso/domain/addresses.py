"""Addresses as (host, port) and as text."""

from __future__ import annotations

import socket

Address = tuple[str, int]


def joined(address: Address) -> str:
    """As "host:port", with brackets around an IPv6 host."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def reachable(address: Address) -> Address:
    """Where a listener on it is reached from this machine: 0.0.0.0 and :: are nobody's address."""
    host, port = address
    return {"0.0.0.0": "127.0.0.1", "*": "127.0.0.1", "::": "::1"}.get(host, host), port  # noqa: S104 - compared, not bound


def taken(name: str, address: Address) -> str:
    """What to say when the setting `name` names an address that another program has."""
    return f"{name} {joined(address)} cannot be used: another program listens there. End it or choose another port"


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
