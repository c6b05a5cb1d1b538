"""Markets that hardly move or trade: every reading is finite and moderate, or absent with the reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.analysis import markets
from tests.unit.analysis.markets import NOW_MS, STAMP, Shape
from virtuoso.analysis.bars import Bars
from virtuoso.analysis.beta import betas
from virtuoso.analysis.candle_readings import CandleReadingsCache, read_history
from virtuoso.analysis.confluence import score_symbol
from virtuoso.analysis.overview import overview
from virtuoso.domain.model import ANCHOR, Candles, Component, SymbolInputs, Ticker, Timeframe, TimeSeries

TICK = 0.01
COUNT = 400
Steps = Callable[[int], float]


def bars(timeframe: Timeframe, price: Steps, volume: Steps, *, wick: float = 0.0) -> Candles:
    """Return bars from functions of the minutes before now: the close in ticks of 0.01 above 100, and the volume."""
    last_open = (NOW_MS // timeframe.ms - 1) * timeframe.ms
    times = (last_open + (np.arange(COUNT) - COUNT + 1) * timeframe.ms).astype(np.int64)
    minutes = (NOW_MS - times - timeframe.ms) // 60_000
    close = np.array([100 + TICK * price(int(m)) for m in minutes])
    opened = np.concatenate((close[:1], close[:-1]))
    return Candles(
        symbol="XUSDT",
        timeframe=timeframe,
        open_ms=times,
        open=opened,
        high=np.maximum(opened, close) + wick,
        low=np.minimum(opened, close) - wick,
        close=close,
        volume=np.array([volume(int(m)) for m in minutes]),
        stamp=STAMP,
    )


def market(price: Steps, volume: Steps = lambda _: 10.0) -> SymbolInputs:
    """Return a market with these bars, and with the other inputs of a usual market."""
    usual = markets.inputs(Shape("walk", 5, 100.0))
    return replace(usual, candles={t: bars(t, price, volume) for t in Timeframe})


def components(inputs: SymbolInputs) -> dict[str, Component]:
    return {c.name: c for d in score_symbol(inputs, NOW_MS).dimensions for c in d.components}


def candle_components(inputs: SymbolInputs, timeframe: str) -> dict[str, Component]:
    return {name: c for name, c in components(inputs).items() if name.endswith(f"_{timeframe}")}


STILL: dict[str, tuple[Steps, Steps, str]] = {
    "constant price": (lambda _: 0, lambda _: 10, "the price moved in 0 of the last 30 bars, needs 10"),
    "no volume": (lambda m: m % 17, lambda _: 0, "no volume in the last 30 bars"),
    "one tick in an hour": (lambda m: m // 60 % 2, lambda _: 10, "of the last 30 bars, needs 10"),
    "one tick in two days": (lambda m: float(m > 2880), lambda _: 10, "of the last 30 bars, needs 10"),
    "two prices": (lambda m: m % 2, lambda _: 10, "the price had only two values in the last 30 bars"),
    "two distant prices": (lambda m: 500 * (m % 2), lambda _: 10, "the price had only two values in the last 30 bars"),
    "one outlier": (lambda m: 5000 * (m == 3), lambda _: 10, "of the last 30 bars, needs 10"),
}


@pytest.mark.parametrize("kind", STILL)
def test_an_inactive_market_has_no_candle_readings_and_gives_the_reason(kind: str) -> None:
    price, volume, reason = STILL[kind]
    for name, component in candle_components(market(price, volume), "1m").items():
        assert component.direction is None, name
        assert component.missing.endswith(reason) or component.missing.startswith("needs "), (name, component.missing)


@pytest.mark.parametrize("kind", STILL)
def test_the_readings_of_a_history_are_absent_where_live_ones_are(kind: str) -> None:
    one = bars(Timeframe.M1, *STILL[kind][:2])
    live = CandleReadingsCache().readings({Timeframe.M1: one}, NOW_MS)[Timeframe.M1]
    assert np.isnan(live.directions).all()
    assert np.isnan(read_history(one).directions[:, -1]).all()


def test_thirty_bars_without_a_move_have_no_volume_reading() -> None:
    walk = np.random.default_rng(4).choice((-3, -2, 1, 2), 100_000).cumsum() % 4000
    result = score_symbol(market(lambda m: float(walk[max(m - 30, 0)])), NOW_MS)
    volume = next(d for d in result.dimensions if d.kind.name == "VOLUME")
    names = [f"{name}_1m" for name in ("money_flow", "on_balance_volume", "accumulation", "money_flow_index")]
    for component in volume.components:
        if component.name in names:
            assert component.missing == "the price moved in 0 of the last 30 bars, needs 10"
        elif component.name.endswith("_4h"):
            assert component.direction is not None


@pytest.mark.parametrize(
    ("name", "still_bars"),
    [("money_flow", 20), ("money_flow_index", 15), ("relative_volume", 0)],
)
def test_bars_without_a_move_or_volume_give_no_reading(name: str, still_bars: int) -> None:
    walk = np.random.default_rng(4).choice((-3, -2, 1, 2), 100_000).cumsum() % 4000
    silent = 3 if name == "relative_volume" else 0
    candles = bars(
        Timeframe.M1, lambda m: float(walk[max(m - still_bars, 0)]), lambda m: 0.0 if m < silent else 10.0, wick=0.0
    )
    inputs = replace(market(lambda _: 0.0), candles={Timeframe.M1: candles})
    assert components(inputs)[f"{name}_1m"].direction is None
    assert components(inputs)["vwap_distance_1m"].direction is not None


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.floats(0, 1),
    st.integers(1, 400),
    st.sampled_from([1e-6, 1.0, 3e4]),
    st.sampled_from(list(Timeframe)),
)
def test_readings_in_atr_stay_within_the_limit_of_the_tick_size(
    seed: int, share: float, move: int, scale: float, timeframe: Timeframe
) -> None:
    rng = np.random.default_rng(seed)
    walk = (rng.integers(-move, move + 1, 200_000) * (rng.random(200_000) < share**3)).cumsum() % 5000
    one = bars(timeframe, lambda m: float(walk[m % 200_000]), lambda _: 10.0)
    scaled = replace(one, **{n: scale * getattr(one, n) for n in ("open", "high", "low", "close")})
    read = Bars(scaled)
    step, top, bottom = read.price_step[-1], read.high.max(), read.low.min()
    assert not read.atr[-1] < step
    ticks = 1.01 * (top - bottom) / step if step > 0 else 0
    live = CandleReadingsCache().readings({timeframe: scaled}, NOW_MS)[timeframe]
    same = CandleReadingsCache().readings({timeframe: one}, NOW_MS)[timeframe]
    np.testing.assert_allclose(live.directions, same.directions, rtol=0, atol=1e-6)
    np.testing.assert_allclose(live.confidences, same.confidences, rtol=0, atol=1e-6)
    mirror = replace(one, open=1 / one.open, high=1 / one.low, low=1 / one.high, close=1 / one.close)
    other = CandleReadingsCache().readings({timeframe: mirror}, NOW_MS)[timeframe]
    np.testing.assert_allclose(other.directions, [-d for d in same.directions], rtol=0, atol=1e-6)
    np.testing.assert_allclose(other.confidences, same.confidences, rtol=0, atol=1e-6)
    in_atr = {
        n: r for n, r in components(replace(market(lambda _: 0), candles={timeframe: scaled})).items() if r.unit == "ATR"
    }
    assert in_atr
    assert all(abs(c.reading) <= max(ticks, 1) for c in in_atr.values() if c.reading is not None)


def test_a_single_change_of_price_or_open_interest_is_not_a_large_move() -> None:
    five = (NOW_MS // 300_000) * 300_000 - 300_000 * np.arange(99, -1, -1)
    rng = np.random.default_rng(1)
    walk = rng.integers(-3, 4, 100_000).cumsum() % 4000
    still = market(lambda m: float(m < 60))
    moving = market(lambda m: float(walk[m]))

    def interest(values: np.ndarray) -> TimeSeries:
        return TimeSeries(symbol="XUSDT", time_ms=five.astype(np.int64), values=values, stamp=STAMP)

    once = interest(np.where(np.arange(100) < 90, 1e6, 1e6 + 1))
    often = interest(1e6 + rng.integers(0, 3, 100))
    for inputs, reason in (
        (replace(still, open_interest=often), "the price hardly moved"),
        (replace(moving, open_interest=once), "the open interest hardly moved"),
    ):
        assert components(inputs)["positioning"].missing == reason
        assert components(inputs)["open_interest"].missing == reason
    reading = components(replace(moving, open_interest=often))["open_interest"].reading
    assert reading is not None
    assert abs(reading) < 0.01  # a few of a million contracts


def test_an_inactive_market_has_no_beta() -> None:
    walk = np.random.default_rng(9).integers(-30, 31, 200_000).cumsum() % 4000
    moving = {t: bars(t, lambda m: float(walk[m % 200_000]), lambda _: 1.0) for t in Timeframe}
    still = {t: bars(t, lambda m: float(m // 10_000 % 2), lambda _: 1.0) for t in Timeframe}
    assert set(betas({ANCHOR: moving, "XUSDT": moving}, NOW_MS)["XUSDT"])
    assert betas({ANCHOR: moving, "XUSDT": still}, NOW_MS)["XUSDT"] == {}
    assert betas({ANCHOR: still, "XUSDT": moving}, NOW_MS)["XUSDT"] == {}


def test_an_inactive_btc_has_no_trend_and_no_volatility() -> None:
    still = {t: bars(t, lambda m: float(m // 10_000 % 2), lambda _: 1.0) for t in Timeframe}
    tickers = {s: Ticker(symbol=s, last=1.0, stamp=STAMP, change_24h_percent=1.0) for s in ("BTCUSDT", "AUSDT")}
    result = overview(tickers, still, None, None, NOW_MS)
    assert result.regime_inputs.btc_trend is None
    assert (result.trend_strength, result.volatility_percent, result.regime_inputs.btc_volatility_ratio) == (
        None,
        None,
        None,
    )
