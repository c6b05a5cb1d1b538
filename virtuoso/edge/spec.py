"""What an edge is, in plain values: everything that its configuration depends on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from virtuoso.domain.addresses import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSpec:
    """`address` to listen on: an IP address and a port. `servers` (gRPC, at least one) and `monitors` (HTTP, of servers)
    are the addresses on which they listen. The default of every other field is to leave that part out: no page, no limit,
    no log, clear text."""

    address: Address
    servers: Sequence[Address]
    monitors: Sequence[Address]
    origins: Sequence[str] = ("*",)  # whose pages may call ("https://host", "*" for any), never with credentials
    page: Address | None = None  # where the web page is served to Envoy
    rate_limit: int = 0  # requests a second of one caller; 0 for any number
    burst: int = 200  # requests at once of a caller that sent few before
    trusted_proxies: int = 0  # proxies before us whose X-Forwarded-For names the caller
    access_log: str = ""  # a path, or "-" for standard output
    certificate: str = ""  # PEM files, both or none
    key: str = ""

    @property
    def scheme(self) -> str:
        """The scheme of its URL."""
        return "https" if self.certificate else "http"
