"""The product on an exchange whose prices contradict each other. Clients get what agrees, and reasons for the rest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.altered_exchange import AlteredExchange
from tests.contract.test_altered_rows import BARS, PRICE, SYMBOL, TICKERS, VENUES, rows_of
from tests.e2e.product import Product, eventually
from tests.programs import Simulated
from virtuoso.market.v1 import market_service_pb2 as pb

pytestmark = pytest.mark.timeout(300)

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "DOGEUSDT")
INTERVALS = ("5", "5m")


def altered(path: str, query: Mapping[str, str], body: Any) -> Any:
    """Multiply the last price of ETH by 10 and all candles of SOL by 1000. Multiply the 5m candles of XRP by 10, except for
    the newest 30. Leave out one 5m candle of DOGE."""
    if path.endswith(TICKERS):
        for row in rows_of(body):
            for venue in VENUES:
                if str(row.get(SYMBOL[venue])).startswith(("ETHUSDT", "ETH-USDT-SWAP")):
                    row |= {n: str(10 * float(row[n])) for n in {PRICE[venue], "markPrice"} & row.keys()}
                    break
    if path.endswith(BARS):
        base = (query.get("symbol") or query.get("instId") or "")[:3]
        five = (query.get("interval") or query.get("bar")) in INTERVALS
        rows = rows_of(body)
        rows.sort(key=lambda row: int(row[0]))
        factor, count = {"SOL": (1000, len(rows)), "XRP": (10, len(rows) - 31 if five else 0)}.get(base, (1, 0))
        for row in rows[: max(0, count)]:
            row[1:5] = [str(factor * float(cell)) for cell in row[1:5]]
        if base == "DOG" and five:
            rows[:] = [row for row in rows if int(row[0]) // 300_000 % 12 != 0]  # the candle of each full hour
    return body


def reasons(node: Product, symbol: str) -> dict[str, str]:
    """Return the reason of each component of a symbol, by its name. The reason of a measured component is empty."""
    reply = node.stub.GetConfluence(pb.GetConfluenceRequest(symbol=symbol), timeout=2)
    return {component.name: component.missing for dimension in reply.dimensions for component in dimension.components}


@pytest.mark.parametrize("venue", VENUES)
def test_clients_get_the_prices_that_agree_and_reasons_for_the_others(
    venue: str, tmp_path: Path, simulated: Simulated
) -> None:
    with AlteredExchange(simulated.url, altered) as exchange:
        node = Product(
            tmp_path,
            exchange.url,
            exchanges=venue,
            exchange_urls=json.dumps({venue: exchange.url}),
            symbols=",".join(SYMBOLS),
            environment="SIMULATED",
        )
        try:
            node.start_collector_and_server()
            node.wait_ready()
            rows = {row.symbol: row for row in node.stub.ListConfluenceScores(pb.ListConfluenceScoresRequest()).rows}
            assert set(rows) == set(SYMBOLS)
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
        finally:
            node.close()
