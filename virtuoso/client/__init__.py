"""The Python client of MarketService for internal services: asyncio, typed, built on grpc and the stubs alone. It is shipped
with the stubs (gen/python), whose README shows its use.

channel.py    addresses -> a channel: retries, deadlines, load balancing by health, keepalive; `connect` returns a Market
dashboard.py  messages of WatchDashboard -> the newest Dashboard
stream.py     streams that resume by themselves: Stream, and its Connection
failure.py    an error of gRPC -> a Failure: what our servers say in the error's details
"""

from virtuoso.client.channel import Market, connect
from virtuoso.client.dashboard import Dashboard
from virtuoso.client.failure import Failure, Violation, failure
from virtuoso.client.stream import AlertStream, Connection, DashboardStream, State

__all__ = [
    "AlertStream",
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
