"""Reading the gauges that are made from candles: for one moment (with a memo) or for every bar of a history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis import structure, technical, volume
from virtuoso.analysis.bars import Bars, closed_by
from virtuoso.analysis.gauges import READING_ERRORS, BarGauge
from virtuoso.model import DimensionKind, Timeframe

if TYPE_CHECKING:
    from virtuoso.analysis.composition import Part
    from virtuoso.model import Candles, Floats

CANDLE_GAUGES: Mapping[DimensionKind, tuple[BarGauge, ...]] = {
    DimensionKind.TECHNICAL: technical.GAUGES,
    DimensionKind.VOLUME: volume.GAUGES,
    DimensionKind.PRICE_STRUCTURE: structure.GAUGES,
}
GAUGES: tuple[BarGauge, ...] = tuple(g for gauges in CANDLE_GAUGES.values() for g in gauges)
_CENTRES = np.array([[g.centre] for g in GAUGES])
_SCALES = np.array([[g.scale] for g in GAUGES])


class Readings(NamedTuple):
    """Of all candle gauges at the last bars of one timeframe: arrays of shape (len(GAUGES), tail), NaN in `directions`
    where absent; `missing` says why for the last bar, empty where it is there."""

    values: Floats
    directions: Floats
    confidences: Floats
    missing: Sequence[str]


def read(bars: Bars) -> Readings:
    """All candle gauges. A gauge that fails or gives numbers that are not finite is absent, and says why."""
    shape = (len(GAUGES), bars.tail)
    values, confidences, missing = np.full(shape, np.nan), np.zeros(shape), [""] * len(GAUGES)
    with np.errstate(all="ignore"):  # 0/0 and the like become NaN, which is absence
        for row, gauge in enumerate(GAUGES):
            if bars.count < gauge.need:
                missing[row] = f"needs {gauge.need} bars, has {bars.count}"
                continue
            try:
                values[row], confidences[row] = gauge.read(bars)
            except READING_ERRORS as error:
                values[row], missing[row] = np.nan, f"{type(error).__name__}: {error}"[:200]
        directions = np.tanh((values - _CENTRES) / _SCALES)
        confidences = np.minimum(np.maximum(confidences * bars.quality, 0.0), 1.0)
    there = np.isfinite(values) & np.isfinite(confidences)
    directions[~there] = np.nan
    confidences[~there] = 0.0
    for index in np.flatnonzero(~there[:, -1]):
        missing[index] = missing[index] or GAUGES[index].absence
    return Readings(values, directions, confidences, missing)


def unreadable(reason: str) -> Readings:
    """No reading at all, for one reason."""
    nothing = np.full((len(GAUGES), 1), np.nan)
    return Readings(nothing, nothing, np.zeros((len(GAUGES), 1)), [reason] * len(GAUGES))


def series(candles: Candles) -> Readings:
    """The readings at every bar of a history of any length, each from that bar and those before it only: what live
    scoring gives at that bar (which works on the last 300 bars, within 1e-6). Arrays of shape (len(GAUGES), len(candles)).
    ValueError when the candles cannot be read."""
    return read(Bars(candles, keep=None, tail=len(candles)))


class TimeframeReadings(NamedTuple):
    """What live scoring takes from one timeframe's candles. `bars` is None when they cannot be read."""

    bars: Bars | None
    last_open_ms: int
    values: Sequence[float]
    directions: Sequence[float]
    confidences: Sequence[float]
    missing: Sequence[str]


def read_last(candles: Candles, end: int) -> TimeframeReadings:
    """The readings at the bar before `end`."""
    bars: Bars | None = None
    try:
        bars = Bars(candles, end=end)
        readings = read(bars)
    except READING_ERRORS as error:
        readings = unreadable(f"{type(error).__name__}: {error}"[:200])
    last_open_ms = int(candles.open_ms[end - 1]) if end else 0
    values, directions, confidences = (a[:, -1].tolist() for a in readings[:3])
    return TimeframeReadings(bars, last_open_ms, values, directions, confidences, readings.missing)


class CandleMemo:
    """What was made of one symbol's candles, so that a pass in which no bar has closed does not make it again. It goes by
    the identity of the arrays: a caller that has no new bars gives the same Candles, or `dataclasses.replace` of them with
    a new stamp. Held by the caller, one a symbol; the results are the same with it and without."""

    __slots__ = ("_parts", "_timeframes")

    def __init__(self) -> None:
        self._timeframes: dict[Timeframe, tuple[Candles, int, TimeframeReadings]] = {}
        self._parts: dict[DimensionKind, tuple[tuple[object, ...], Part]] = {}

    def timeframe(self, candles: Candles, now_ms: int) -> TimeframeReadings:
        """The readings of these candles' bars that had closed at `now_ms`."""
        end = closed_by(candles, now_ms)
        known = self._timeframes.get(candles.timeframe)
        if known is not None and known[1] == end and _same_bars(known[0], candles):
            return known[2]
        made = read_last(candles, end)
        self._timeframes[candles.timeframe] = (candles, end, made)
        return made

    def part(self, kind: DimensionKind, key: tuple[object, ...]) -> Part | None:
        """The dimension that was kept last, if it was under this key."""
        known = self._parts.get(kind)
        return known[1] if known is not None and known[0] == key else None

    def keep(self, kind: DimensionKind, key: tuple[object, ...], part: Part) -> None:
        """Keep a dimension instead of the one before."""
        self._parts[kind] = (key, part)


def _same_bars(one: Candles, other: Candles) -> bool:
    """Whether both hold the very same arrays."""
    return one is other or all(getattr(one, name) is getattr(other, name) for name in _ARRAYS)


_ARRAYS = ("open_ms", "open", "high", "low", "close", "volume")
