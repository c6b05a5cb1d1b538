"""A channel to one or more servers, with the options that this service requires of its clients."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, cast

import grpc

from virtuoso.client.stream import AlertStream, DashboardStream
from virtuoso.client.tls import ClientTls, name_options
from virtuoso.client.tls import credentials as tls_credentials
from virtuoso.market.v1 import market_service_pb2
from virtuoso.market.v1.alert_pb2 import AlertKind, AlertLevel
from virtuoso.market.v1.market_service_pb2_grpc import MarketServiceStub

if TYPE_CHECKING:
    from virtuoso.market.v1.market_service_pb2_grpc import MarketServiceAsyncStub

    Interceptor = grpc.aio.UnaryUnaryClientInterceptor[Any, Any]
else:
    Interceptor = grpc.aio.UnaryUnaryClientInterceptor  # generic only in its published types

Unary = Callable[[Any, Any], Awaitable[Any]]
SERVICE = market_service_pb2.DESCRIPTOR.services_by_name["MarketService"]
TIMEOUT_S = 2.0
KEEPALIVE_S = 30.0  # servers allow one ping every 10 s and send GOAWAY for more
RETRY_POLICY = {  # for UNAVAILABLE; with round robin the next attempt goes to the next server
    "maxAttempts": 3,
    "initialBackoff": "0.1s",
    "maxBackoff": "1s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE"],
}
THROTTLING = {"maxTokens": 10, "tokenRatio": 0.1}  # no retries while most calls fail


class Deadline(Interceptor):
    """Sets the deadline of calls that have none.

    A service config could also set it. However, grpcio 1.85 starts such timeouts at the wrong time (calls end more than a
    second early) and does not send them to the server.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s

    async def intercept_unary_unary(self, continuation: Unary, details: Any, request: Any) -> Any:
        """See grpc.aio."""
        if details.timeout is None:
            details = details._replace(timeout=self._timeout_s)
        return await continuation(details, request)


class Market:
    """A connection to MarketService.

    `stub` has every RPC. A unary call without a deadline gets the deadline that `connect` was given.
    """

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.channel = channel
        self.stub: MarketServiceAsyncStub = MarketServiceStub(channel)

    def watch_dashboard(self, symbols: Sequence[str] = (), *, min_interval_s: float | None = None) -> DashboardStream:
        """Return a stream of the current dashboard and of each change. The stream never ends by itself.

        `symbols` are the rows that it has, at most 500; all when empty. `min_interval_s` is the shortest time between two
        messages, 1 to 60 s. None is the server's default, 1 s.
        """
        return DashboardStream(self.stub, symbols, min_interval_s=min_interval_s)

    def watch_alerts(
        self,
        cursor: str = "",
        kinds: Sequence[AlertKind.ValueType] = (),
        min_level: AlertLevel.ValueType = AlertLevel.ALERT_LEVEL_UNSPECIFIED,
    ) -> AlertStream:
        """Return a stream of the alerts after `cursor`, each once. The stream never ends by itself.

        "" is the current position. "0" is before the first alert.
        """
        return AlertStream(self.stub, cursor, kinds, min_level)

    async def close(self) -> None:
        """End all calls and streams. Idempotent."""
        await self.channel.close(None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def connect(
    *addresses: str,
    credentials: grpc.ChannelCredentials | None = None,
    tls: ClientTls | None = None,
    timeout_s: float = TIMEOUT_S,
    health_service: str | None = SERVICE.full_name,
) -> Market:
    """Return a Market for the servers at `addresses`, for use with `async with`. It connects at the first call.

    A single address is "host:port" or any other target that gRPC resolves. Every DNS record of the host is a server. Several
    addresses must all be "IPv4:port" or all be "[IPv6]:port". `credentials` is for TLS, such as
    grpc.ssl_channel_credentials(). `tls` makes them from PEM texts, with a client certificate for mTLS. `timeout_s` is the
    deadline of calls that have none. Streams have no deadline.

    Calls go in turn to the servers that report SERVING for the service `health_service`. With None, calls go to all servers.
    A server that cannot answer then returns the reason.

    Raise ValueError for invalid addresses and for a `timeout_s` that is not above 0.
    """
    if not timeout_s > 0:
        raise ValueError(f"timeout_s={timeout_s}: expected a number of seconds above 0")
    address, arguments = target(addresses), options(health_service)
    if tls is not None:
        credentials, arguments = tls_credentials(tls), [*arguments, *name_options(tls)]
    interceptors = cast("Any", [Deadline(timeout_s)])
    if credentials is None:
        return Market(grpc.aio.insecure_channel(address, options=arguments, interceptors=interceptors))
    return Market(grpc.aio.secure_channel(address, credentials, options=arguments, interceptors=interceptors))


def target(addresses: Sequence[str]) -> str:
    """Return the target that gRPC resolves to `addresses`. Raise ValueError when they are invalid."""
    if not addresses:
        raise ValueError("no address: give at least one, such as 127.0.0.1:50051")
    if len(addresses) == 1:
        return addresses[0]
    versions = {_ip_version(address) for address in addresses}
    if len(versions) > 1:
        raise ValueError(f"{', '.join(addresses)}: expected all IPv4 or all IPv6, because gRPC does not accept a mixture")
    return f"ipv{versions.pop()}:{','.join(addresses)}"


def _ip_version(address: str) -> int:
    host, _, port = address.rpartition(":")
    with suppress(ValueError):
        if port.isdecimal() and 0 < int(port) < 65536:
            return ipaddress.ip_address(host.strip("[]")).version
    raise ValueError(
        f"{address!r}: each of several addresses must be an IP address and a port, such as 10.0.0.7:50051 or "
        "[fd00::7]:50051. A host name must be the only address; all its records are used"
    )


def options(health_service: str | None) -> list[tuple[str, int | str]]:
    """Return the channel arguments, including the service config."""
    name = SERVICE.full_name
    streams = [{"service": name, "method": each.name} for each in SERVICE.methods if each.server_streaming]
    config: dict[str, object] = {
        "loadBalancingConfig": [{"round_robin": {}}],
        "methodConfig": [
            {"name": [{"service": name}], "retryPolicy": RETRY_POLICY},
            {"name": streams},  # no retries, because a Stream resumes automatically
        ],
        "retryThrottling": THROTTLING,
    }
    if health_service is not None:
        config["healthCheckConfig"] = {"serviceName": health_service}
    return [
        ("grpc.service_config", json.dumps(config)),
        ("grpc.service_config_disable_resolution", 1),  # ignore service configs from name resolution
        ("grpc.enable_http_proxy", 0),
        ("grpc.max_receive_message_length", 4 * 1024 * 1024),
        ("grpc.initial_reconnect_backoff_ms", 200),
        ("grpc.min_reconnect_backoff_ms", 2_000),  # also the time limit of one attempt to connect
        ("grpc.max_reconnect_backoff_ms", 2_000),  # the default lets a client reconnect up to two minutes after its server
        ("grpc.keepalive_time_ms", int(KEEPALIVE_S * 1000)),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.http2.max_pings_without_data", 0),  # no limit: pings continue while a stream has no data
    ]
