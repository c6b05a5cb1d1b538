"""The regime over past bars, and how its changes are counted."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.evaluate.histories import candle_history, clock, five_minutes
from virtuoso.domain.model import ANCHOR, DAY_MS, Regime, Timeframe
from virtuoso.evaluate.regimes import RegimeHistory, TickerHistory, regime_history
from virtuoso.evaluate.replay import replay

STEPS = 400


def tickers(*symbols: str) -> TickerHistory:
    times = clock(STEPS)
    histories = [replay({Timeframe.M5: five_minutes(name, 2000, seed)}, times) for seed, name in enumerate(symbols)]
    price, change, turnover = (np.stack([getattr(p, n) for p in histories], axis=1) for n in ("price", "change", "turnover"))
    return TickerHistory(times, symbols, price, change, turnover)


def test_a_step_has_tickers_of_the_symbols_with_a_day_of_history() -> None:
    ticker_history = tickers(ANCHOR, "AUSDT", "BUSDT")
    ticker_history.change[7, 1] = np.nan
    at_step = ticker_history.at(7)
    assert list(at_step) == [ANCHOR, "BUSDT"]
    assert at_step["BUSDT"].last == ticker_history.price[7, 2]
    assert at_step["BUSDT"].change_24h_percent == ticker_history.change[7, 2]
    assert at_step["BUSDT"].turnover_24h == ticker_history.turnover[7, 2]


def test_the_regime_changes_when_the_market_turns() -> None:
    ticker_history = tickers(ANCHOR, *(f"A{n}USDT" for n in range(8)))
    half = STEPS // 2
    ticker_history.change[:half], ticker_history.change[half:] = 4.0, -4.0
    history = regime_history(ticker_history, candle_history(ANCHOR, count=20_000))
    assert history is not None
    assert len(history.regimes) == STEPS
    assert history.regimes[half - 1] in {Regime.BULLISH, Regime.RISK_ON}
    assert history.regimes[-1] in {Regime.BEARISH, Regime.RISK_OFF}
    assert len(history.changes_ms) >= 1
    assert all(at > ticker_history.clock_ms[half] for at in history.changes_ms)
    assert np.array_equal(history.price, ticker_history.price[:, 0])


def test_without_btc_there_is_no_regime_history() -> None:
    assert regime_history(tickers("AUSDT"), {}) is None


@pytest.mark.parametrize(("gap_ms", "expected"), [(DAY_MS // 8, 8), (DAY_MS // 2, 2), (DAY_MS, 1), (2 * DAY_MS, 1)])
def test_changes_are_counted_in_any_24_hours(gap_ms: int, expected: int) -> None:
    times = np.arange(12, dtype=np.int64) * gap_ms
    regimes = tuple((Regime.NEUTRAL, Regime.BULLISH)[n % 2] for n in range(12))
    history = RegimeHistory(clock_ms=times, regimes=(None, *regimes[1:]), price=np.ones(12))
    assert history.changes_ms == times[2:].tolist()  # the first regime is not a change
    assert history.max_changes_per_day == expected
