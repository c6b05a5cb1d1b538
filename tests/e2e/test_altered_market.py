"""The product on a venue of which some symbols contradict themselves, pay funding every hour, hardly move or cannot be
measured. Clients get what agrees, and reasons for the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator

import grpc
import pytest

from tests.altered_exchange import AlteredExchange
from tests.e2e.alterations import HOURLY, STILL, UNMEASURABLE, altered, with_odd_rows
from tests.e2e.product import Product, eventually
from tests.programs import Market
from virtuoso.market.v1 import market_service_pb2 as pb
from virtuoso.market.v1 import provenance_pb2
from virtuoso.market.v1.confluence_pb2 import Component

pytestmark = pytest.mark.timeout(300)

CONTRADICTORY = ("ETHUSDT", "SOLUSDT", "XRPUSDT", "DOGEUSDT")
SYMBOLS = ("BTCUSDT", *CONTRADICTORY, HOURLY, STILL, *UNMEASURABLE)
UNSCORED = {"SOLUSDT", *UNMEASURABLE}
OTHERS = ("TRXUSDT", "UNIUSDT", "AAVEUSDT")


@pytest.fixture(scope="module", params=["bybit", "binance,bybit", "okx"])
def venues(request: pytest.FixtureRequest) -> str:
    """Return the venues of the product. It uses the first one."""
    return str(request.param)


@pytest.fixture
def venue(venues: str) -> str:
    return venues.partition(",")[0]


@pytest.fixture(scope="module")
def exchange(simulated: Market) -> Iterator[AlteredExchange]:
    with AlteredExchange(simulated.url) as exchange:
        yield exchange


@pytest.fixture(scope="module")
def node(venues: str, exchange: AlteredExchange, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    exchange.alter = altered
    product = Product(
        tmp_path_factory.mktemp("altered"),
        exchange.url,
        exchanges=venues,
        exchange_urls=json.dumps(dict.fromkeys(venues.split(","), exchange.url)),
        symbols=",".join(SYMBOLS),
        environment="SIMULATED",
    )
    try:
        product.start_collector_and_server()
        product.wait_ready()
        yield product
    finally:
        product.close()


def confluence(node: Product, symbol: str) -> pb.GetConfluenceResponse:
    found: pb.GetConfluenceResponse = node.stub.GetConfluence(pb.GetConfluenceRequest(symbol=symbol), timeout=2)
    return found


def components(found: pb.GetConfluenceResponse) -> dict[str, Component]:
    return {component.name: component for dimension in found.dimensions for component in dimension.components}


def reasons(node: Product, symbol: str) -> dict[str, str]:
    """Return the reason of each component of a symbol, by its name. The reason of a measured component is empty."""
    return {name: component.missing for name, component in components(confluence(node, symbol)).items()}


def test_the_venue_is_used_and_each_unmeasurable_symbol_has_its_reason(node: Product, venue: str) -> None:
    found = node.provenance()
    assert found.venue == venue
    assert found.path == provenance_pb2.PATH_SNAPSHOT
    coverage = found.coverage
    assert (coverage.expected, coverage.present, coverage.unmeasurable) == (10, 6, 4)
    symbols = {each.symbol: each for each in node.stub.ListSymbols(pb.ListSymbolsRequest(), timeout=2).symbols}
    assert {name for name, each in symbols.items() if not each.scored} == UNSCORED
    reasons = {symbol: symbols[symbol].unscored_reason for symbol in UNSCORED}
    assert reasons["SOLUSDT"].startswith(f"{venue} gives prices of SOLUSDT that contradict each other")
    assert reasons["AVAXUSDT"].startswith(f"{venue} gives no usable price of AVAXUSDT")
    assert reasons["LINKUSDT"].startswith(f"{venue} gives no 1m candles")
    assert reasons["ADAUSDT"].startswith(f"ADAUSDT is halted on {venue}: no trade since ")
    logs = node.logs()
    for symbol, reason in reasons.items():
        assert f"{symbol} has no score: {reason}" in logs

    with pytest.raises(grpc.RpcError) as failed:
        confluence(node, "AVAXUSDT")
    assert reasons["AVAXUSDT"] in (failed.value.details() or "")
    reply = confluence(node, "LINKUSDT")
    assert not reply.HasField("score")
    assert {"order_book", "trades", "candles_5m"} <= set(reply.missing_inputs)
    reply = confluence(node, "ADAUSDT")
    assert not reply.HasField("score")
    missing = {component.missing for component in components(reply).values()}
    assert [f"ADAUSDT is halted on {venue}: {each}" for each in missing] == [reasons["ADAUSDT"]]


def test_clients_get_the_prices_that_agree_and_reasons_for_the_others(node: Product) -> None:
    rows = {row.symbol: row for row in node.stub.ListConfluenceScores(pb.ListConfluenceScoresRequest()).rows}
    assert {"BTCUSDT", *CONTRADICTORY} <= set(rows)
    assert rows["ETHUSDT"].price < 0.2 * rows["BTCUSDT"].price
    assert not rows["ETHUSDT"].HasField("change_24h_percent")
    found = eventually(lambda: reasons(node, "ETHUSDT"), lambda r: "contradicts" in r["premium"], 20, "reason")
    assert found["premium"] == "the last price contradicts the 1m candles"
    assert "contradict the last price" in reasons(node, "SOLUSDT")["rsi_5m"]
    assert not rows["SOLUSDT"].HasField("technical")
    since = reasons(node, "XRPUSDT")
    assert since["rsi_1m"] == since["rsi_30m"] == ""
    assert any("since the scale of the prices changed at" in reason for reason in since.values())
    gap = reasons(node, "DOGEUSDT")
    assert any("since a gap at" in reason for reason in gap.values())
    movers = node.stub.ListMovers(pb.ListMoversRequest(), timeout=2)
    assert "ETHUSDT" not in {mover.symbol for mover in (*movers.gainers, *movers.losers)}


def test_an_hourly_rate_is_compared_and_shown_per_day(node: Product, venue: str) -> None:
    if venue == "okx":
        return  # only the replies of bybit and binance are altered so
    found = eventually(
        lambda: confluence(node, HOURLY), lambda one: components(one)["funding"].HasField("reading"), 60, "funding"
    )
    assert components(found)["funding"].reading == pytest.approx(0, abs=1e-6)
    assert found.funding_percent == pytest.approx(0.00125)
    assert found.funding_interval.ToSeconds() == 3600
    assert found.funding_day_percent == pytest.approx(0.03)
    other = confluence(node, "BTCUSDT")
    assert other.funding_interval.ToSeconds() == 8 * 3600
    assert other.funding_day_percent == pytest.approx(3 * other.funding_percent)
    sentiment = node.stub.GetSentiment(pb.GetSentimentRequest(), timeout=2).sentiment
    assert sentiment.funding_mean_day_percent == pytest.approx(3 * sentiment.funding_mean_percent)


def test_a_market_that_hardly_moves_has_no_reading_of_its_bars(node: Product, venue: str) -> None:
    if venue == "okx":
        return  # only the replies of bybit and binance are altered so
    bars = {name: component for name, component in components(confluence(node, STILL)).items() if name.endswith("_1m")}
    assert len(bars) > 20
    for name, component in bars.items():
        assert not component.HasField("direction"), name
        assert component.missing.endswith("of the last 30 bars, needs 10"), (name, component.missing)


def test_rows_have_the_tick_size_of_their_prices(node: Product) -> None:
    for row in node.dashboard().rows:
        assert row.tick_size > 0
        assert row.price / row.tick_size == pytest.approx(round(row.price / row.tick_size), abs=1e-6)


def test_odd_rows_in_the_list_of_markets_hide_no_market(node: Product, exchange: AlteredExchange, venue: str) -> None:
    for symbol in OTHERS:
        with pytest.raises(grpc.RpcError) as failed:
            confluence(node, symbol)
        assert f"{symbol} is a market of {venue}" in (failed.value.details() or "")

    def turnover_known() -> bool:
        return node.stub.GetOverview(pb.GetOverviewRequest(), timeout=2).overview.HasField("total_turnover_24h_usd")

    exchange.alter = with_odd_rows
    eventually(turnover_known, bool, 20, "the turnover of all markets")
