"""Candles are closed bars in one price scale, for any rows that a venue returns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.exchange.test_rows import JUNK, refused
from virtuoso.domain.errors import BadData, EmptyData, ExchangeError, VenueStale
from virtuoso.domain.model import Candles, Stamp, Timeframe
from virtuoso.exchange.candles import read_candles

MINUTE = 60_000
NOW = 1_760_000_040_000  # the start of a minute
STAMP = Stamp(observed_ms=NOW + 30_000, received_ms=NOW + 30_020)


def bar(minute: int, *, o: Any = "10", h: Any = "12", lo: Any = "9", c: Any = "11", v: Any = "5") -> list[Any]:
    """Return a bar that opened `minute` minutes before the open one."""
    return [str(NOW - minute * MINUTE), o, h, lo, c, v, "55"]


def read(rows: Any, *, limit: int = 100, exact: bool = True, stamp: Stamp = STAMP) -> Candles:
    return read_candles(rows, "BTCUSDT", Timeframe.M1, stamp, limit=limit, exact=exact)


def minutes(candles: Candles) -> list[int]:
    return [int(NOW - begun) // MINUTE for begun in candles.open_ms]


@pytest.mark.parametrize("order", [1, -1])
def test_bars_are_oldest_first_without_the_forming_bar(order: int) -> None:
    candles = read([bar(k) for k in range(5)][::order])
    assert minutes(candles) == [4, 3, 2, 1]
    assert (candles.open[0], candles.high[0], candles.low[0], candles.close[0], candles.volume[0]) == (10, 12, 9, 11, 5)


def test_the_volume_is_read_from_the_given_cell() -> None:
    rows = [[*bar(k), str(k)] for k in range(3)]
    candles = read_candles(rows, "BTCUSDT", Timeframe.M1, STAMP, limit=9, exact=True, volume_index=7)
    assert candles.volume.tolist() == [2, 1]
    with pytest.raises(BadData):
        read_candles([bar(k) for k in range(3)], "BTCUSDT", Timeframe.M1, STAMP, limit=9, exact=True, volume_index=7)


def test_the_volume_that_takers_bought_is_read_where_it_is_plausible() -> None:
    rows = [[*bar(1), "2"], [*bar(2), "5.000001"], [*bar(3), "5.1"], [*bar(4), "-1"], [*bar(5), None], [*bar(6), "0"]]
    before = refused("candle_taker_volume")
    candles = read_candles(rows, "BTCUSDT", Timeframe.M1, STAMP, limit=9, exact=True, taker_buy_index=7)
    assert refused("candle_taker_volume") - before == 3
    assert candles.taker_buy is not None
    assert candles.taker_buy.tolist() == pytest.approx([0, math.nan, math.nan, math.nan, 5, 2], nan_ok=True)
    assert len(candles) == 6
    assert read(rows).taker_buy is None


def test_only_the_newest_bars_are_returned() -> None:
    assert minutes(read([bar(k) for k in range(50)], limit=3)) == [3, 2, 1]


def test_bars_on_both_sides_of_a_gap_are_returned() -> None:
    candles = read([bar(k) for k in (9, 8, 7, 5, 3, 2, 1, 0)])
    assert minutes(candles) == [9, 8, 7, 5, 3, 2, 1]
    assert [minutes(candles)[candles.run_start(end)] for end in (None, 7, 4, 3)] == [3, 3, 5, 9]


def lifted(minute: int, factor: float) -> list[Any]:
    return bar(
        minute, **{name: str(factor * price) for name, price in zip(("o", "h", "lo", "c"), (10, 12, 9, 11), strict=True)}
    )


@pytest.mark.parametrize("factor", [10, 0.1, 1000, 0.001, 1e6, 1.6, 1 / 1.6])
def test_bars_before_a_break_of_scale_are_refused(factor: float) -> None:
    before = refused("candle_scale")
    candles = read([lifted(k, factor if k > 3 else 1) for k in range(8)])
    assert minutes(candles) == [3, 2, 1]
    assert candles.scale_since_ms == NOW - 3 * MINUTE
    assert refused("candle_scale") == before + 4


@pytest.mark.parametrize("factor", [10, 0.001])
def test_bars_of_another_scale_in_the_middle_are_a_gap(factor: float) -> None:
    candles = read([lifted(k, factor if k in (4, 5) else 1) for k in range(8)])
    assert minutes(candles) == [7, 6, 3, 2, 1]
    assert candles.scale_since_ms is None


def test_a_break_of_scale_is_found_across_missing_bars() -> None:
    assert minutes(read([lifted(k, 10 if k > 3 else 1) for k in range(8) if k != 4])) == [3, 2, 1]


STEPS = st.lists(
    st.tuples(st.floats(-3, 3), st.floats(0, 3), st.floats(0, 3), st.floats(-0.1, 0.1)), min_size=2, max_size=30
)


@given(STEPS)
def test_large_moves_inside_the_bars_are_not_a_break_of_scale(
    steps: list[tuple[float, float, float, float]],
) -> None:
    rows, price = [], 100.0
    for place, (move, up, down, jump) in enumerate(steps):
        opened, price = price * math.exp(jump), price * math.exp(jump + move)
        high, low = max(opened, price) * math.exp(up), min(opened, price) * math.exp(-down)
        rows.append(
            bar(len(steps) - place, **dict(zip(("o", "h", "lo", "c"), map(repr, (opened, high, low, price)), strict=True)))
        )
    if min(float(row[3]) for row in rows) > 0 and max(float(row[2]) for row in rows) < 1e18:
        candles = read(rows)
        assert len(candles) == len(rows)
        assert candles.scale_since_ms is None


def test_a_page_of_past_bars_ends_before_the_given_time_and_is_never_stale() -> None:
    rows, asked = [bar(k) for k in range(900, 1000)], NOW - 950 * MINUTE
    page = read_candles(rows, "BTCUSDT", Timeframe.M1, STAMP, limit=10, exact=False, before_ms=asked)
    assert minutes(page) == list(range(960, 950, -1))
    with pytest.raises(EmptyData):
        read_candles(rows, "BTCUSDT", Timeframe.M1, STAMP, limit=10, exact=False, before_ms=NOW - 1000 * MINUTE)


def test_without_an_exact_clock_a_bar_is_closed_only_when_there_is_a_later_bar() -> None:
    assert minutes(read([bar(3), bar(2), bar(1)], exact=False)) == [3, 2]
    assert minutes(read([bar(2), bar(1), bar(0)], exact=False)) == [2, 1]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (bar(3, o=None), "candle_number"),
        (bar(3, h="NaN"), "candle_number"),
        (bar(3, lo="inf"), "candle_number"),
        (bar(3, c="-1"), "candle_number"),
        (bar(3, c="0"), "candle_number"),
        (bar(3, v=""), "candle_number"),
        (bar(3, v="1_000"), "candle_number"),
        (bar(3, v=" 5"), "candle_number"),
        (bar(3, v=True), "candle_number"),
        (bar(3, h="１２"), "candle_number"),
        (bar(3, v="-1"), "candle_number"),
        (bar(3, h="8"), "candle_shape"),
        (bar(3, c="13"), "candle_shape"),
        (bar(3, o="8.5"), "candle_shape"),
        (bar(3, h="12000"), "candle_shape"),
        (bar(3, lo="0.009"), "candle_shape"),
        (bar(3, v="0"), "candle_volume"),
        ([str(NOW - 3 * MINUTE + 1), "10", "12", "9", "11", "5"], "candle_time"),
        (["x", "10", "12", "9", "11", "5"], "candle_time"),
        ([str(NOW - 3 * MINUTE), "10"], "candle_row"),
    ],
)
def test_only_a_bad_bar_is_refused(row: list[Any], reason: str) -> None:
    before = refused(reason)
    assert minutes(read([bar(5), bar(4), row, bar(2), bar(1)])) == [5, 4, 2, 1]
    assert refused(reason) == before + 1


def test_a_bar_in_the_future_is_refused() -> None:
    before = refused("candle_time")
    assert minutes(read([bar(2), bar(1), bar(0), bar(-30)], exact=False)) == [2, 1]
    assert refused("candle_time") == before + 1


def test_a_repeated_bar_is_returned_once() -> None:
    before = refused("candle_duplicate")
    assert minutes(read([bar(2), bar(2), bar(1)])) == [2, 1]
    assert refused("candle_duplicate") == before + 1


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_bars_of_one_time_the_bar_with_volume_is_used(order: int) -> None:
    before = refused("candle_contradiction")
    rows = [bar(2), bar(1, o="11", h="11", lo="11", c="11", v="0"), bar(1)]
    assert read(rows[::order]).volume.tolist() == [5, 5]
    assert refused("candle_contradiction") == before + 1


@pytest.mark.parametrize("order", [1, -1])
def test_two_bars_with_volume_of_one_time_are_both_refused(order: int) -> None:
    before = refused("candle_contradiction")
    rows = [bar(3), bar(2), bar(1), bar(1, c="10")]
    assert minutes(read(rows[::order])) == [3, 2]
    assert refused("candle_contradiction") == before + 2


SIMILAR = st.tuples(st.integers(1, 4), st.sampled_from(["10", "11"]), st.sampled_from(["0", "5", "6"]), st.booleans())


@given(st.lists(SIMILAR, min_size=1, max_size=12).flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_bars_do_not_depend_on_the_order_of_rows(orders: tuple[list[Any], list[Any]]) -> None:
    def columns(rows: list[Any]) -> Any:
        made = [bar(k, o=c, h="11" if flat else "12", lo=c if flat else "9", c=c, v=v) for k, c, v, flat in rows]
        try:
            candles = read(made)
        except ExchangeError as error:
            return type(error)
        return [getattr(candles, name).tolist() for name in ("open_ms", "open", "high", "low", "close", "volume")]

    assert columns(orders[0]) == columns(orders[1])


def test_a_minute_without_trades_has_a_bar() -> None:
    assert read([bar(1, o="10", h="10", lo="10", c="10", v="0")]).volume.tolist() == [0]


def test_a_close_above_the_high_by_rounding_becomes_the_high() -> None:
    candles = read([bar(1, c="12.000001")])
    assert candles.high[0] == candles.close[0] == 12.000001


def test_one_refused_bar_at_the_end_is_accepted_but_two_are_bad_data() -> None:
    assert minutes(read([bar(3), bar(2), bar(1, c="x")])) == [3, 2]
    with pytest.raises(BadData):
        read([bar(5), bar(4), bar(3, c="x"), bar(2, c="x"), bar(1, c="x")])


def test_bars_that_ended_long_ago_are_stale() -> None:
    with pytest.raises(VenueStale, match="ago"):
        read([bar(k) for k in range(10, 20)])


@pytest.mark.parametrize("rows", [[], [bar(0)]])
def test_no_closed_bar_is_empty_data(rows: list[Any]) -> None:
    with pytest.raises(EmptyData):
        read(rows)


@pytest.mark.parametrize("rows", ["<html>", {}, [1, 2], [bar(1, c="x")]])
def test_unreadable_bars_are_bad_data(rows: Any) -> None:
    with pytest.raises(BadData):
        read(rows)


CELLS = st.one_of(JUNK, st.sampled_from(["9", "10", "11", "12"]))
TIMES = st.one_of(JUNK, st.integers(-3, 12).map(lambda k: NOW - k * MINUTE), st.just(NOW - 1))


@given(st.lists(st.tuples(TIMES, CELLS, CELLS, CELLS, CELLS, CELLS).map(list) | JUNK, max_size=25), st.booleans())
def test_any_rows_give_valid_bars_or_an_exchange_error(rows: list[Any], exact: bool) -> None:
    try:
        candles = read(rows, exact=exact, limit=5)
    except ExchangeError:
        return
    assert 0 < len(candles) <= 5
    assert np.all(np.diff(candles.open_ms) >= MINUTE)
    assert candles.open_ms[-1] + MINUTE <= STAMP.observed_ms
    assert np.all(candles.low > 0)
    assert np.all((candles.low <= candles.open) & (candles.open <= candles.high))
    assert np.all((candles.low <= candles.close) & (candles.close <= candles.high))
    assert np.all(np.isfinite(candles.volume) & (candles.volume >= 0))
