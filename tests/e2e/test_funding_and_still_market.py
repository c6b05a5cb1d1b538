"""The product on a venue where one market pays funding every hour, and another one hardly moves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.altered_exchange import AlteredExchange
from tests.e2e.product import Product, eventually
from tests.programs import Market
from virtuoso.domain.clock import epoch_ms
from virtuoso.market.v1 import market_service_pb2 as pb
from virtuoso.market.v1.confluence_pb2 import Component

pytestmark = pytest.mark.timeout(300)

HOUR_MS = 3_600_000
HOURLY, STILL = "ETHUSDT", "SOLUSDT"
HISTORIES = ("/v5/market/funding/history", "/fapi/v1/fundingRate")
RATES = ("/v5/market/tickers", "/fapi/v1/premiumIndex")
KLINES = ("/v5/market/kline", "/fapi/v1/klines")


def altered(path: str, query: Mapping[str, str], body: Any) -> Any:
    """Let one market pay 0.01 % every 8 hours until 6 hours ago, and 0.00125 % every hour since then. Let the price of the
    other move by one tick at full hours only."""
    rows: list[Any] = body if isinstance(body, list) else (body.get("result") or {}).get("list") or []
    symbol = query.get("symbol")
    if path in HISTORIES and symbol == HOURLY:
        switched = (epoch_ms() // HOUR_MS - 6) * HOUR_MS
        payments = [(switched - 8 * HOUR_MS * i, "0.0001") for i in range(60)]
        payments += [(switched + HOUR_MS * (i + 1), "0.0000125") for i in range(6)]
        payments.sort(reverse=rows is not body)  # Bybit lists the newest first
        name = "fundingRateTimestamp" if "fundingRateTimestamp" in rows[0] else "fundingTime"
        rows[:] = [{**rows[0], "fundingRate": rate, name: type(rows[0][name])(at)} for at, rate in payments]
    elif path in RATES:
        for row in rows:
            if row["symbol"] == HOURLY:
                next_ms = type(row["nextFundingTime"])((epoch_ms() // HOUR_MS + 1) * HOUR_MS)
                row.update(fundingRate="0.0000125", lastFundingRate="0.0000125", nextFundingTime=next_ms)
    elif path in KLINES and symbol == STILL and query["interval"] in ("1", "1m"):
        price = float(rows[0][4])
        for row in rows:
            row[1:5] = [f"{price * (1 + 0.0001 * (int(row[0]) // HOUR_MS % 2)):.2f}"] * 4
    return body


@pytest.fixture(scope="module", params=["bybit", "binance"])
def product(
    request: pytest.FixtureRequest, simulated: Market, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Product]:
    with AlteredExchange(simulated.url, altered) as exchange:
        folder: Path = tmp_path_factory.mktemp(request.param)
        product = Product(
            folder,
            exchange.url,
            exchanges=request.param,
            exchange_urls=json.dumps({request.param: exchange.url}),
            symbols=f"BTCUSDT,{HOURLY},{STILL},XRPUSDT,DOGEUSDT",
            environment="SIMULATED",
        )
        try:
            product.start_collector_and_server()
            product.wait_ready()
            yield product
        finally:
            product.close()


def reply(product: Product, symbol: str) -> pb.GetConfluenceResponse:
    found: pb.GetConfluenceResponse = product.stub.GetConfluence(pb.GetConfluenceRequest(symbol=symbol), timeout=2)
    return found


def components(found: pb.GetConfluenceResponse) -> dict[str, Component]:
    return {component.name: component for dimension in found.dimensions for component in dimension.components}


def test_an_hourly_rate_is_compared_and_shown_per_day(product: Product) -> None:
    found = eventually(
        lambda: reply(product, HOURLY), lambda one: components(one)["funding"].HasField("reading"), 60, "funding"
    )
    assert components(found)["funding"].reading == pytest.approx(0, abs=1e-6)
    assert found.funding_percent == pytest.approx(0.00125)
    assert found.funding_interval.ToSeconds() == 3600
    assert found.funding_day_percent == pytest.approx(0.03)
    other = reply(product, "BTCUSDT")
    assert other.funding_interval.ToSeconds() == 8 * 3600
    assert other.funding_day_percent == pytest.approx(3 * other.funding_percent)
    sentiment = product.stub.GetSentiment(pb.GetSentimentRequest(), timeout=2).sentiment
    assert sentiment.funding_mean_day_percent == pytest.approx(3 * sentiment.funding_mean_percent)


def test_a_market_that_hardly_moves_has_no_reading_of_its_bars(product: Product) -> None:
    found = components(reply(product, STILL))
    bars = {name: component for name, component in found.items() if name.endswith("_1m")}
    assert len(bars) > 20
    for name, component in bars.items():
        assert not component.HasField("direction"), name
        assert component.missing.endswith("of the last 30 bars, needs 10"), (name, component.missing)


def test_rows_have_the_tick_size_of_their_prices(product: Product) -> None:
    for row in product.dashboard().rows:
        assert row.tick_size > 0
        assert row.price / row.tick_size == pytest.approx(round(row.price / row.tick_size), abs=1e-6)
