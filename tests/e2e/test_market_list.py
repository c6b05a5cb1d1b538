"""The product while the venue's list of markets is only a part."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.altered_exchange import AlteredExchange
from tests.e2e.alterations import LISTS, listed
from tests.e2e.product import Product
from tests.programs import Market
from virtuoso.market.v1 import market_service_pb2 as pb

pytestmark = pytest.mark.timeout(300)


def half(path: str, query: Mapping[str, str], body: Any) -> Any:
    """Remove the second half of the list of markets."""
    if path.endswith(LISTS):
        rows = listed(body)
        del rows[len(rows) // 2 :]
    return body


@pytest.mark.parametrize("venue", ["bybit", "binance", "okx"])
def test_the_venue_is_used_and_no_part_of_it_passes_for_the_whole(tmp_path: Path, simulated: Market, venue: str) -> None:
    with AlteredExchange(simulated.url, half) as exchange:
        urls = json.dumps({venue: exchange.url})
        node = Product(
            tmp_path, exchange.url, exchanges=venue, exchange_urls=urls, environment="SIMULATED", symbol_limit="5"
        )
        try:
            node.start_collector_and_server()
            node.wait_ready()
            overview = node.stub.GetOverview(pb.GetOverviewRequest(), timeout=2).overview
            assert not overview.HasField("total_turnover_24h_usd")
            tracked = {each.symbol for each in node.stub.ListSymbols(pb.ListSymbolsRequest(), timeout=2).symbols}
            others = {"BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "DOGEUSDT", "ADAUSDT", "LINKUSDT", "AVAXUSDT"} - tracked
            assert others
            for symbol in others:  # each is listed or trades
                with pytest.raises(grpc.RpcError) as failed:
                    node.stub.GetConfluence(pb.GetConfluenceRequest(symbol=symbol), timeout=2)
                assert f"{symbol} is a market of {venue}" in (failed.value.details() or "")
        finally:
            node.close()
