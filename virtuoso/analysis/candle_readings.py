"""Reading the gauges that are made from candles: for one moment (with a memo) or for every bar of a history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis import structure, technical, volume
from virtuoso.analysis.bars import Bars, Rows, closed_by
from virtuoso.analysis.components import READING_ERRORS, CandleComponentSpec
from virtuoso.domain.model import DimensionKind, Timeframe

if TYPE_CHECKING:
    from virtuoso.analysis.aggregation import DimensionResult
    from virtuoso.domain.model import Candles, Floats

CANDLE_COMPONENTS: Mapping[DimensionKind, tuple[CandleComponentSpec, ...]] = {
    DimensionKind.TECHNICAL: technical.COMPONENTS,
    DimensionKind.VOLUME: volume.COMPONENTS,
    DimensionKind.PRICE_STRUCTURE: structure.COMPONENTS,
}
COMPONENTS: tuple[CandleComponentSpec, ...] = tuple(g for gauges in CANDLE_COMPONENTS.values() for g in gauges)
_CENTRES = np.array([[g.centre] for g in COMPONENTS])
_SCALES = np.array([[g.scale] for g in COMPONENTS])
_NEEDS = np.array([[g.need] for g in COMPONENTS])
BLOCK = 512  # rows of a history read at once: bounds the memory


class Readings(NamedTuple):
    """Of all candle gauges: arrays of shape (len(COMPONENTS), rows), NaN in `values` and `directions` where absent. `failed`
    says of gauges (by their place) why they could not be read at all."""

    values: Floats
    directions: Floats
    confidences: Floats
    failed: Mapping[int, str]

    def missing(self, row: int, count: int) -> list[str]:
        """Why each gauge is absent in a row with `count` bars; empty where it is there."""
        there = np.isfinite(self.directions[:, row]).tolist()
        if all(there):
            return [""] * len(COMPONENTS)
        return ["" if there[i] else self._reason(i, g, count) for i, g in enumerate(COMPONENTS)]

    def _reason(self, index: int, gauge: CandleComponentSpec, count: int) -> str:
        if count < gauge.need:
            return f"needs {gauge.need} bars, has {count}"
        return self.failed.get(index, gauge.absence)


def read(rows: Rows) -> Readings:
    """All candle gauges. A gauge that fails or gives numbers that are not finite is absent."""
    shape = (len(COMPONENTS), len(rows.count))
    values, confidences, failed = np.full(shape, np.nan), np.zeros(shape), {}
    with np.errstate(all="ignore"):  # 0/0 and the like become NaN, which is absence
        for index, gauge in enumerate(COMPONENTS):
            try:
                values[index], confidences[index] = gauge.read(rows)
            except READING_ERRORS as error:
                failed[index] = f"{type(error).__name__}: {error}"[:200]
                values[index] = np.nan
        directions = np.tanh((values - _CENTRES) / _SCALES)
        confidences = np.minimum(np.maximum(confidences * rows.quality, 0.0), 1.0)
    absent = ~(np.isfinite(values) & np.isfinite(confidences)) | (rows.count < _NEEDS)
    values[absent] = directions[absent] = np.nan
    confidences[absent] = 0.0
    return Readings(values, directions, confidences, failed)


def series(candles: Candles) -> Readings:
    """The readings at every bar of a history of any length, each from that bar and those before it only: what live scoring
    gives at that bar, within 1e-6 (it begins TA-Lib's recursive indicators 300 bars back). Shape (len(COMPONENTS),
    len(candles)). ValueError when the candles cannot be read."""
    bars = Bars(candles, keep=None)
    parts = [read(Rows.every(bars, at, min(at + BLOCK, bars.count))) for at in range(0, bars.count, BLOCK)]
    values, directions, confidences = (np.concatenate([p[field] for p in parts], axis=1) for field in range(3))
    return Readings(values, directions, confidences, {i: text for p in parts for i, text in p.failed.items()})


class TimeframeReadings(NamedTuple):
    """What live scoring takes from one timeframe's candles. `bars` is None when they cannot be read, for a reason that
    `missing` gives."""

    bars: Bars | None
    last_open_ms: int
    values: Sequence[float]
    directions: Sequence[float]
    confidences: Sequence[float]
    missing: Sequence[str]


def read_last(candles: Mapping[Timeframe, tuple[Candles, int]]) -> dict[Timeframe, TimeframeReadings]:
    """The readings of several timeframes, each at the bar before the given end."""
    made, bars = {}, {}
    for timeframe, (one, end) in candles.items():
        try:
            bars[timeframe] = Bars(one, end=end)
        except READING_ERRORS as error:
            nothing = [np.nan] * len(COMPONENTS)
            reason = f"{type(error).__name__}: {error}"[:200]
            made[timeframe] = TimeframeReadings(
                None, 0, nothing, nothing, [0.0] * len(COMPONENTS), [reason] * len(COMPONENTS)
            )
    if bars:
        readings = read(Rows.latest(list(bars.values())))
        values, directions, confidences = (a.T.tolist() for a in readings[:3])
        for row, (timeframe, one_bars) in enumerate(bars.items()):
            made[timeframe] = TimeframeReadings(
                one_bars,
                int(one_bars.open_ms[-1]),
                values[row],
                directions[row],
                confidences[row],
                readings.missing(row, one_bars.count),
            )
    return made


class CandleReadingsCache:
    """What was made of one symbol's candles, so that a pass in which no bar has closed does not make it again. It goes by
    the identity of the arrays: a caller that has no new bars gives the same Candles, or `dataclasses.replace` of them with
    a new stamp. Held by the caller, one a symbol; the results are the same with it and without."""

    __slots__ = ("_parts", "_timeframes")

    def __init__(self) -> None:
        self._timeframes: dict[Timeframe, tuple[Candles, int, TimeframeReadings]] = {}
        self._parts: dict[DimensionKind, tuple[tuple[object, ...], DimensionResult]] = {}

    def readings(self, candles: Mapping[Timeframe, Candles], now_ms: int) -> dict[Timeframe, TimeframeReadings]:
        """The readings of these candles' bars that had closed at `now_ms`, of the timeframes that have any."""
        closed = {t: (one, closed_by(one, now_ms)) for t, one in candles.items()}
        changed = {t: c for t, c in closed.items() if c[1] > 0 and not self._knows(t, *c)}
        for timeframe, made in read_last(changed).items():
            self._timeframes[timeframe] = (*changed[timeframe], made)
        return {t: self._timeframes[t][2] for t, (_, end) in closed.items() if end > 0}

    def _knows(self, timeframe: Timeframe, candles: Candles, end: int) -> bool:
        known = self._timeframes.get(timeframe)
        return known is not None and known[1] == end and _same_bars(known[0], candles)

    def part(self, kind: DimensionKind, key: tuple[object, ...]) -> DimensionResult | None:
        """The dimension that was kept last, if it was under this key."""
        known = self._parts.get(kind)
        return known[1] if known is not None and known[0] == key else None

    def keep(self, kind: DimensionKind, key: tuple[object, ...], part: DimensionResult) -> None:
        """Keep a dimension instead of the one before."""
        self._parts[kind] = (key, part)


def _same_bars(one: Candles, other: Candles) -> bool:
    """Whether both hold the very same arrays."""
    return one is other or all(getattr(one, name) is getattr(other, name) for name in _ARRAYS)


_ARRAYS = ("open_ms", "open", "high", "low", "close", "volume")
