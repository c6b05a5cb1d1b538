"""The settings of an edge, as plain values. The whole configuration depends only on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from virtuoso.domain.addresses import Address

MAX_CONNECTIONS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSpec:
    """The settings of an edge.

    `address` is the IP address and the port on which the edge listens. `servers` are the addresses of gRPC servers, at least
    one. `monitors` are the addresses of the HTTP monitors of the servers. Without any, there is no /healthz.

    By default there is no page, no rate limit, no access log and no TLS."""

    address: Address
    servers: Sequence[Address]
    monitors: Sequence[Address]
    origins: Sequence[str] = ("*",)  # allowed CORS origins ("https://host", "*" for any)
    page: Address | None = None  # the address that serves the web page to Envoy
    rate_limit: int = 0  # requests per second and caller; 0 for no limit
    burst: int = 200  # maximum burst of requests per caller
    trusted_proxies: int = 0  # proxies in front whose X-Forwarded-For is trusted
    max_connections: int = MAX_CONNECTIONS  # of clients; more are refused
    connection_age_s: float = 3600.0  # after which a connection takes no new requests
    unread_s: float = 60.0  # after which a reply or stream ends that its client does not read
    silent_s: float = 10.0  # after which a connection ends that has sent no byte
    access_log: str = ""  # a path, or "-" for standard output
    certificate: str = ""  # PEM files; both or neither
    key: str = ""
    server_ca: str = ""  # PEM file of the authorities of the servers' certificates; "" for clear text to the servers
    client_certificate: str = ""  # PEM files of the edge as a client of the servers; both or neither
    client_key: str = ""
    server_name: str = ""  # the name in the servers' certificates; "" for the hosts of `servers`

    @property
    def scheme(self) -> str:
        """The scheme of the edge's URL."""
        return "https" if self.certificate else "http"
