"""The regime's path over bars, and how its changes are counted."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.evaluate.pasts import clock, five_minutes, past
from virtuoso.domain.model import ANCHOR, Regime, Timeframe
from virtuoso.evaluate.regimes import DAY_MS, RegimePath, Tickers, regime_path
from virtuoso.evaluate.replay import replay

STEPS = 400


def tickers(*symbols: str) -> Tickers:
    times = clock(STEPS)
    pasts = [replay({Timeframe.M5: five_minutes(name, 2000, seed)}, times) for seed, name in enumerate(symbols)]
    price, change, turnover = (np.stack([getattr(p, n) for p in pasts], axis=1) for n in ("price", "change", "turnover"))
    return Tickers(times, symbols, price, change, turnover)


def test_a_step_has_the_tickers_of_the_symbols_that_were_there() -> None:
    made = tickers(ANCHOR, "AUSDT", "BUSDT")
    made.change[7, 1] = np.nan
    said = made.at(7)
    assert list(said) == [ANCHOR, "BUSDT"]
    assert said["BUSDT"].last == made.price[7, 2]
    assert said["BUSDT"].change_24h_percent == made.change[7, 2]
    assert said["BUSDT"].turnover_24h == made.turnover[7, 2]


def test_a_market_that_turns_changes_its_regime() -> None:
    made = tickers(ANCHOR, *(f"A{n}USDT" for n in range(8)))
    half = STEPS // 2
    made.change[:half], made.change[half:] = 4.0, -4.0
    path = regime_path(made, past(ANCHOR, count=20_000))
    assert path is not None
    assert len(path.regimes) == STEPS
    assert path.regimes[half - 1] in {Regime.BULLISH, Regime.RISK_ON}
    assert path.regimes[-1] in {Regime.BEARISH, Regime.RISK_OFF}
    assert len(path.changes_ms) >= 1
    assert all(at > made.clock_ms[half] for at in path.changes_ms)
    assert np.array_equal(path.price, made.price[:, 0])


def test_without_btc_there_is_no_path() -> None:
    assert regime_path(tickers("AUSDT"), {}) is None


@pytest.mark.parametrize(("gap_ms", "most"), [(DAY_MS // 8, 8), (DAY_MS // 2, 2), (DAY_MS, 1), (2 * DAY_MS, 1)])
def test_changes_are_counted_in_any_24_hours(gap_ms: int, most: int) -> None:
    times = np.arange(12, dtype=np.int64) * gap_ms
    regimes = tuple((Regime.NEUTRAL, Regime.BULLISH)[n % 2] for n in range(12))
    path = RegimePath(times, (None, *regimes[1:]), np.ones(12))
    assert path.changes_ms == times[2:].tolist()  # the first regime is no change
    assert path.most_changes == most
