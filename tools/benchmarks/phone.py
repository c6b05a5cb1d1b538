"""The bytes that a phone receives in a minute of WatchDashboard: gRPC-Web through the edge, compressed with gzip."""

from __future__ import annotations

import http.client
import time
import urllib.parse
from dataclasses import dataclass

from virtuoso.market.v1 import market_service_pb2 as pb

METHOD = "/virtuoso.market.v1.MarketService/WatchDashboard"
WATCH_S = 20.0


@dataclass(frozen=True)
class Received:
    """The bytes of the first message, and of an average minute after it."""

    first: int
    a_minute: float


def watch(edge: str, min_interval_s: int) -> Received:
    """Watch the dashboard as a page does, for WATCH_S. Count the bytes of the body as they come over the network. Raise
    RuntimeError when the edge refuses it or does not compress."""
    request = pb.WatchDashboardRequest()
    request.min_interval.seconds = min_interval_s
    body = request.SerializeToString()
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(edge).netloc, timeout=WATCH_S)
    try:
        connection.request(
            "POST",
            METHOD,
            b"\0" + len(body).to_bytes(4, "big") + body,
            {"Content-Type": "application/grpc-web+proto", "Accept-Encoding": "gzip", "X-Grpc-Web": "1"},
        )
        reply = connection.getresponse()
        if reply.status != http.HTTPStatus.OK or reply.getheader("content-encoding") != "gzip":
            raise RuntimeError(f"WatchDashboard through the edge: {reply.status}, {reply.getheader('content-encoding')}")
        first, began = len(reply.read1()), time.monotonic()
        received, last = 0, began
        while last - began < WATCH_S:
            chunk = reply.read1()
            if not chunk:
                raise RuntimeError("WatchDashboard through the edge ended")
            received, last = received + len(chunk), time.monotonic()
        return Received(first, received / (last - began) * 60)
    finally:
        connection.close()
