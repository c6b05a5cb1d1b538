"""Rows that contradict each other or are missing, on the real adapter of three venues."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.altered_exchange import AlteredExchange
from tests.programs import Simulated
from virtuoso.domain.model import Instrument, Timeframe
from virtuoso.exchange.adapter import CcxtExchange

VENUES = ["bybit", "binance", "okx"]
BARS = ("/kline", "/klines", "/market/candles")
TICKERS = ("/v5/market/tickers", "/ticker/24hr", "/market/tickers")
PRICE = {"bybit": "lastPrice", "binance": "lastPrice", "okx": "last"}
SYMBOL = {"bybit": "symbol", "binance": "symbol", "okx": "instId"}


@pytest.fixture
def altered(simulated: Simulated) -> Iterator[AlteredExchange]:
    with AlteredExchange(simulated.url) as exchange:
        yield exchange


def rows_of(body: Any) -> list[Any]:
    """Return the list of rows inside a reply of any of the three venues."""
    if isinstance(body, list):
        return body
    rows: list[Any] = body["result"]["list"] if "result" in body else body["data"]
    return rows


def doubled(paths: tuple[str, ...], double: Callable[[list[Any]], None]) -> Callable[..., Any]:
    """Return an alteration that hands the rows of a reply to `double`."""

    def alter(path: str, query: Mapping[str, str], body: Any) -> Any:
        if path.endswith(paths):
            double(rows_of(body))
        return body

    return alter


async def btc(exchange: CcxtExchange) -> Instrument:
    return next(each for each in await exchange.instruments() if each.symbol == "BTCUSDT")


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("flat_first", [True, False])
async def test_a_flat_bar_without_volume_never_replaces_a_traded_one(
    venue: str, flat_first: bool, altered: AlteredExchange
) -> None:
    def double(rows: list[Any]) -> None:
        for row in rows[10:50]:
            flat = [row[0], *[row[4]] * 4, *["0"] * (len(row) - 5)]
            rows.insert(rows.index(row) + (not flat_first), flat)

    altered.alter = doubled(BARS, double)
    exchange = CcxtExchange(venue, url=altered.url)
    try:
        bars = await exchange.candles(await btc(exchange), Timeframe.M1, limit=200)
        assert len(bars) >= 199
        assert (bars.volume > 0).all()
    finally:
        await exchange.close()


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("wrong_first", [True, False])
async def test_two_prices_of_one_symbol_are_no_price(venue: str, wrong_first: bool, altered: AlteredExchange) -> None:
    def double(rows: list[Any]) -> None:
        row = next(each for each in rows if each[SYMBOL[venue]] in ("ETHUSDT", "ETH-USDT-SWAP"))
        rows.insert(rows.index(row) + (not wrong_first), {**row, PRICE[venue]: "7"})

    altered.alter = doubled(TICKERS, double)
    exchange = CcxtExchange(venue, url=altered.url)
    try:
        tickers = await exchange.tickers()
        assert "ETHUSDT" not in tickers
        assert "BTCUSDT" in tickers
    finally:
        await exchange.close()


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("factor", [10, 0.1, 1000, 1e6])
async def test_bars_before_a_break_of_scale_are_refused(venue: str, factor: float, altered: AlteredExchange) -> None:
    def renumber(rows: list[Any]) -> None:
        rows.sort(key=lambda row: int(row[0]))
        for row in rows[:-31]:  # the last one is forming
            row[1:5] = [str(float(cell) * factor) for cell in row[1:5]]

    altered.alter = doubled(BARS, renumber)
    exchange = CcxtExchange(venue, url=altered.url)
    try:
        bars = await exchange.candles(await btc(exchange), Timeframe.M5, limit=200)
        assert 29 <= len(bars) <= 31
        assert bars.scale_since_ms == bars.open_ms[0]
    finally:
        await exchange.close()


@pytest.mark.parametrize("venue", VENUES)
async def test_the_bars_on_both_sides_of_a_missing_one_are_returned(venue: str, altered: AlteredExchange) -> None:
    def drop(rows: list[Any]) -> None:
        rows.sort(key=lambda row: int(row[0]))
        del rows[-8]

    altered.alter = doubled(BARS, drop)
    exchange = CcxtExchange(venue, url=altered.url)
    try:
        bars = await exchange.candles(await btc(exchange), Timeframe.M5, limit=200)
        assert len(bars) >= 199
        assert 5 <= len(bars) - bars.run_start() <= 7
    finally:
        await exchange.close()
