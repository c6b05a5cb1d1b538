"""The product while the venue's list of markets has odd rows, or is only a part."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.altered_exchange import AlteredExchange
from tests.e2e.product import Product
from tests.programs import Market
from virtuoso.market.v1 import market_service_pb2 as pb

pytestmark = pytest.mark.timeout(300)

LISTS = ("instruments-info", "exchangeInfo", "public/instruments")
FAR = "9223372036854775807"
ODD_ROWS: tuple[dict[str, Any] | None, ...] = (
    None,
    {},
    {"contractType": "LinearPerpetual", "settleCoin": "USDT", "baseCoin": "BTC", "quoteCoin": "USDT", "status": "Trading"},
    {"symbol": "BTC-26DEC25", "contractType": "LinearFutures", "baseCoin": "BTC", "quoteCoin": "USDT", "deliveryTime": FAR},
    {"instId": "BTC-USDT-261226", "instType": "FUTURES", "alias": "quarter", "expTime": FAR},
    {"symbol": "BTCUSDT_261226", "contractType": "CURRENT_QUARTER", "deliveryDate": int(FAR)},
)


def rows_of(body: Any) -> list[Any]:
    """Return the rows of a list of markets. A change to them changes the reply."""
    rows = body.get("symbols") or body.get("data") or body["result"]["list"]
    assert isinstance(rows, list)
    return rows


def with_odd_rows(path: str, query: Mapping[str, str], body: Any) -> Any:
    if path.endswith(LISTS):
        rows_of(body)[3:3] = ODD_ROWS
    return body


def half(path: str, query: Mapping[str, str], body: Any) -> Any:
    if path.endswith(LISTS):
        rows = rows_of(body)
        del rows[len(rows) // 2 :]
    return body


@pytest.mark.parametrize("venue", ["bybit", "binance", "okx"])
@pytest.mark.parametrize("alter", [with_odd_rows, half])
def test_the_venue_is_used_and_no_part_of_it_passes_for_the_whole(
    tmp_path: Path, simulated: Market, venue: str, alter: Callable[[str, Mapping[str, str], Any], Any]
) -> None:
    with AlteredExchange(simulated.url, alter) as exchange:
        urls = json.dumps({venue: exchange.url})
        node = Product(
            tmp_path, exchange.url, exchanges=venue, exchange_urls=urls, environment="SIMULATED", symbol_limit="5"
        )
        try:
            node.start_collector_and_server()
            node.wait_ready()
            overview = node.stub.GetOverview(pb.GetOverviewRequest(), timeout=2).overview
            assert overview.HasField("total_turnover_24h_usd") is (alter is with_odd_rows)
            tracked = {each.symbol for each in node.stub.ListSymbols(pb.ListSymbolsRequest(), timeout=2).symbols}
            others = {"BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "DOGEUSDT", "ADAUSDT", "LINKUSDT", "AVAXUSDT"} - tracked
            assert others
            for symbol in others:  # each is listed or trades
                with pytest.raises(grpc.RpcError) as failed:
                    node.stub.GetConfluence(pb.GetConfluenceRequest(symbol=symbol), timeout=2)
                assert f"{symbol} is a market of {venue}" in (failed.value.details() or "")
        finally:
            node.close()
