"""The product with a few configured symbols, one of which the venue cannot measure."""

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

UNMEASURABLE = "SOLUSDT"
NAMES = ("SOLUSDT", "SOL-USDT-SWAP")
Alter = Callable[[str, Mapping[str, str], Any], Any]


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


def without_data(path: str, query: Mapping[str, str], body: Any) -> Any:
    """Alter replies as for a symbol that is listed, but has a row of tickers only."""
    asked = query.get("symbol") or query.get("instId")
    return without_rows(body) if asked in NAMES else body


def without_ticker(path: str, query: Mapping[str, str], body: Any) -> Any:
    """Alter replies as for a symbol that is listed, but has no row of tickers."""
    if "ticker" not in path:
        return body
    rows = body if isinstance(body, list) else body.get("data") or body["result"]["list"]
    rows[:] = [row for row in rows if (row.get("symbol") or row.get("instId")) not in NAMES]
    return body


def halted(path: str, query: Mapping[str, str], body: Any) -> Any:
    """Alter replies as for a symbol in which nothing has traded for two hours: flat bars without volume and old trades."""
    if (query.get("symbol") or query.get("instId")) not in NAMES:
        return body
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


@pytest.mark.parametrize(
    ("venues", "alter", "reason"),
    [
        ("bybit", without_ticker, "bybit gives no usable price of SOLUSDT"),
        ("binance,bybit", without_data, "binance gives no 1m candles"),
        ("okx", without_ticker, "okx gives no usable price of SOLUSDT"),
        ("okx", without_data, "okx gives no 1m candles"),
        ("bybit", halted, "SOLUSDT is halted on bybit: no trade since "),
        ("binance", halted, "SOLUSDT is halted on binance: no trade since "),
        ("okx", halted, "SOLUSDT is halted on okx: no trade since "),
    ],
)
def test_the_other_symbols_are_served_and_the_unmeasurable_one_has_its_reason(
    make: Callable[..., Product], simulated: Market, venues: str, alter: Alter, reason: str
) -> None:
    with AlteredExchange(simulated.url, alter) as exchange:
        node = make(exchange.url, venues, symbols=f"BTCUSDT,ETHUSDT,XRPUSDT,{UNMEASURABLE}", environment="SIMULATED")
        node.start("up")
        node.wait_ready()
        found = node.provenance()
        assert found.venue == venues.partition(",")[0]
        assert found.path == provenance_pb2.PATH_SNAPSHOT
        assert (found.coverage.expected, found.coverage.present, found.coverage.unmeasurable) == (4, 3, 1)
        symbols = {each.symbol: each for each in node.stub.ListSymbols(pb.ListSymbolsRequest(), timeout=2).symbols}
        assert [name for name, each in symbols.items() if not each.scored] == [UNMEASURABLE]
        assert symbols[UNMEASURABLE].unscored_reason.startswith(reason)
        assert f"{UNMEASURABLE} has no score: {symbols[UNMEASURABLE].unscored_reason}" in node.logs()
        request = pb.GetConfluenceRequest(symbol=UNMEASURABLE)
        if alter is without_ticker:
            with pytest.raises(grpc.RpcError) as failed:
                node.stub.GetConfluence(request, timeout=2)
            assert symbols[UNMEASURABLE].unscored_reason in (failed.value.details() or "")
        else:
            reply = node.stub.GetConfluence(request, timeout=2)
            assert not reply.HasField("score")
            if alter is without_data:
                assert {"order_book", "trades", "candles_5m"} <= set(reply.missing_inputs)
            else:
                reasons = {component.missing for dimension in reply.dimensions for component in dimension.components}
                assert [f"{UNMEASURABLE} is halted on {venues}: {each}" for each in reasons] == [
                    symbols[UNMEASURABLE].unscored_reason
                ]
