"""The product with a few configured symbols, some of which the venue cannot measure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.altered_exchange import AlteredExchange
from tests.e2e.product import Product
from tests.programs import Market
from virtuoso.domain.clock import epoch_ms
from virtuoso.market.v1 import market_service_pb2 as pb
from virtuoso.market.v1 import provenance_pb2

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Product]]:
    """Return a function that creates a product on an exchange. They end with the test."""
    made: list[Product] = []

    def product(exchange: str, venues: str, **settings: str) -> Product:
        urls = json.dumps(dict.fromkeys(venues.split(","), exchange))
        made.append(Product(tmp_path, exchange, exchanges=venues, exchange_urls=urls, **settings))
        return made[-1]

    yield product
    for each in made:
        each.close()


def without_rows(body: Any) -> Any:
    """Return a reply without its rows."""
    if isinstance(body, list):
        return []
    return {name: without_rows(value) if isinstance(value, dict | list) else value for name, value in body.items()}


def without_data(path: str, body: Any) -> Any:
    """Alter a reply of a symbol that is listed, but has a row of tickers only."""
    return without_rows(body)


def halted(path: str, body: Any) -> Any:
    """Alter a reply of a symbol in which nothing has traded for two hours: flat bars without volume and old trades."""
    since = epoch_ms() - 2 * 3_600_000
    rows: list[Any] = body if isinstance(body, list) else body.get("data") or body["result"].get("list") or []
    if "kline" in path or "candles" in path:
        last = next((row[4] for row in sorted(rows, key=lambda row: -int(row[0])) if int(row[0]) < since), rows[0][4])
        volumes = (5, 7) if "kline" in path else (5, 6, 7)  # cell 6 of Binance is the close time
        for row in (row for row in rows if int(row[0]) >= since):
            row[1:5] = [last] * 4
            for cell in (cell for cell in volumes if cell < len(row)):
                row[cell] = "0"
    elif path.endswith(("/recent-trade", "/trades")):
        name = next(each for each in ("time", "ts") if each in rows[0])
        late = max(int(row[name]) for row in rows) - since
        for row in rows:
            row[name] = type(row[name])(int(row[name]) - late)
    return body


def unaltered(path: str, body: Any) -> Any:
    """Return the reply of a symbol that has everything but a row of tickers."""
    return body


MEASURABLE = ("BTCUSDT", "ETHUSDT", "XRPUSDT", "DOGEUSDT", "BNBUSDT", "AVAXUSDT")
UNMEASURABLE: dict[str, Callable[[str, Any], Any]] = {"SOLUSDT": unaltered, "LINKUSDT": without_data, "ADAUSDT": halted}


def symbol_of(names: Mapping[str, Any]) -> str:
    """Return the symbol of a row or a query, without the hyphens of okx."""
    return str(names.get("symbol") or names.get("instId") or "").removesuffix("-SWAP").replace("-", "")


def altered(path: str, query: Mapping[str, str], body: Any) -> Any:
    """Alter the replies of the unmeasurable symbols. SOLUSDT is listed, but has no row of tickers."""
    if "ticker" in path:
        rows = body if isinstance(body, list) else body.get("data") or body["result"]["list"]
        rows[:] = [row for row in rows if symbol_of(row) != "SOLUSDT"]
    return UNMEASURABLE.get(symbol_of(query), unaltered)(path, body)


@pytest.mark.parametrize("venues", ["bybit", "binance,bybit", "okx"])
def test_the_other_symbols_are_served_and_each_unmeasurable_one_has_its_reason(
    make: Callable[..., Product], simulated: Market, venues: str
) -> None:
    venue = venues.partition(",")[0]
    with AlteredExchange(simulated.url, altered) as exchange:
        node = make(exchange.url, venues, symbols=",".join((*MEASURABLE, *UNMEASURABLE)), environment="SIMULATED")
        node.start_collector_and_server()
        node.wait_ready()
        found = node.provenance()
        assert found.venue == venue
        assert found.path == provenance_pb2.PATH_SNAPSHOT
        assert (found.coverage.expected, found.coverage.present, found.coverage.unmeasurable) == (9, 6, 3)
        symbols = {each.symbol: each for each in node.stub.ListSymbols(pb.ListSymbolsRequest(), timeout=2).symbols}
        assert {name for name, each in symbols.items() if not each.scored} == UNMEASURABLE.keys()
        reasons = {symbol: symbols[symbol].unscored_reason for symbol in UNMEASURABLE}
        assert reasons["SOLUSDT"].startswith(f"{venue} gives no usable price of SOLUSDT")
        assert reasons["LINKUSDT"].startswith(f"{venue} gives no 1m candles")
        assert reasons["ADAUSDT"].startswith(f"ADAUSDT is halted on {venue}: no trade since ")
        logs = node.logs()
        for symbol, reason in reasons.items():
            assert f"{symbol} has no score: {reason}" in logs

        with pytest.raises(grpc.RpcError) as failed:
            confluence(node, "SOLUSDT")
        assert reasons["SOLUSDT"] in (failed.value.details() or "")
        reply = confluence(node, "LINKUSDT")
        assert not reply.HasField("score")
        assert {"order_book", "trades", "candles_5m"} <= set(reply.missing_inputs)
        reply = confluence(node, "ADAUSDT")
        assert not reply.HasField("score")
        missing = {component.missing for dimension in reply.dimensions for component in dimension.components}
        assert [f"ADAUSDT is halted on {venue}: {each}" for each in missing] == [reasons["ADAUSDT"]]


def confluence(node: Product, symbol: str) -> pb.GetConfluenceResponse:
    found: pb.GetConfluenceResponse = node.stub.GetConfluence(pb.GetConfluenceRequest(symbol=symbol), timeout=2)
    return found
