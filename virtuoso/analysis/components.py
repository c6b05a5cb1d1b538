"""What a component is before it has been read: a row of its dimension's table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from virtuoso.analysis.bars import Rows
    from virtuoso.analysis.symbol_context import SymbolContext
    from virtuoso.domain.inputs import ScoreInput
    from virtuoso.domain.model import Floats

# What one bad series can raise on its way through numpy: caught for the one component, with its text as the reason.
READING_ERRORS = (ArithmeticError, ValueError, LookupError, TypeError)


class Absent(Exception):
    """There is nothing to read, which is no error; the message is what clients see in `missing`."""


@dataclass(frozen=True, slots=True)
class ComponentSpec:
    """One component. `weight` is its share of the dimension (of each timeframe where it is read from bars), `unit` that of
    its reading. direction = tanh((reading - centre) / scale): odd about `centre`, monotone, continuous; a negative scale
    makes a high reading bearish. `bullish` and `bearish` say in plain words what a direction of that sign means."""

    name: str
    weight: float
    unit: str
    scale: float
    bullish: str
    bearish: str
    centre: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleComponentSpec(ComponentSpec):
    """Read from bars, one timeframe at a time. `read` gives (readings, confidences) of shape (rows,), each from its row
    only; NaN where there is nothing to read, which `absence` explains. `need`: bars below which it is absent."""

    need: int
    read: Callable[[Rows], tuple[Floats, Floats | float]]
    absence: str = "the market did not move"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextComponentSpec(ComponentSpec):
    """Read from the newest trades, books and series. `inputs` must all be there; `read` gives (reading, confidence) or
    raises Absent."""

    inputs: tuple[ScoreInput, ...]
    read: Callable[[SymbolContext], tuple[float, float]]


def freshness(age_ms: float, full_ms: float, none_ms: float) -> float:
    """1 up to an age of `full_ms`, falling straight to 0 at `none_ms`. A negative age (clocks differ) counts as none."""
    return min(1.0, max(0.0, (none_ms - age_ms) / (none_ms - full_ms)))


def plenty(count: float, half: float) -> float:
    """How far a sample of `count` can be relied on, 0-1: count / (count + half), so one half at `half`."""
    return count / (count + half)
