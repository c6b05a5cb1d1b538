"""The specification of a component, which is a row of its dimension's table, and the result of its measurement."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from virtuoso.domain.model import Component

if TYPE_CHECKING:
    from virtuoso.analysis.bars import Rows
    from virtuoso.analysis.book_view import BookView
    from virtuoso.analysis.symbol_context import SymbolContext
    from virtuoso.domain.inputs import ScoreInput
    from virtuoso.domain.model import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentSpec:
    """The specification of one component.

    `weight` is its share of the dimension, 0-1. The weights of a table add up to 1. `unit` is the unit of its reading.
    `centre` and `scale` turn a reading into a direction: tanh((reading - centre) / scale). The map is odd about `centre`,
    monotone and continuous. A negative `scale` makes a high reading bearish. `bullish` and `bearish` say in plain words
    what a positive and a negative direction state. They claim no more than the sign of the reading shows."""

    name: str
    weight: float
    unit: str
    scale: float
    bullish: str = ""
    bearish: str = ""
    centre: float = 0.0

    def direction(self, reading: float) -> float:
        """Return the direction of a reading, -1 (bearish) to 1 (bullish)."""
        return math.tanh((reading - self.centre) / self.scale)


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleComponentSpec(ComponentSpec):
    """A component that is measured from the bars of each timeframe.

    `weight` is its share within one timeframe. `read` returns (readings, confidences) of shape (rows,), each from its own
    row only. NaN means not measured, and `missing` gives the reason. With fewer than `min_bars` bars the component is not
    measured."""

    min_bars: int
    read: Callable[[Rows], tuple[Floats, Floats | float]]
    missing: str = "the market did not move"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextComponentSpec(ComponentSpec):
    """A component that is measured from trades, changes of the order book, and series.

    `inputs` are the names of the inputs that must all be present. `read` returns (reading, confidence), or raises
    NotMeasured. `words` returns the words of a component that says more than the sign of its reading."""

    inputs: tuple[ScoreInput, ...]
    read: Callable[[SymbolContext], tuple[float, float]]
    words: Callable[[SymbolContext], str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookComponentSpec(ComponentSpec):
    """A component that is measured from each sample of the order book. Its reading is their mean over time.

    `read` returns (reading, quality) of one order book, or raises NotMeasured. The quality, 0-1, says how much the reading
    counts in the mean."""

    read: Callable[[BookView], tuple[float, float]]


class ComponentResult(NamedTuple):
    """A measured component. `timeframe` is empty for components without one. `words` replaces those of the spec."""

    spec: ComponentSpec
    name: str
    timeframe: str
    weight: float
    direction: float
    confidence: float
    reading: float
    words: Callable[[], str] | None = None


def missing_component(spec: ComponentSpec, missing: str, *, name: str = "", weight: float | None = None) -> Component:
    """Return a component that could not be measured, with the reason. The default name and weight are those of `spec`."""
    return Component(
        name=name or spec.name, weight=spec.weight if weight is None else weight, unit=spec.unit, missing=missing
    )
