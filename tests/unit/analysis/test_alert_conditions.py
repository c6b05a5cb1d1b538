"""Market conditions: each raises one alert, when a second reading or another source confirms it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from virtuoso.analysis.alert_groups import NO_ALERTS
from virtuoso.analysis.alert_rules import MarketPass, market_alerts
from virtuoso.domain.model import (
    Candles,
    Environment,
    Regime,
    RegimeState,
    Stamp,
    SymbolInputs,
    Ticker,
    Timeframe,
    TimeSeries,
    Trades,
)
from virtuoso.domain.records import (
    Alert,
    AlertKind,
    AlertLevel,
)

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats

MINUTE, HOUR = 60_000, 3_600_000
NOW = 1_760_000_400_000 // HOUR * HOUR
LIVE = Environment.LIVE
K = AlertKind


def ticker(last: float = 100.0, symbol: str = "XUSDT", at: int = NOW) -> Ticker:
    return Ticker(symbol=symbol, last=last, stamp=Stamp(observed_ms=at, received_ms=at), turnover_24h=1e8)


def flat_bars(timeframe: Timeframe, close: Floats, volume: Floats, end_ms: int) -> Candles:
    """Return flat bars. The last one closes at `end_ms`."""
    return Candles(
        symbol="XUSDT",
        timeframe=timeframe,
        open_ms=end_ms - timeframe.ms * np.arange(len(close), 0, -1, dtype=np.int64),
        open=close,
        high=close,
        low=close,
        close=close,
        volume=volume,
        stamp=Stamp(observed_ms=end_ms, received_ms=end_ms),
    )


def minutes(closes: Sequence[float], end_ms: int = NOW) -> Candles:
    return flat_bars(Timeframe.M1, np.array(closes), np.ones(len(closes)), end_ms)


def wobbling(count: int = 120) -> list[float]:
    return [100 * (1 + 0.0005 * (-1) ** i) for i in range(count)]


def fives(volumes: Sequence[float], end_ms: int = NOW) -> Candles:
    return flat_bars(Timeframe.M5, np.full(len(volumes), 100.0), np.array(volumes), end_ms)


def trades(rows: Sequence[tuple[int, float, float]]) -> Trades:
    """Return trades from rows of (time, size, side). The price is 100."""
    times, sizes, sides = (np.array(v) for v in zip(*rows, strict=True))
    ids = [str(i) for i in range(len(rows))]
    return Trades(
        symbol="XUSDT",
        ids=ids,
        time_ms=times.astype(np.int64),
        price=np.full(len(rows), 100.0),
        size=sizes,
        side=sides,
        stamp=Stamp(observed_ms=NOW, received_ms=NOW),
    )


def interest(values: Sequence[float], end_ms: int = NOW) -> TimeSeries:
    times = end_ms - 5 * MINUTE * np.arange(len(values) - 1, -1, -1, dtype=np.int64)
    return TimeSeries(
        symbol="XUSDT", time_ms=times, values=np.array(values), stamp=Stamp(observed_ms=end_ms, received_ms=end_ms)
    )


def market_pass(*inputs: SymbolInputs, now: int = NOW, venue: str = "bybit") -> MarketPass:
    return MarketPass(venue=venue, environment=LIVE, now_ms=now, inputs={i.symbol: i for i in inputs})


Kinds = list[tuple[AlertKind, AlertLevel]]


def alerts_of(before: MarketPass | None, after: MarketPass) -> tuple[Alert, ...]:
    return market_alerts(before, after).alerts


def read_again(one: MarketPass, seconds: int = 3) -> MarketPass:
    """Return the pass with the same inputs, all read later."""

    def later(data: Any) -> Any:
        stamp = Stamp(observed_ms=data.stamp.observed_ms, received_ms=data.stamp.received_ms + 1_000 * seconds)
        return replace(data, stamp=stamp)

    inputs = {
        symbol: replace(
            each,
            ticker=each.ticker and later(each.ticker),
            candles={timeframe: later(bars) for timeframe, bars in each.candles.items()},
            trades=each.trades and later(each.trades),
            open_interest=each.open_interest and later(each.open_interest),
        )
        for symbol, each in one.inputs.items()
    }
    return replace(one, now_ms=one.now_ms + 1_000 * seconds, inputs=inputs)


def run(*passes: MarketPass) -> list[tuple[Alert, ...]]:
    """Return the alerts of each of these successive passes."""
    alerts: list[tuple[Alert, ...]] = []
    before, state = None, {one.venue: NO_ALERTS for one in passes}
    for one in passes:
        before, raised, state[one.venue] = market_alerts(before, one, state[one.venue])
        alerts.append(raised)
    return alerts


def confirmed(before: MarketPass | None, after: MarketPass) -> tuple[Alert, ...]:
    """Return the alerts when `after` is read a second time. A third read or a repeated reading raises none."""
    first = [before] if before is not None else []
    again = read_again(after, 160)
    alerts = run(*first, after, replace(after, now_ms=after.now_ms + 1_000), again, read_again(again))
    assert [len(each) for each in alerts[:-2]] == [0] * (len(first) + 2)
    assert not alerts[-1]
    return alerts[-2]


def raised(before: MarketPass | None, after: MarketPass) -> Kinds:
    return [(a.kind, a.level) for a in confirmed(before, after)]


@pytest.mark.parametrize(
    ("last", "level"),
    [(101.9, None), (98.2, None), (102.3, AlertLevel.WARNING), (97.7, AlertLevel.WARNING), (111.0, AlertLevel.CRITICAL)],
)
def test_a_large_price_move_raises_one_alert_while_it_lasts(last: float, level: AlertLevel | None) -> None:
    calm = market_pass(SymbolInputs(symbol="XUSDT", ticker=ticker(), candles={Timeframe.M1: minutes(wobbling())}))
    moved = market_pass(SymbolInputs(symbol="XUSDT", ticker=ticker(last), candles={Timeframe.M1: minutes(wobbling())}))
    assert raised(calm, moved) == ([] if level is None else [(K.PRICE_MOVE, level)])
    assert raised(None, moved) == raised(calm, moved)
    if level is not None:
        (alert,) = confirmed(calm, moved)
        assert ("rose" if last > 100 else "fell") in alert.text
        assert "XUSDT" in alert.text
        assert alert.reading == pytest.approx(100 * (last / minutes(wobbling()).close[-15] - 1))
        assert (alert.symbol, alert.venue, alert.environment, alert.observed_ms) == ("XUSDT", "bybit", LIVE, NOW + 160_000)


@pytest.mark.parametrize(
    ("price", "tick_size", "text"),
    [(0.0000712, 1e-7, "to 0.0000712."), (119_876.5, 0.1, "to 119,876.5."), (119_876.54, None, "to 119,876.54.")],
)
def test_a_price_in_an_alert_has_the_digits_of_the_exchange(price: float, tick_size: float | None, text: str) -> None:
    bars = {Timeframe.M1: minutes([value * price / 103 for value in wobbling()])}
    one = replace(ticker(price), tick_size=tick_size)
    (alert,) = confirmed(None, market_pass(SymbolInputs(symbol="XUSDT", ticker=one, candles=bars)))
    assert alert.text.endswith(text)


def test_a_usual_move_of_a_volatile_market_raises_no_alert() -> None:
    wild = [100 * (1 + 0.01 * (-1) ** i) for i in range(120)]
    assert (
        raised(None, market_pass(SymbolInputs(symbol="XUSDT", ticker=ticker(104.0), candles={Timeframe.M1: minutes(wild)})))
        == []
    )


def test_a_move_in_the_opposite_direction_raises_another_alert() -> None:
    up, down = (
        market_pass(SymbolInputs(symbol="XUSDT", ticker=ticker(p), candles={Timeframe.M1: minutes(wobbling())}))
        for p in (103.0, 97.0)
    )
    (first,), (second,) = confirmed(None, up), confirmed(up, down)
    assert first.key != second.key


def test_a_price_that_is_read_once_raises_no_alert() -> None:
    calm, moved = (
        market_pass(SymbolInputs(symbol="XUSDT", ticker=ticker(p), candles={Timeframe.M1: minutes(wobbling())}))
        for p in (100.0, 103.0)
    )
    assert run(calm, moved, read_again(calm), read_again(moved, 6), read_again(calm, 9)) == [()] * 5
    assert [len(each) for each in run(calm, moved, read_again(moved), read_again(moved, 6))] == [0, 0, 1, 0]
    once_calm = [read_again(one, 3 * place) for place, one in enumerate((moved, moved, calm, moved, moved))]
    assert [len(each) for each in run(*once_calm)] == [0, 1, 0, 0, 0]
    for end, count in ((304, 0), (1_804, 1)):  # within its cooldown it is not told again
        ended = [(moved, 0), (moved, 3), (calm, end), (moved, end + 3), (moved, end + 6)]
        assert [len(each) for each in run(*(read_again(one, seconds) for one, seconds in ended))] == [0, 1, 0, 0, count]


def with_volumes(volumes: Sequence[float], end: int = NOW, of_minutes: Sequence[float] = ()) -> MarketPass:
    bars = {Timeframe.M5: fives(volumes, end)}
    if of_minutes:
        bars[Timeframe.M1] = replace(minutes([100.0] * len(of_minutes), end), volume=np.array(of_minutes))
    return market_pass(SymbolInputs(symbol="XUSDT", ticker=ticker(at=end), candles=bars), now=end)


USUAL = [10.0 + i % 3 for i in range(300)]


def test_a_bar_of_unusual_volume_raises_an_alert_when_it_is_read_again() -> None:
    quiet, spike = with_volumes(USUAL, NOW - 5 * MINUTE), with_volumes([*USUAL, 2_000.0])
    assert raised(quiet, spike) == [(K.VOLUME_SPIKE, AlertLevel.INFO)]
    (alert,) = confirmed(quiet, spike)
    assert alert.reading == pytest.approx(2_000 / 11)
    assert raised(quiet, with_volumes([*USUAL, 160.0])) == []
    assert raised(quiet, with_volumes([*(v / 100 for v in USUAL), 20.0])) == []  # twenty coins are too small for an alert
    assert raised(None, with_volumes([*USUAL[:100], 2_000.0])) == []  # the market is too new to have a usual volume
    after = with_volumes([*USUAL, 2_000.0, 11.0], NOW + 5 * MINUTE)
    assert [len(each) for each in run(quiet, spike, after)] == [0, 0, 1]  # the next reading comes with the next bar


def test_minutes_with_the_volume_of_a_bar_confirm_it_at_once() -> None:
    for of_minutes, count in (([0, 900, 100, 0, 0], 1), ([2, 2, 2, 2, 2], 0), ([2_000, 2_000], 0)):
        assert len(alerts_of(None, with_volumes([*USUAL, 2_000.0], of_minutes=of_minutes))) == count
    wrong = with_volumes([*USUAL, 2_000.0], of_minutes=[2, 2, 2, 2, 2])
    assert run(wrong, read_again(with_volumes([*USUAL, 11.0], of_minutes=[2, 2, 2, 2, 2]))) == [(), ()]


def traded(*rows: tuple[int, float, float], turnover: float = 1e8, read_from_ms: int = 0) -> MarketPass:
    one = replace(trades(rows), read_from_ms=read_from_ms)
    return market_pass(SymbolInputs(symbol="XUSDT", ticker=replace(ticker(), turnover_24h=turnover), trades=one))


def test_the_fills_of_one_order_are_one_large_trade() -> None:
    usual = [(NOW - 60_000 + i, 20.0, (-1.0) ** i) for i in range(200)]
    fills = [(NOW - 180_000, 9_000.0, 1), *usual, (NOW - 500, 1_500.0, -1), (NOW - 500, 1_500.0, -1), (NOW - 400, 9.0, 1)]
    (alert,) = run(traded(*fills), read_again(traded(*fills)))[1]
    assert (alert.kind, alert.unit) == (K.LARGE_TRADE, "USDT")
    assert alert.reading == pytest.approx(300_000.0)
    assert "sold" in alert.text
    apart = traded(*((NOW - 500 + i, 1_500.0, -1.0) for i in range(2)))
    small = traded(*fills, turnover=1e9)  # in this market 300,000 USDT are a small amount
    busy = traded(*((ms, 20 * size if size == 20 else size, side) for ms, size, side in fills))  # beside these, it is usual
    for one in (apart, small, busy):
        assert run(one, read_again(one)) == [(), ()]


def test_a_trade_needs_a_second_reading_with_the_same_size_or_the_bar_of_its_minute() -> None:
    large, small = (NOW - 70_000, 3_000.0, 1.0), (NOW - 70_000, 30.0, 1.0)
    assert run(traded(large), read_again(traded(small)), read_again(traded(small), 6)) == [()] * 3
    assert [len(each) for each in run(traded(large), traded(large), read_again(traded(large)))] == [0, 0, 1]
    unread = read_again(traded(large, read_from_ms=NOW))  # the second reading does not reach back to the trade
    assert run(traded(large), unread) == [(), ()]
    for volume, count in ((3_500.0, 1), (900.0, 0)):
        bars = {Timeframe.M1: replace(minutes([100.0] * 3), volume=np.full(3, volume))}
        inputs = {symbol: replace(one, candles=bars) for symbol, one in unread.inputs.items()}
        assert [len(each) for each in run(traded(large), replace(unread, inputs=inputs))] == [0, count]
        reached = {symbol: replace(one, candles=bars) for symbol, one in traded(large).inputs.items()}
        assert run(replace(traded(large), inputs=reached)) == [()]  # a busy minute cannot confirm a wrong size
    dear = replace(trades([small]), price=np.array([10_000.0]))
    inputs = {symbol: replace(one, candles=bars, trades=dear) for symbol, one in unread.inputs.items()}
    assert run(replace(unread, inputs=inputs)) == [()]  # the size agrees with the bar, the price does not


def test_a_purchase_does_not_hide_a_sale() -> None:
    usual = [(NOW - 60_000 + i, 20.0, 1.0) for i in range(500)]
    both = traded(*usual, (NOW - 900, 9_000.0, 1), (NOW - 500, 3_000.0, -1))
    assert ["bought" in a.text for a in run(both, read_again(both))[1]] == [True, False]


def test_extreme_funding_and_surging_open_interest_raise_alerts_when_they_begin() -> None:
    past = TimeSeries(
        symbol="XUSDT",
        time_ms=NOW - 8 * HOUR * np.arange(60, 0, -1, dtype=np.int64),
        values=1e-4 + 1e-5 * np.cos(np.arange(60)),
        stamp=Stamp(observed_ms=NOW, received_ms=NOW),
    )
    calm = SymbolInputs(
        symbol="XUSDT",
        ticker=replace(ticker(), funding_rate=1e-4, funding_interval_ms=8 * HOUR),
        funding=past,
        open_interest=interest([100.0] * 30),
    )
    dear = replace(calm, ticker=replace(ticker(), funding_rate=1.25e-4, funding_interval_ms=HOUR))
    (alert,) = confirmed(market_pass(calm), market_pass(dear))
    assert (alert.kind, alert.level, alert.unit) == (K.FUNDING_EXTREME, AlertLevel.WARNING, "percent a day")
    assert alert.reading == pytest.approx(0.3)
    assert alert.text.startswith("XUSDT: longs pay 0.300 % a day (0.013 % every 1 h), far from its usual rate (z ")
    dear_pass = market_pass(dear)
    passes = [dear_pass, *(read_again(dear_pass, seconds) for seconds in (3, 140, 150))]
    assert [len(each) for each in run(*passes)] == [0, 0, 0, 1]  # the tickers between may repeat one funding rate
    assert run(*passes[:3], read_again(market_pass(calm), 150)) == [()] * 4
    for newest, word in ((111.0, "rose"), (89.0, "fell")):
        surged = replace(calm, open_interest=interest([100.0] * 29 + [newest]))
        (alert,) = confirmed(market_pass(calm), market_pass(surged))
        assert (alert.kind, word in alert.text) == (K.OPEN_INTEREST_SURGE, True)
        assert alert.reading == pytest.approx(newest - 100)
        for now, count in ((newest, 1), (100.0, 0)):
            agreed = replace(surged, ticker=calm.ticker and replace(calm.ticker, open_interest=now))
            assert len(alerts_of(market_pass(calm), market_pass(agreed))) == count
    dip = replace(calm, open_interest=interest([100.0] * 17 + [80.0] + [100.0] * 12))  # the value of an hour ago
    assert raised(market_pass(calm), market_pass(dip)) == []
    old = replace(calm, open_interest=interest([100.0] * 29 + [120.0], NOW - 2 * HOUR))
    assert raised(market_pass(calm), market_pass(old)) == []


def test_without_inputs_or_with_broken_ones_no_alert_is_raised() -> None:
    assert raised(None, market_pass(SymbolInputs(symbol="XUSDT"))) == []
    broken = SymbolInputs(
        symbol="XUSDT",
        ticker=ticker(),
        candles={Timeframe.M1: minutes([np.nan] * 120), Timeframe.M5: fives([np.nan] * 300)},
        trades=trades([(NOW - 1, np.nan, 1.0)]),
        open_interest=interest([np.nan] * 30),
    )
    quiet = replace(broken, trades=trades([(NOW - 9_000, 1.0, 1.0)]))
    assert raised(market_pass(quiet), market_pass(broken)) == []
    worthless = SymbolInputs(symbol="AUSDT", ticker=ticker(0.0, "AUSDT"), candles={Timeframe.M1: minutes(wobbling())})
    moved = SymbolInputs(symbol="XUSDT", ticker=ticker(103.0), candles={Timeframe.M1: minutes(wobbling())})
    assert [a.symbol for a in confirmed(None, market_pass(worthless, moved))] == ["XUSDT"]


def test_after_a_change_of_venue_current_conditions_raise_alerts() -> None:
    moved = SymbolInputs(symbol="XUSDT", ticker=ticker(103.0), candles={Timeframe.M1: minutes(wobbling())})
    one, other = (market_pass(moved, venue=venue) for venue in ("bybit", "binance"))
    assert [len(each) for each in run(one, read_again(one), other, read_again(other))] == [0, 1, 0, 1]
    bullish, bearish = RegimeState(regime=Regime.BULLISH, since_ms=NOW), RegimeState(regime=Regime.BEARISH, since_ms=NOW)
    before, after = replace(market_pass(), regime=bullish), replace(market_pass(venue="binance"), regime=bearish)
    assert alerts_of(before, after) == ()
