"""The whole market: the overview, the regime and its dwell time, the movers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.analysis import markets
from tests.unit.analysis.markets import NOW_MS, STAMP, Shape
from virtuoso.analysis import regime
from virtuoso.analysis.movers import movers
from virtuoso.analysis.overview import overview
from virtuoso.domain.model import (
    Candles,
    Dominance,
    DominanceBasis,
    Regime,
    RegimeInputs,
    RegimeState,
    Ticker,
    Timeframe,
)
from virtuoso.domain.snapshot import Mover

MINUTE = 60_000


def ticker(symbol: str, change: float | None, turnover: float | None = 1e6) -> Ticker:
    return Ticker(symbol=symbol, last=2.0, stamp=STAMP, change_24h_percent=change, turnover_24h=turnover)


def venue(changes: Iterable[float | None], btc: float | None = 0.0) -> dict[str, Ticker]:
    result = {f"C{i}USDT": ticker(f"C{i}USDT", c) for i, c in enumerate(changes)}
    return result | {"BTCUSDT": ticker("BTCUSDT", btc, 4e6)}


def btc_candles(kind: str, seed: int = 3) -> dict[Timeframe, Candles]:
    return {t: markets.bars(Shape(kind, seed, 100_000.0), t) for t in Timeframe}


def test_the_overview_covers_the_whole_venue() -> None:
    tickers = venue([1.0, 2.0, -3.0, 0.0, None, 5.0], btc=1.0)
    result = overview(tickers, {}, None, None, NOW_MS)
    assert result.breadth is not None
    assert (result.breadth.up, result.breadth.down, result.breadth.flat) == (4, 1, 1)
    assert result.total_turnover == pytest.approx(10e6)
    assert result.dispersion_percent == pytest.approx(float(np.std([1, 2, -3, 0, 5, 1])))
    assert result.regime_inputs.mean_move_percent == pytest.approx((1 + 2 - 3 + 0 + 5 + 4 * 1) / 9)
    assert result.regime_inputs.breadth == pytest.approx(3 / 6)
    assert result.regime_inputs.alts_against_btc_percent == pytest.approx(1.0 - 1.0)
    assert (result.trend_strength, result.volatility_percent, result.regime_inputs.btc_trend) == (None, None, None)


@pytest.mark.parametrize("turnover", [0.0, None])
def test_markets_without_turnover_change_neither_breadth_nor_dispersion_nor_regime(turnover: float | None) -> None:
    traded = venue([1.0, 2.0, -3.0, 0.0, 5.0], btc=1.0)
    dead = {f"D{i}USDT": ticker(f"D{i}USDT", change, turnover) for i, change in enumerate((-90.0, 400.0, 0.0))}
    assert overview(traded | dead, {}, None, None, NOW_MS) == overview(traded, {}, None, None, NOW_MS)


def test_volatility_is_the_annualised_deviation_of_log_returns_of_a_day() -> None:
    candles = btc_candles("walk")
    steps = np.diff(np.log(candles[Timeframe.M5].close[-289:]))
    result = overview(venue([1.0] * 9), candles, None, None, NOW_MS)
    assert result.volatility_percent == pytest.approx(100 * math.sqrt((steps**2).mean() * 288 * 365))
    assert result.trend_strength is not None
    assert 0 <= result.trend_strength <= 100
    hours = np.diff(np.log(candles[Timeframe.H4].close[-181:]))
    half = np.diff(np.log(candles[Timeframe.M30].close[-49:]))
    ratio = math.sqrt((half**2).mean() * 48 / ((hours**2).mean() * 6))
    assert result.regime_inputs.btc_volatility_ratio == pytest.approx(ratio)


def test_dominance_comes_from_coingecko_or_from_turnover_with_its_basis_or_is_absent() -> None:
    market_share = Dominance(percent=57.1, basis=DominanceBasis.MARKET_CAP, observed_ms=NOW_MS - 5)
    assert overview(venue([1.0]), {}, market_share, None, NOW_MS).dominance == market_share
    by_turnover = overview(venue([1.0]), {}, None, None, NOW_MS).dominance
    assert by_turnover == Dominance(percent=80.0, basis=DominanceBasis.TURNOVER, observed_ms=STAMP.observed_ms)
    without = {s: t for s, t in venue([1.0]).items() if s != "BTCUSDT"}
    assert overview(without, {}, None, None, NOW_MS).dominance is None


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_missing_inputs_give_no_regime_and_bad_candles_raise_no_error() -> None:
    few = overview(venue([1.0, None, None]), btc_candles("walk"), None, None, NOW_MS)
    assert (few.regime, few.regime_confidence) == (None, None)
    assert few.breadth is not None
    empty = overview({}, {}, None, None, NOW_MS)
    assert (empty.regime, empty.breadth, empty.total_turnover, empty.dominance) == (None, None, None, None)
    broken = {t: replace(c, close=c.close * np.nan) for t, c in btc_candles("walk").items()}
    result = overview(venue([3.0] * 30), broken, None, None, NOW_MS)
    assert result.volatility_percent is None
    assert result.regime is not None


def test_a_rising_venue_is_bullish_and_its_reflection_bearish() -> None:
    rng = np.random.default_rng(5)
    changes = rng.normal(4, 2, 200)
    up = overview(venue(changes, btc=5.0), btc_candles("trend"), None, None, NOW_MS)
    reflected = {
        t: replace(c, open=1 / c.open, high=1 / c.low, low=1 / c.high, close=1 / c.close)
        for t, c in btc_candles("trend").items()
    }
    down = overview(venue(100 / (1 + changes / 100) - 100, btc=100 / 1.05 - 100), reflected, None, None, NOW_MS)
    assert up.regime is not None
    assert down.regime is not None
    assert (up.regime.regime, down.regime.regime) == (Regime.BULLISH, Regime.BEARISH)
    assert down.regime_inputs.btc_trend == pytest.approx(-(up.regime_inputs.btc_trend or 0), abs=1e-9)
    assert up.regime_confidence is not None
    assert 0.4 < up.regime_confidence <= 0.5  # the regime was not yet watched
    later = overview(venue(changes, btc=5.0), btc_candles("trend"), None, up.regime, NOW_MS + regime.DWELL_MS)
    assert later.regime_confidence == pytest.approx(2 * up.regime_confidence)


@given(
    st.floats(-20, 20),
    st.floats(-1, 1),
    st.none() | st.floats(-1, 1),
    st.none() | st.floats(-8, 8),
    st.none() | st.floats(0.2, 5),
    st.sampled_from([None, *Regime]),
)
def test_negated_inputs_prefer_the_opposite_direction(
    move: float, breadth: float, trend: float | None, alts: float | None, ratio: float | None, current: Regime | None
) -> None:
    opposite = {Regime.BULLISH: Regime.BEARISH, Regime.RISK_ON: Regime.RISK_OFF}
    opposite |= {b: a for a, b in opposite.items()}

    def preferred(sign: float, now: Regime | None) -> Regime:
        strengths = regime.strengths(
            RegimeInputs(
                mean_move_percent=move * sign,
                breadth=breadth * sign,
                btc_trend=None if trend is None else trend * sign,
                dispersion_percent=3.0,
                btc_volatility_ratio=None if ratio is None else ratio**sign,
                alts_against_btc_percent=None if alts is None else alts * sign,
            )
        )
        assert strengths is not None
        assert all(-1 <= s <= 1 for s in strengths.values())
        return regime.preferred_regime(strengths, now)

    one = preferred(1.0, current)
    assert preferred(-1.0, None if current is None else opposite.get(current, current)) is opposite.get(one, one)


def test_risk_regimes_need_breadth_leading_alts_and_a_change_of_volatility() -> None:
    def preferred(breadth: float, alts: float, ratio: float) -> Regime:
        strengths = regime.strengths(
            RegimeInputs(
                mean_move_percent=0.2,
                breadth=breadth,
                btc_trend=0.0,
                dispersion_percent=3.0,
                btc_volatility_ratio=ratio,
                alts_against_btc_percent=alts,
            )
        )
        assert strengths is not None
        return regime.preferred_regime(strengths, None)

    assert preferred(0.8, 2.0, 0.6) is Regime.RISK_ON
    assert preferred(-0.8, -2.0, 1.8) is Regime.RISK_OFF
    assert preferred(0.8, -2.0, 0.6) is not Regime.RISK_ON
    assert preferred(0.8, 2.0, 1.6) is not Regime.RISK_ON


def walk(path: Iterable[RegimeInputs], step_ms: int = MINUTE) -> list[RegimeState]:
    states: list[RegimeState] = []
    for i, inputs in enumerate(path):
        strengths = regime.strengths(inputs)
        assert strengths is not None
        before = states[-1] if states else None
        states.append(
            regime.advance(
                before, regime.preferred_regime(strengths, before.regime if before else None), NOW_MS + i * step_ms
            )
        )
    return states


def changes(states: list[RegimeState]) -> int:
    return sum(a.regime is not b.regime for a, b in pairwise(states))


def test_noise_at_a_boundary_does_not_change_the_regime() -> None:
    rng = np.random.default_rng(1)
    for centre in np.linspace(-0.6, 0.6, 13):
        noise = centre + rng.normal(0, 0.08, 1_440)
        states = walk(
            RegimeInputs(
                mean_move_percent=2 * float(v),
                breadth=float(v),
                btc_trend=float(v),
                dispersion_percent=3.0,
                btc_volatility_ratio=None,
                alts_against_btc_percent=None,
            )
            for v in noise
        )
        assert changes(states) <= 1


def test_a_slow_swing_enters_each_regime_once_in_each_direction() -> None:
    path = np.concatenate((np.linspace(0.6, -0.6, 720), np.linspace(-0.6, 0.6, 720)))
    states = walk(
        RegimeInputs(
            mean_move_percent=2 * float(v),
            breadth=float(v),
            btc_trend=float(v),
            dispersion_percent=3.0,
            btc_volatility_ratio=None,
            alts_against_btc_percent=None,
        )
        for v in path
    )
    order = [s.regime for i, s in enumerate(states) if i == 0 or s.regime is not states[i - 1].regime]
    assert order == [Regime.BULLISH, Regime.NEUTRAL, Regime.BEARISH, Regime.NEUTRAL, Regime.BULLISH]


def test_another_regime_must_be_preferred_for_an_hour_without_a_break() -> None:
    state = regime.advance(None, Regime.BULLISH, NOW_MS)
    assert state == RegimeState(regime=Regime.BULLISH, since_ms=NOW_MS, start_unknown=True)
    state = regime.advance(state, Regime.BEARISH, NOW_MS + MINUTE)
    assert (state.regime, state.candidate) == (Regime.BULLISH, Regime.BEARISH)
    almost = regime.advance(state, Regime.BEARISH, NOW_MS + 60 * MINUTE)
    assert almost.regime is Regime.BULLISH
    assert regime.advance(almost, Regime.BEARISH, NOW_MS + 61 * MINUTE) == RegimeState(
        regime=Regime.BEARISH, since_ms=NOW_MS + 61 * MINUTE
    )
    broken = regime.advance(almost, Regime.BULLISH, NOW_MS + 61 * MINUTE)
    assert broken == RegimeState(regime=Regime.BULLISH, since_ms=NOW_MS, start_unknown=True)
    again = regime.advance(broken, Regime.BEARISH, NOW_MS + 62 * MINUTE)
    assert regime.advance(again, Regime.BEARISH, NOW_MS + 121 * MINUTE).regime is Regime.BULLISH
    stepped_back = regime.advance(again, Regime.BEARISH, NOW_MS)
    assert stepped_back.candidate_since_ms == NOW_MS


def test_movers_are_ordered_by_the_percentage_of_the_ticker_above_the_minimum_turnover() -> None:
    tickers = {
        t.symbol: t
        for t in (
            ticker("AUSDT", 3.0),
            ticker("BUSDT", 7.0),
            ticker("ZUSDT", 7.0),
            ticker("CUSDT", -2.0),
            ticker("DUSDT", -9.0),
            ticker("FLATUSDT", 0.0),
            ticker("NEWUSDT", None),
            ticker("THINUSDT", 90.0, 499_999.0),
            ticker("UNKNOWNUSDT", 90.0, None),
            ticker("EDGEUSDT", 1.0, 500_000.0),
        )
    }
    gainers, losers = movers(tickers)
    assert [m.symbol for m in gainers] == ["BUSDT", "ZUSDT", "AUSDT", "EDGEUSDT"]
    assert [m.symbol for m in losers] == ["DUSDT", "CUSDT"]
    assert gainers[0] == Mover(symbol="BUSDT", price=2.0, change_24h_percent=7.0, turnover_24h=1e6)
    assert movers(tickers, min_turnover_usd=0.0)[0][0].symbol == "THINUSDT"


def test_without_falling_markets_there_are_no_losers() -> None:
    gainers, losers = movers({f"{i}USDT": ticker(f"{i}USDT", float(i)) for i in range(1, 9)})
    assert len(gainers) == 8
    assert losers == ()
