"""The doctor when nothing answers."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

from tests.programs import Memcached, Simulated
from virtuoso.doctor.finding import Level


async def test_the_doctor_ends_even_when_everything_hangs(examined: Callable[..., Any], memcached: Memcached) -> None:
    market = Simulated()
    market.fault("slow")
    memcached.freeze()
    silent = socket.create_server(("127.0.0.1", 0))  # accepts connections and answers nothing
    start = time.monotonic()
    findings = await examined(
        market.url,
        cache=f"memcached://{memcached.address}",
        grpc_address=silent.getsockname(),
        edge_address=silent.getsockname(),
    )
    assert time.monotonic() - start < 14  # waiting for an answer takes longer
    silent.close()
    market.kill()
    for subject in ("venue bybit", "venue binance", f"memcached {memcached.address}", "GRPC_ADDRESS", "EDGE_ADDRESS"):
        assert findings[subject].level is Level.FAILURE, subject
        assert findings[subject].remedy, subject
