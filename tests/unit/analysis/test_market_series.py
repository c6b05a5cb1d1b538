"""The series of one market for the panes of a chart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tests.unit.analysis.test_liquidations import HOUR, LONG, MINUTE, NOW, SHORT, STAMP, closed
from virtuoso.analysis.market_series import market_series, received_deltas
from virtuoso.domain.market_series import SERIES_STEP_MS as STEP
from virtuoso.domain.market_series import MarketSeries, SeriesKind, SeriesSource
from virtuoso.domain.model import Candles, Environment, SymbolInputs, Timeframe, TimeSeries, Trades
from virtuoso.wire.market_series import decode_received_deltas, encode_series


def series(inputs: SymbolInputs, deltas: Mapping[int, float] | None = None) -> dict[SeriesKind, MarketSeries]:
    return {one.kind: one for one in market_series(inputs, NOW, deltas or {}, None)}


def trades(rows: list[tuple[int, float, float]], *, since_ms: int) -> Trades:
    """Return trades of (age in ms, size, side)."""
    ages, sizes, sides = np.array(rows, dtype=np.float64).T
    return Trades(
        symbol="XUSDT",
        ids=[str(index) for index in range(len(rows))],
        time_ms=(NOW - ages).astype(np.int64),
        price=np.full(len(rows), 2.0),
        size=sizes,
        side=sides,
        stamp=STAMP,
        complete_since_ms=since_ms,
    )


def test_a_series_that_is_not_known_says_why() -> None:
    found = series(SymbolInputs(symbol="XUSDT"))
    assert list(found) == list(SeriesKind)
    assert all(not one.points and one.missing and one.source is None for one in found.values())


def test_the_history_of_the_venue_has_its_time_and_funding_is_in_percent() -> None:
    history = TimeSeries(symbol="XUSDT", time_ms=np.array([NOW - HOUR, NOW]), values=np.array([1e-4, -2e-4]), stamp=STAMP)
    funding = series(SymbolInputs(symbol="XUSDT", funding=history))[SeriesKind.FUNDING_RATE]
    assert funding.points == ((NOW - HOUR, 0.01), (NOW, -0.02))
    assert (funding.source, funding.observed_ms) == (SeriesSource.VENUE_HISTORY, NOW)


def test_taker_deltas_are_those_of_the_bars_where_the_venue_states_them() -> None:
    volume = np.array([10.0, 20.0, 30.0])
    bars = Candles(
        symbol="XUSDT",
        timeframe=Timeframe.M5,
        open_ms=NOW - STEP * np.array([3, 2, 1]),
        open=(price := np.full(3, 2.0)),
        high=price,
        low=price,
        close=price,
        volume=volume,
        stamp=STAMP,
        taker_buy=np.array([7.0, np.nan, 10.0]),
    )
    delta = series(SymbolInputs(symbol="XUSDT", candles={Timeframe.M5: bars}))[SeriesKind.TAKER_DELTA]
    assert delta.points == ((NOW - 3 * STEP, 4.0), (NOW - STEP, -10.0))
    assert delta.source is SeriesSource.VENUE_BARS


def test_elsewhere_taker_deltas_are_those_of_whole_five_minutes_of_received_trades() -> None:
    rows = [(2 * STEP + 1, 9.0, 1.0), (2 * STEP, 3.0, 1.0), (STEP + 1, 1.0, -1.0), (STEP, 5.0, 1.0), (MINUTE, 1.0, -1.0)]
    received = trades(rows, since_ms=NOW - 2 * STEP - MINUTE)
    assert received_deltas(received, {}) == {NOW - 2 * STEP: 2.0, NOW - STEP: 4.0}
    known = {NOW - 25 * HOUR: 1.0, NOW - 3 * HOUR: 2.0}
    later = received_deltas(trades(rows, since_ms=NOW - STEP + 1), known)
    assert later == {NOW - 3 * HOUR: 2.0}
    assert received_deltas(None, known) == known
    found = series(SymbolInputs(symbol="XUSDT"), later)
    assert found[SeriesKind.TAKER_DELTA].points == ((NOW - 3 * HOUR, 2.0),)
    blob = encode_series("bybit", Environment.LIVE, "XUSDT", found.values(), STAMP)
    assert decode_received_deltas(blob, Environment.LIVE) == later
    assert decode_received_deltas(blob, Environment.REPLAY) == {}


def test_liquidations_have_a_point_for_each_five_minutes_that_were_watched() -> None:
    liquidations = closed([(7 * MINUTE, 5.0, SHORT), (6 * MINUTE, 40.0, LONG), (MINUTE, 2.0, LONG)], watched_ms=16 * MINUTE)
    found = series(SymbolInputs(symbol="XUSDT", liquidations=liquidations))
    longs, shorts = found[SeriesKind.LONG_LIQUIDATIONS], found[SeriesKind.SHORT_LIQUIDATIONS]
    assert [(NOW - at) // STEP for at, _ in longs.points] == [3, 2, 1, 0]
    assert [value for _, value in longs.points] == [0.0, 40.0, 2.0, 0.0]
    assert [value for _, value in shorts.points] == [0.0, 5.0, 0.0, 0.0]
    assert longs.source is SeriesSource.LIQUIDATIONS
