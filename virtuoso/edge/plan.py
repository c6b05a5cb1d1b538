"""What an edge shall be, in plain values: all that its configuration depends on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from virtuoso.domain.addresses import Address


@dataclass(frozen=True, slots=True)
class Plan:
    """`address` to listen on, an IP address and a port; `servers` (gRPC, at least one) and `monitors` (HTTP, of servers) as
    they listen themselves. What is left out is not there: no page, no limit, no log, clear text."""

    address: Address
    servers: Sequence[Address]
    monitors: Sequence[Address]
    origins: Sequence[str] = ("*",)  # whose pages may call ("https://host", "*" for any), never with credentials
    page: Address | None = None  # where the web page is served to us
    rate_limit: int = 0  # requests a second of one caller; 0 for any number
    burst: int = 200  # requests at once of a caller that asked little before
    trusted_proxies: int = 0  # hops before us whose X-Forwarded-For tells the caller
    access_log: str = ""  # a path, or "-" for standard output
    certificate: str = ""  # PEM files, both or none
    key: str = ""

    @property
    def scheme(self) -> str:
        """How it is spoken to."""
        return "https" if self.certificate else "http"
