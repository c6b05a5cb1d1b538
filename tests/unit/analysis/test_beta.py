"""Betas against statsmodels, and the laws of betas: alignment by time, reflection, scale, no look-ahead, missing data."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.analysis.markets import NOW_MS, STAMP
from virtuoso.analysis.bars import YEAR_MS
from virtuoso.analysis.beta import SPANS, betas
from virtuoso.domain.model import ANCHOR, Candles, Timeframe
from virtuoso.domain.records import BetaSpan, BetaWindow

Series = dict[str, dict[Timeframe, Candles]]
SIZES = {"BTCUSDT": 0.0, "AUSDT": 1.4, "BUSDT": 0.3, "CUSDT": -0.6}


def close(value: float | None, within: float = 1e-9) -> Any:
    """Return a match for this number, or None for None."""
    return None if value is None else pytest.approx(value, rel=within, abs=within / 1000)


def candles(symbol: str, timeframe: Timeframe, log_prices: np.ndarray, present: np.ndarray | None = None) -> Candles:
    """Return bars of these log closes, the last one closed before NOW_MS. `present` says which of them exist."""
    count = len(log_prices)
    times = ((NOW_MS // timeframe.ms - 1) * timeframe.ms + (np.arange(count) - count + 1) * timeframe.ms).astype(np.int64)
    exists = np.ones(count, dtype=bool) if present is None else present
    close = np.exp(log_prices[exists])
    return Candles(
        symbol=symbol,
        timeframe=timeframe,
        open_ms=times[exists],
        open=close,
        high=close,
        low=close,
        close=close,
        volume=np.ones(len(close)),
        stamp=STAMP,
    )


def markets(seed: int, *, gaps: float = 0.0, listed: int = 0) -> Series:
    """Return four markets that move with BTC by different betas. Bars are missing at random. The first `listed` bars of
    CUSDT are missing too."""
    rng = np.random.default_rng(seed)
    result: Series = {symbol: {} for symbol in SIZES}
    for timeframe, _, _ in SPANS.values():
        steps = rng.standard_t(4, 400) * 2e-3
        for symbol, size in SIZES.items():
            own = 0.0 if symbol == ANCHOR else rng.standard_t(4, 400) * 1e-3
            present = rng.random(400) >= gaps
            present[: listed if symbol == "CUSDT" else 0] = False
            present[-1] = True
            walk = np.cumsum(steps * (1.0 if symbol == ANCHOR else size) + own)
            result[symbol][timeframe] = candles(symbol, timeframe, 3.0 + walk, present)
    return result


def paired(own: Candles, anchor: Candles, points: int) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Return the returns of both markets and their end times, paired bar by bar in plain Python."""
    step = anchor.timeframe.ms
    last = int(anchor.open_ms[-1])
    a, b = (dict(zip(c.open_ms.tolist(), c.close.tolist(), strict=True)) for c in (anchor, own))
    x, y, ends = [], [], []
    for t in range(last - (points - 1) * step, last + 1, step):
        if all(at in prices for at in (t - step, t) for prices in (a, b)):
            x.append(np.log(a[t] / a[t - step]))
            y.append(np.log(b[t] / b[t - step]))
            ends.append(t + step)
    return np.array(x), np.array(y), ends


def assert_agrees(beta: BetaWindow, own: Candles, anchor: Candles, points: int, step: int) -> None:
    import statsmodels.api as sm  # type: ignore[import-untyped]  # noqa: PLC0415 - takes 2 s; only this test needs it

    x, y, ends = paired(own, anchor, points)
    result = sm.OLS(y, sm.add_constant(x)).fit(cov_type="HC3")
    assert beta.points == len(x)
    assert beta.beta == close(result.params[1])
    assert beta.beta_error == close(result.bse[1])
    alpha = result.params[0] * 100 * YEAR_MS / anchor.timeframe.ms
    assert beta.alpha_annual_percent == pytest.approx(alpha, rel=1e-9, abs=1e-6)
    assert beta.alpha_t == pytest.approx(result.tvalues[0], rel=1e-9, abs=1e-9)
    assert beta.r_squared == pytest.approx(result.rsquared, rel=1e-9, abs=1e-12)
    assert beta.correlation == close(np.corrcoef(x, y)[0, 1])
    for side, measured in ((x < 0, beta.downside_beta), (x > 0, beta.upside_beta)):
        expected = sm.OLS(y[side], sm.add_constant(x[side])).fit().params[1] if side.sum() >= 30 else None
        assert measured == close(expected)
    quarter = points // 4 * anchor.timeframe.ms
    for end, rolled in beta.rolling:
        within = [end - quarter < e <= end for e in ends]
        assert sum(within) >= points // 8
        assert rolled == pytest.approx(sm.OLS(y[within], sm.add_constant(x[within])).fit().params[1], rel=1e-9, abs=1e-11)
    assert all((beta.end_ms - end) % (step * anchor.timeframe.ms) == 0 for end, _ in beta.rolling)


