"""The doctor where nothing that it asks answers."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

from tests.programs import Memcached, Simulated
from virtuoso.doctor.finding import Level


async def test_everything_may_hang_and_it_still_ends(look: Callable[..., Any], memcached: Memcached) -> None:
    market = Simulated()
    market.fault("slow")
    memcached.freeze()
    deaf = socket.create_server(("127.0.0.1", 0))  # takes calls and answers nothing
    began = time.monotonic()
    found = await look(
        market.url,
        cache=f"memcached://{memcached.address}",
        grpc_address=deaf.getsockname(),
        edge_address=deaf.getsockname(),
    )
    assert time.monotonic() - began < 14  # a reply that is waited for takes longer
    deaf.close()
    market.kill()
    for subject in ("venue bybit", "venue binance", f"memcached {memcached.address}", "GRPC_ADDRESS", "EDGE_ADDRESS"):
        assert found[subject].level is Level.FAILURE, subject
        assert found[subject].cure, subject
