"""The Python client of MarketService for internal services.

It uses asyncio, is typed, and depends only on grpc and the stubs. It is shipped with the stubs (gen/python). Their README
shows its use.

channel.py    the channel: retries, deadlines, load balancing by health, keepalive; `connect` returns a Market
dashboard.py  builds the newest Dashboard from the messages of WatchDashboard
tls.py        TLS and client certificates: ClientTls
stream.py     streams that resume automatically: Stream and its Connection
failure.py    converts a gRPC error and its details to a Failure
"""

from virtuoso.client.channel import Market, connect
from virtuoso.client.dashboard import Dashboard
from virtuoso.client.failure import Failure, Violation, failure
from virtuoso.client.stream import AlertStream, Connection, DashboardStream, State
from virtuoso.client.tls import ClientTls

__all__ = [
    "AlertStream",
    "ClientTls",
    "Connection",
    "Dashboard",
    "DashboardStream",
    "Failure",
    "Market",
    "State",
    "Violation",
    "connect",
    "failure",
]
