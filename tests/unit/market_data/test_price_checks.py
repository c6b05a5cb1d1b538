"""Prices of several sources: what contradicts the others is absent, with a reason."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtuoso.domain.model import Candles, OrderBook, Stamp, SymbolInputs, Ticker, Timeframe, Trades
from virtuoso.market_data.price_checks import PriceSteps, checked

NOW = 1_760_000_040_000
STAMP = Stamp(observed_ms=NOW, received_ms=NOW)
PRICES = ("open", "high", "low", "close")
FACTORS = [10, 0.1, 1.5, 1 / 1.5, 1000, 1e6]


def series(timeframe: Timeframe, price: float = 100.0, count: int = 300) -> Candles:
    """Return bars around a price. The last one ended within one bar of NOW."""
    last = NOW // timeframe.ms - 1
    levels = np.full(count, price)
    return Candles(
        symbol="XUSDT",
        timeframe=timeframe,
        open_ms=np.arange(last - count + 1, last + 1) * timeframe.ms,
        open=levels,
        high=levels * 1.01,
        low=levels / 1.01,
        close=levels,
        volume=np.ones(count),
        stamp=STAMP,
    )


def market(last: float = 100.0, trade: float | None = 100.0, mid: float | None = 100.0, **closes: float) -> SymbolInputs:
    """Return a market at 100 USDT, except for the prices that are given. `closes` are by timeframe: m1=1000."""
    candles = {t: series(t, closes.get(t.name.lower(), 100.0)) for t in Timeframe}
    one = np.ones(1)
    trades = (
        None
        if trade is None
        else Trades(
            symbol="XUSDT", ids=("a",), time_ms=np.array([NOW - 5_000]), price=one * trade, size=one, side=one, stamp=STAMP
        )
    )
    book = (
        None
        if mid is None
        else OrderBook(symbol="XUSDT", bids=np.array([[mid / 1.001, 1.0]]), asks=np.array([[mid * 1.001, 1.0]]), stamp=STAMP)
    )
    ticker = Ticker(symbol="XUSDT", last=last, mark=last, stamp=STAMP, change_24h_percent=0.0, turnover_24h=1e6)
    return SymbolInputs(symbol="XUSDT", ticker=ticker, candles=candles, trades=trades, book=book)


def lifted(candles: Candles, factor: float) -> Candles:
    return replace(candles, **{name: getattr(candles, name) * factor for name in PRICES})


def names(result: SymbolInputs) -> set[str]:
    return {t.value for t in result.candles}


ALL = {t.value for t in Timeframe}


@pytest.mark.parametrize("last", [100.0, 101.0, 75.0, 135.0])
def test_inputs_that_agree_are_returned_unchanged(last: float) -> None:
    inputs = replace(market(), ticker=replace(market().ticker, last=last))  # type: ignore[type-var]
    inputs = replace(inputs, ticker=replace(inputs.ticker, change_24h_percent=last - 100))  # type: ignore[type-var]
    assert checked(inputs, NOW) is inputs


@pytest.mark.parametrize("factor", FACTORS)
def test_a_last_price_that_all_others_contradict_is_replaced_by_the_newest_trade(factor: float) -> None:
    result = checked(market(last=100 * factor), NOW)
    assert result.ticker == Ticker(symbol="XUSDT", last=100.0, stamp=Stamp(observed_ms=NOW - 5_000, received_ms=NOW))
    assert names(result) == ALL
    assert set(result.refused.values()) == {"the last price contradicts the 1m candles"}
    assert set(result.refused) == {"ticker", "mark_price", "index_price", "funding_rate"}


@pytest.mark.parametrize("factor", FACTORS)
def test_a_last_price_without_a_recent_trade_is_absent(factor: float) -> None:
    assert checked(market(last=100 * factor, trade=None), NOW).ticker is None


@pytest.mark.parametrize("factor", FACTORS)
def test_candles_contradicted_by_ticker_trades_and_book_are_absent(factor: float) -> None:
    inputs = market(m1=100 * factor, m5=100 * factor, m30=100 * factor, h4=100 * factor)
    result = checked(inputs, NOW)
    assert result.ticker is inputs.ticker
    assert not names(result)
    assert set(result.refused) == {f"candles_{t}" for t in ALL}
    assert all("candles contradict the last price" in reason for reason in result.refused.values())


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("odd", list(Timeframe))
def test_only_the_odd_candles_are_absent(odd: Timeframe, factor: float) -> None:
    for inputs in (market(), market(trade=None, mid=None)):
        result = checked(replace(inputs, candles={**inputs.candles, odd: lifted(inputs.candles[odd], factor)}), NOW)
        assert names(result) == ALL - {odd.value}
        assert result.ticker is inputs.ticker


@pytest.mark.parametrize("factor", [10, 0.1, 1.5])
def test_when_nothing_decides_neither_is_used(factor: float) -> None:
    for inputs in (
        market(last=100 * factor, trade=None, mid=None),
        market(last=100 * factor, trade=100.0, mid=100.0 * factor),
    ):
        result = checked(inputs, NOW)
        assert result.ticker is None
        assert not names(result)


def test_in_a_crash_confirmed_by_trades_and_book_the_price_is_kept_and_candles_follow_with_their_next_bar() -> None:
    inputs = market(last=40.0, trade=41.0, mid=40.0)
    inputs = replace(inputs, ticker=replace(inputs.ticker, change_24h_percent=-60.0))  # type: ignore[type-var]
    result = checked(inputs, NOW)
    assert result.ticker is inputs.ticker
    assert not names(result)
    minute = inputs.candles[Timeframe.M1]
    crash = np.where(np.arange(len(minute)) < len(minute) - 1, 1.0, 0.4)
    minute = replace(minute, close=minute.close * crash, low=minute.low * crash)
    result = checked(replace(inputs, candles={**inputs.candles, Timeframe.M1: minute}), NOW)
    assert names(result) == ALL


def test_candles_that_contradict_the_price_of_a_day_ago_are_absent() -> None:
    inputs = market()
    old = inputs.candles[Timeframe.M30]
    halfway = np.where(np.arange(len(old)) < len(old) - 3, 1000.0, 1.0)  # the jump is inside a bar
    shifted = {name: getattr(old, name) * halfway for name in PRICES} | {"open": old.open * np.roll(halfway, 1)}
    result = checked(replace(inputs, candles={**inputs.candles, Timeframe.M30: replace(old, **shifted)}), NOW)
    assert names(result) == {"1m", "5m", "4h"}
    assert result.refused["candles_30m"].endswith("contradict the ticker's price of 24 hours ago")  # type: ignore[index]


def test_a_change_that_all_candles_contradict_is_absent() -> None:
    inputs = market()
    inputs = replace(inputs, ticker=replace(inputs.ticker, change_24h_percent=-50.0))  # type: ignore[type-var]
    result = checked(inputs, NOW)
    assert names(result) == ALL
    assert result.ticker is not None
    assert (result.ticker.last, result.ticker.change_24h_percent) == (100.0, None)


@given(st.floats(1e-8, 1e8), st.sampled_from([{"last": 10.0}, {"m1": 10.0}, {"h4": 0.1}, {}]))
def test_the_price_level_changes_nothing(price: float, odd: dict[str, float]) -> None:
    levels: dict[str, Any] = dict.fromkeys(("last", "trade", "mid", "m1", "m5", "m30", "h4"), 1.0) | odd
    one, other = (checked(market(**{n: v * p for n, v in levels.items()}), NOW) for p in (100.0, price))
    assert (names(one), one.refused) == (names(other), other.refused)


def tickers(seconds: float, **prices: float) -> dict[str, Ticker]:
    time_ms = NOW + int(1000 * seconds)
    return {
        symbol: Ticker(symbol=symbol, last=price, stamp=Stamp(observed_ms=time_ms, received_ms=time_ms))
        for symbol, price in prices.items()
    }


def test_a_large_step_counts_when_a_second_reading_confirms_it() -> None:
    steps = PriceSteps()
    first = tickers(0, A=100, B=1)
    assert steps.confirmed(first) == first
    second = tickers(3, A=1000, B=1.3)
    assert steps.confirmed(second) == {**second, "A": first["A"]}
    third = tickers(6, A=1010, B=1.3)
    assert steps.confirmed(third) == third


@pytest.mark.parametrize("price", [5e-324, 1e-320, 1e300])
def test_an_extreme_price_is_a_step_and_no_error(price: float) -> None:
    steps = PriceSteps()
    first = tickers(0, A=100, B=1)
    steps.confirmed(first)
    assert steps.confirmed(tickers(3, A=price, B=1))["A"] == first["A"]


def test_a_ticker_is_kept_for_a_minute_and_only_beside_confirmed_ones() -> None:
    steps = PriceSteps()
    steps.confirmed(tickers(0, A=100, B=1))
    assert steps.confirmed(tickers(50, A=1000, B=10)) == {}
    steps.confirmed(tickers(55, B=1))
    assert set(steps.confirmed(tickers(59, A=10, B=1))) == {"A", "B"}
    steps.confirmed(tickers(61, A=1, B=1))
    assert set(steps.confirmed(tickers(62, A=10, B=1))) == {"B"}


def test_one_wrong_reading_changes_nothing_after_it() -> None:
    steps = PriceSteps()
    read = [set(steps.confirmed(tickers(3 * place, A=price))) for place, price in enumerate((100, 10, 100, 1000, 101))]
    assert read == [{"A"}, set(), {"A"}, set(), {"A"}]


def test_after_a_minute_without_prices_any_price_is_the_first() -> None:
    steps = PriceSteps()
    steps.confirmed(tickers(0, A=100))
    assert set(steps.confirmed(tickers(61, A=math.e * 100))) == {"A"}


def with_turnover(seconds: float, turnover: float | None) -> dict[str, Ticker]:
    return {name: replace(one, turnover_24h=turnover) for name, one in tickers(seconds, A=100).items()}


def test_a_large_step_of_a_turnover_is_absent_until_a_second_reading_confirms_it() -> None:
    steps = PriceSteps()
    values: list[float | None] = [1e6, 1e12, 1.1e6, None, 1.2e6, 3e6, 3.1e6]
    read = [steps.confirmed(with_turnover(3 * place, value))["A"].turnover_24h for place, value in enumerate(values)]
    assert read == [1e6, None, 1.1e6, None, 1.2e6, None, 3.1e6]
