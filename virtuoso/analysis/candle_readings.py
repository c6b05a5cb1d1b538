"""Readings of all candle components, at one time (with a cache) or at every bar of a history."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from virtuoso.analysis import structure, technical, volume
from virtuoso.analysis.bars import Activity, Bars, Rows, closed_bar_count
from virtuoso.analysis.components import CandleComponentSpec
from virtuoso.analysis.measurement import READING_ERRORS
from virtuoso.domain.model import CANDLE_COLUMNS, DimensionKind, Timeframe

if TYPE_CHECKING:
    from virtuoso.domain.model import Candles, Floats

T = TypeVar("T")
Source = TypeVar("Source")

CANDLE_COMPONENTS: Mapping[DimensionKind, tuple[CandleComponentSpec, ...]] = {
    DimensionKind.TECHNICAL: technical.COMPONENTS,
    DimensionKind.VOLUME: volume.COMPONENTS,
    DimensionKind.PRICE_STRUCTURE: structure.COMPONENTS,
}
COMPONENTS: tuple[CandleComponentSpec, ...] = tuple(spec for specs in CANDLE_COMPONENTS.values() for spec in specs)
BLOCK_ROWS = 512
"""The number of rows of a history that are read together. It limits the memory use."""

_CENTRES = np.array([[spec.centre] for spec in COMPONENTS])
_SCALES = np.array([[spec.scale] for spec in COMPONENTS])
_MIN_BARS = np.array([[spec.min_bars] for spec in COMPONENTS])


class Readings(NamedTuple):
    """Readings of all candle components: arrays of shape (len(COMPONENTS), rows).

    `values` and `directions` are NaN where nothing was measured. `failures` maps the index of a component that could not be
    read at all to the reason. `activity` is that of the rows."""

    values: Floats
    directions: Floats
    confidences: Floats
    failures: Mapping[int, str]
    activity: Activity

    def missing(self, row: int, bars: Bars) -> list[str]:
        """Return the reason why each component is not measured in this row. The reason is empty for a measured component.
        `bars` are those up to the row."""
        measured = np.isfinite(self.directions[:, row]).tolist()
        if all(measured):
            return [""] * len(COMPONENTS)
        inactivity = self.activity.reason(row, bars.count)
        return ["" if measured[i] else self._reason(i, spec, bars, inactivity) for i, spec in enumerate(COMPONENTS)]

    def _reason(self, index: int, spec: CandleComponentSpec, bars: Bars, inactivity: str) -> str:
        if bars.count < spec.min_bars:
            return bars.too_few(spec.min_bars)
        return inactivity or self.failures.get(index, spec.missing)


def read(rows: Rows) -> Readings:
    """Return the readings of all candle components. A component that fails or gives a number that is not finite counts as
    not measured."""
    shape = (len(COMPONENTS), len(rows.count))
    values, confidences, failures = np.full(shape, np.nan), np.zeros(shape), {}
    with np.errstate(all="ignore"):  # 0/0 becomes NaN, which means not measured
        for index, spec in enumerate(COMPONENTS):
            try:
                values[index], confidences[index] = spec.read(rows)
            except READING_ERRORS as error:
                failures[index] = f"{type(error).__name__}: {error}"[:200]
                values[index] = np.nan
        directions = np.tanh((values - _CENTRES) / _SCALES)
        confidences = np.minimum(np.maximum(confidences * rows.quality, 0.0), 1.0)
    absent = ~(np.isfinite(values) & np.isfinite(confidences)) | (rows.count < _MIN_BARS) | rows.activity.too_low
    values[absent] = directions[absent] = np.nan
    confidences[absent] = 0.0
    return Readings(values, directions, confidences, failures, rows.activity)


def read_history(candles: Candles) -> Readings:
    """Return the readings at every bar of a history of any length without gaps. Shape (len(COMPONENTS), len(candles)).

    Each reading uses only its own bar and earlier ones. It equals the reading of live scoring at that bar within 1e-6. The
    difference arises because live scoring starts TA-Lib's recursive indicators 300 bars back. Raise ValueError when the
    candles cannot be read."""
    bars = Bars(candles, max_bars=None)
    blocks = [read(Rows.between(bars, i, min(i + BLOCK_ROWS, bars.count))) for i in range(0, bars.count, BLOCK_ROWS)]
    values, directions, confidences = (np.concatenate([block[field] for block in blocks], axis=1) for field in range(3))
    return Readings(
        values,
        directions,
        confidences,
        {i: text for block in blocks for i, text in block.failures.items()},
        Activity(*(np.concatenate(parts) for parts in zip(*(block.activity for block in blocks), strict=True))),
    )


class TimeframeReadings(NamedTuple):
    """The readings of one timeframe at its last bar. `bars` is None when the candles cannot be read (`missing` then gives
    the reason), and for the readings of a history."""

    bars: Bars | None
    last_open_ms: int
    values: Sequence[float]
    directions: Sequence[float]
    confidences: Sequence[float]
    missing: Sequence[str]


CandleReader = Callable[[Mapping[Timeframe, tuple["Candles", int]]], dict[Timeframe, TimeframeReadings]]


def read_last(candles: Mapping[Timeframe, tuple[Candles, int]]) -> dict[Timeframe, TimeframeReadings]:
    """Return the readings of several timeframes. A value (candles, end) is read at the bar before index `end`."""
    result, bars = {}, {}
    for timeframe, (one, end) in candles.items():
        try:
            bars[timeframe] = Bars(one, end=end)
        except READING_ERRORS as error:
            nothing = [np.nan] * len(COMPONENTS)
            reason = f"{type(error).__name__}: {error}"[:200]
            result[timeframe] = TimeframeReadings(
                None, 0, nothing, nothing, [0.0] * len(COMPONENTS), [reason] * len(COMPONENTS)
            )
    if bars:
        readings = read(Rows.latest(list(bars.values())))
        values, directions, confidences = (a.T.tolist() for a in readings[:3])
        for row, (timeframe, one_bars) in enumerate(bars.items()):
            result[timeframe] = TimeframeReadings(
                one_bars,
                int(one_bars.open_ms[-1]),
                values[row],
                directions[row],
                confidences[row],
                readings.missing(row, one_bars),
            )
    return result


def history_reader(histories: Mapping[Timeframe, Candles]) -> CandleReader:
    """Return a function like `read_last` for these candles, which have no gap. All their bars are read now, by
    `read_history`. Raise ValueError when the candles cannot be read."""
    read_before = {timeframe: read_history(candles) for timeframe, candles in histories.items()}

    def at_last(timeframe: Timeframe, candles: Candles, end: int) -> TimeframeReadings:
        readings, row = read_before[timeframe], end - 1
        values, directions, confidences = (array[:, row].tolist() for array in readings[:3])
        measured = all(map(math.isfinite, directions))
        missing = [""] * len(COMPONENTS) if measured else readings.missing(row, Bars(candles, end=end))
        return TimeframeReadings(None, int(candles.open_ms[row]), values, directions, confidences, missing)

    return lambda candles: {timeframe: at_last(timeframe, one, end) for timeframe, (one, end) in candles.items()}


class CandleReadingsCache:
    """Results computed from one symbol's candles and order books. A pass without a new bar, or without a new sample of the
    order book, uses them again.

    The cache compares arrays by identity. A caller without new bars passes the same Candles, or a `dataclasses.replace` of
    them with a new stamp. The caller holds one cache for each symbol. Results are the same with and without it. `read` reads
    candles at their last bar."""

    __slots__ = ("_objects", "_read", "_results", "_timeframes")

    def __init__(self, read: CandleReader = read_last) -> None:
        self._read = read
        self._timeframes: dict[Timeframe, tuple[Candles, int, TimeframeReadings]] = {}
        self._results: dict[object, tuple[tuple[object, ...], object]] = {}
        self._objects: dict[int, tuple[object, object]] = {}

    def readings(self, candles: Mapping[Timeframe, Candles], now_ms: int) -> dict[Timeframe, TimeframeReadings]:
        """Return the readings at the last bar that had closed at `now_ms`, for each timeframe that has one."""
        closed = {timeframe: (one, closed_bar_count(one, now_ms)) for timeframe, one in candles.items()}
        changed = {t: pair for t, pair in closed.items() if pair[1] > 0 and not self._is_current(t, *pair)}
        for timeframe, readings in self._read(changed).items():
            self._timeframes[timeframe] = (*changed[timeframe], readings)
        return {timeframe: self._timeframes[timeframe][2] for timeframe, (_, end) in closed.items() if end > 0}

    def _is_current(self, timeframe: Timeframe, candles: Candles, end: int) -> bool:
        known = self._timeframes.get(timeframe)
        return known is not None and known[1] == end and _same_arrays(known[0], candles)

    def reuse(self, name: object, key: tuple[object, ...], compute: Callable[[], T]) -> T:
        """Return the last result of this name if its key was `key`. Otherwise return a new one, which replaces it."""
        known = self._results.get(name)
        if known is None or known[0] != key:
            known = self._results[name] = (key, compute())
        return known[1]  # type: ignore[return-value]  # results of one name have one type

    def reuse_each(self, objects: Sequence[Source], compute: Callable[[Source], T]) -> list[T]:
        """Return the result for each object. The results of objects of the previous call are used again. All calls have the
        same `compute`."""
        known = self._objects
        self._objects = {id(one): known.get(id(one)) or (one, compute(one)) for one in objects}
        return [self._objects[id(one)][1] for one in objects]  # type: ignore[misc]  # all results have one type


def _same_arrays(one: Candles, other: Candles) -> bool:
    """Return True if both hold identical array objects."""
    return one is other or all(getattr(one, name) is getattr(other, name) for name in CANDLE_COLUMNS)
