"""What an internal service calls MarketService with: asyncio, typed, and nothing but grpc and the stubs beneath it. It is
shipped with the stubs (gen/python), whose README shows its use.

channel.py    addresses -> a channel: retries, deadlines, load balancing by health, keepalive; `connect` gives a Market
dashboard.py  messages of WatchDashboard -> the present Dashboard
stream.py     streams that take themselves up again: Stream, with the Connection behind it
failure.py    an error of gRPC -> a Failure: what our servers say in its details
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
