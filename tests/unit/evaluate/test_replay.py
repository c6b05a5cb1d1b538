"""The replay gives the same results as live scoring, and uses nothing from the future."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.unit.evaluate.histories import END_MS, candle_history, clock, select
from virtuoso.analysis import candle_readings
from virtuoso.analysis.bars import Rows
from virtuoso.analysis.confluence import score_symbol
from virtuoso.domain.model import SymbolInputs, Timeframe
from virtuoso.evaluate.panel import GRIDS, STEP_MS, delayed_returns
from virtuoso.evaluate.replay import (
    CANDLE_SCORE,
    FEATURES,
    WEIGHTS,
    FeatureHistory,
    directions,
    features,
    has_look_ahead,
    replay,
)

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats

CANDLES = candle_history()
CLOCK = clock(900)


@pytest.fixture(scope="module")
def history() -> FeatureHistory:
    return replay(CANDLES, CLOCK)


@pytest.mark.parametrize("step", [0, 1, 333, 899])
def test_a_replayed_score_equals_the_score_of_the_bars_that_were_known(step: int, history: FeatureHistory) -> None:
    def live(now_ms: int) -> dict[str, float]:
        known = {}
        for timeframe, bars in CANDLES.items():
            end = int(np.searchsorted(bars.open_ms + timeframe.ms, now_ms, side="right"))
            known[timeframe] = select(bars, slice(max(0, end - 400), end))
        return directions(score_symbol(SymbolInputs(symbol="XUSDT", candles=known), now_ms, WEIGHTS))

    of_20_minutes = [live(now_ms) for now_ms in CLOCK[max(0, step - 4) : step + 1].tolist()]
    score = np.mean([one[CANDLE_SCORE.name] for one in of_20_minutes])
    replayed = {feature.name: value for feature, value in zip(FEATURES, history.directions[:, step].tolist(), strict=True)}
    assert {name: value for name, value in replayed.items() if np.isfinite(value)} == pytest.approx(
        of_20_minutes[-1] | {CANDLE_SCORE.name: score}, abs=2e-6
    )


def test_every_component_of_every_timeframe_is_replayed(history: FeatureHistory) -> None:
    assert history.directions.shape == (len(FEATURES), 900)
    assert np.isfinite(history.directions).mean(axis=1).min() > 0.9
    assert np.abs(history.directions).max() <= 1


@pytest.mark.parametrize("seed", range(3))
def test_no_score_depends_on_later_bars(seed: int) -> None:
    assert not has_look_ahead(candle_history(count=15_000, seed=seed), clock(700), seed)


def test_a_reading_that_uses_the_next_bar_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    def next_move(rows: Rows) -> tuple[Floats, float]:
        close, positions = rows._bars[0].close, rows._positions[0]
        ahead = np.append(close[1:], close[-1])
        return 50 + 1e4 * (ahead - close)[positions], 1.0

    leaking = [replace(candle_readings.COMPONENTS[0], read=next_move), *candle_readings.COMPONENTS[1:]]
    monkeypatch.setattr(candle_readings, "COMPONENTS", tuple(leaking))
    assert has_look_ahead(candle_history(count=15_000), clock(700), 1)


def test_a_longer_bar_is_used_only_after_its_close(history: FeatureHistory) -> None:
    minute_by_minute = history.directions[[n.name for n in FEATURES].index("rsi_30m")]
    changes = CLOCK[1:][minute_by_minute[1:] != minute_by_minute[:-1]]
    assert len(changes) > 100
    assert set((changes % Timeframe.M30.ms).tolist()) == {0}


def test_steps_without_bars_have_no_score_and_no_price() -> None:
    young = {t: select(bars, bars.open_ms >= END_MS - 300 * STEP_MS) for t, bars in CANDLES.items()}
    history = replay(young, CLOCK)
    before = np.flatnonzero(END_MS - 300 * STEP_MS + STEP_MS > CLOCK)
    assert np.isnan(history.directions[:, before]).all()
    assert np.isnan(history.price[before]).all()
    assert np.isfinite(history.price[before[-1] + 1 :]).all()
    assert np.isfinite(history.turnover).sum() == 300 - 287


def test_change_and_turnover_equal_those_of_a_ticker(history: FeatureHistory) -> None:
    bars = CANDLES[Timeframe.M5]
    assert history.price[-1] == bars.close[-1]
    assert history.change[-1] == pytest.approx(100 * (bars.close[-1] / bars.close[-289] - 1))
    assert history.turnover[-1] == pytest.approx((bars.close * bars.volume)[-288:].sum())


def test_with_steps_of_four_hours_only_their_bars_are_read() -> None:
    grid = GRIDS["4h"]
    times = np.arange(END_MS - 20 * grid.step_ms, END_MS + 1, grid.step_ms, dtype=np.int64)
    alone = replay({Timeframe.H4: CANDLES[Timeframe.H4]}, times)
    names = [feature.name for feature in features(grid.timeframes)]
    assert "rsi_4h" in names
    assert "rsi_5m" not in names
    read = {feature.name: row for feature, row in zip(FEATURES, alone.directions, strict=True)}
    assert np.isfinite(read["rsi_4h"]).all()
    assert np.isnan(read["rsi_5m"]).all()
    assert alone.price.tolist() == CANDLES[Timeframe.H4].close[-21:].tolist()


def test_with_steps_of_a_quarter_hour_a_return_begins_at_the_next_quarter_hour() -> None:
    grid = GRIDS["15m"]
    price = np.exp(np.arange(12.0) ** 2)[:, None]
    assert delayed_returns(price, grid.horizons["15 m"], grid.delay_steps)[0, 0] == pytest.approx(3.0)  # from 1 to 4
    assert (grid.step_ms, grid.delay_steps * grid.step_ms) == (900_000, 900_000)