@pytest.mark.parametrize(("gaps", "listed"), [(0.0, 0), (0.08, 0), (0.0, 250), (0.05, 130)])
def test_betas_agree_with_statsmodels_with_gaps_and_late_listings(gaps: float, listed: int) -> None:
    series = markets(5, gaps=gaps, listed=listed)
    windows = betas(series, NOW_MS)
    for symbol in ("AUSDT", "BUSDT", "CUSDT"):
        for window, (timeframe, points, step) in SPANS.items():
            x, _, _ = paired(series[symbol][timeframe], series[ANCHOR][timeframe], points)
            assert (window in windows[symbol]) == (len(x) >= points // 2), (symbol, window)
            if window in windows[symbol]:
                assert_agrees(windows[symbol][window], series[symbol][timeframe], series[ANCHOR][timeframe], points, step)
    assert len(windows["AUSDT"][BetaSpan.DAY].rolling) == 19 or gaps


def test_a_window_with_fewer_than_half_its_returns_is_absent() -> None:
    for listed, expected_present in ((400 - 145, True), (400 - 144, False)):
        windows = betas(markets(6, listed=listed), NOW_MS)["CUSDT"]
        assert (BetaSpan.DAY in windows) == expected_present
    assert windows.keys() == {BetaSpan.MONTH}


@pytest.mark.parametrize(("falls", "expected_present"), [(29, False), (30, True)])
def test_a_downside_beta_needs_thirty_falls(falls: int, expected_present: bool) -> None:
    rng = np.random.default_rng(12)
    steps = np.abs(rng.normal(0, 1e-3, 400)) + 1e-6
    steps[-288 : -288 + 5 * falls : 5] *= -1
    own = np.cumsum(1.3 * steps + rng.normal(0, 1e-4, 400))
    series = {ANCHOR: np.cumsum(steps), "AUSDT": own}
    windows = betas({s: {Timeframe.M5: candles(s, Timeframe.M5, v)} for s, v in series.items()}, NOW_MS)
    assert (windows["AUSDT"][BetaSpan.DAY].downside_beta is not None) == expected_present
    assert windows["AUSDT"][BetaSpan.DAY].upside_beta == pytest.approx(1.3, abs=0.1)


def test_the_beta_of_btc_is_one_by_definition_and_has_no_t_value() -> None:
    for beta in (b for seed in range(20) for b in betas(markets(seed), NOW_MS)[ANCHOR].values()):
        figures = (beta.beta, beta.correlation, beta.r_squared, beta.downside_beta, beta.upside_beta)
        assert figures == (1.0, 1.0, 1.0, 1.0, 1.0)
        assert (beta.beta_error, beta.alpha_annual_percent, beta.alpha_t) == (0.0, 0.0, None)
        assert {b for _, b in beta.rolling} == {1.0}


def test_without_btc_or_without_movement_there_is_no_beta() -> None:
    series = markets(8)
    without = {symbol: candles for symbol, candles in series.items() if symbol != ANCHOR}
    assert betas(without, NOW_MS) == {symbol: {} for symbol in without}
    assert betas({}, NOW_MS) == {}
    still = {t: replace(c, close=np.full(len(c), 1.3e-5)) for t, c in series["AUSDT"].items()}
    assert betas(series | {"AUSDT": still}, NOW_MS)["AUSDT"] == {}
    frozen = {t: replace(c, close=np.full(len(c), 5e4)) for t, c in series[ANCHOR].items()}
    assert all(not windows for windows in betas(series | {ANCHOR: frozen}, NOW_MS).values())


def test_invalid_prices_remove_only_the_points_of_their_symbol() -> None:
    series = markets(9)
    whole = betas(series, NOW_MS)
    bars = series["AUSDT"][Timeframe.M5]
    close = bars.close.copy()
    close[300], close[350] = np.nan, 0.0
    windows = betas(series | {"AUSDT": {Timeframe.M5: replace(bars, close=close)}}, NOW_MS)
    assert windows["AUSDT"][BetaSpan.DAY].points == 288 - 4
    assert {s: by_span for s, by_span in windows.items() if s != "AUSDT"} == {
        s: by_span for s, by_span in whole.items() if s != "AUSDT"
    }


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.floats(-9, 9), st.floats(0, 0.1))
def test_reflection_negates_alpha_and_swaps_the_sides_and_scaling_changes_nothing(
    seed: int, factor: float, gaps: float
) -> None:
    series = markets(seed, gaps=gaps)
    mirrored = {s: {t: replace(c, close=1 / c.close) for t, c in by_frame.items()} for s, by_frame in series.items()}
    scaled = {
        s: {t: replace(c, close=c.close * np.exp(factor)) for t, c in by_frame.items()} for s, by_frame in series.items()
    }
    one, other, larger = (betas(m, NOW_MS) for m in (series, mirrored, scaled))
    for symbol, windows in one.items():
        assert windows.keys() == other[symbol].keys() == larger[symbol].keys()
        for window, b in windows.items():
            m, k = other[symbol][window], larger[symbol][window]
            assert (m.beta, m.correlation) == (close(b.beta, 1e-7), close(b.correlation, 1e-7))
            assert m.alpha_annual_percent == pytest.approx(-b.alpha_annual_percent, rel=1e-6, abs=1e-5)
            assert (m.downside_beta, m.upside_beta) == (
                close(b.upside_beta, 1e-7),
                close(b.downside_beta, 1e-7),
            )
            assert (k.beta, k.beta_error) == (close(b.beta, 1e-7), close(b.beta_error, 1e-7))


def test_bars_that_close_later_change_nothing() -> None:
    series = markets(10)
    earlier = NOW_MS - 40 * Timeframe.M5.ms
    cut = {
        s: {
            t: replace(c, open_ms=c.open_ms[:e], close=c.close[:e])
            for t, c in by_frame.items()
            for e in [_closed(c, earlier)]
        }
        for s, by_frame in series.items()
    }
    assert betas(series, earlier) == betas(cut, earlier)
    assert betas(series, earlier) != betas(series, NOW_MS)


def _closed(bars: Candles, now_ms: int) -> int:
    return int((bars.open_ms + bars.timeframe.ms <= now_ms).sum())
