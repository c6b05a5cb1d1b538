"""The data of all symbols known at each step, and the returns after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from virtuoso.domain.model import Timeframe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from virtuoso.domain.model import Floats, Millis

    Flags = NDArray[np.bool_]

STEP_MS = Timeframe.M5.ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The steps of an evaluation.

    `timeframes` are the bars that are used, shortest first. A return begins `delay_steps` after its score. `horizons` and
    `momenta` are numbers of steps by name. `extra_steps` are added to twice the horizon for the lag of a standard error."""

    words: str
    step_ms: int
    timeframes: tuple[Timeframe, ...]
    delay_steps: int
    horizons: Mapping[str, int]
    momenta: Mapping[str, int]
    extra_steps: int


GRIDS: Mapping[str, Grid] = {
    "5m": Grid(
        words="5 minutes",
        step_ms=Timeframe.M5.ms,
        timeframes=(Timeframe.M5, Timeframe.M30, Timeframe.H4),
        delay_steps=1,
        horizons={"15 m": 3, "1 h": 12, "4 h": 48, "24 h": 288},
        momenta={"momentum_1h": 12, "momentum_24h": 288},
        extra_steps=12,
    ),
    "15m": Grid(
        words="15 minutes",
        step_ms=3 * Timeframe.M5.ms,
        timeframes=(Timeframe.M5, Timeframe.M30, Timeframe.H4),
        delay_steps=1,
        horizons={"15 m": 1, "1 h": 4, "4 h": 16, "24 h": 96},
        momenta={"momentum_1h": 4, "momentum_24h": 96},
        extra_steps=4,
    ),
    "4h": Grid(
        words="4 hours",
        step_ms=Timeframe.H4.ms,
        timeframes=(Timeframe.H4,),
        delay_steps=0,
        horizons={"4 h": 1, "24 h": 6, "7 d": 42},
        momenta={"momentum_24h": 6, "momentum_7d": 42},
        extra_steps=6,
    ),
}
"""The grids by the name of their step. With steps of 15 minutes, scores and entries are at quarter hours only, which
matters where shorter bars are not real. With steps of 4 hours, a return begins at the close at which its score is known,
because there is no price between."""
FIVE_MINUTES = GRIDS["5m"]


class FeatureKind(Enum):
    """The kind of a feature."""

    TOTAL = "total"
    DIMENSION = "dimension"
    COMPONENT = "component"
    BASELINE = "baseline"
    CONFIDENCE = "confidence"


class Feature(NamedTuple):
    """An evaluated series: a score, a component or a baseline. `dimension` is the dimension of a component, otherwise
    empty."""

    name: str
    kind: FeatureKind
    dimension: str = ""


class Table(Protocol):
    """Values of shape (steps, symbols): an array, or what reads them from files. A slice of it is an array."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The numbers of steps and symbols."""
        ...

    def __getitem__(self, rows: slice, /) -> NDArray[Any]:
        """Return these steps."""
        ...


CONFIDENCE = Feature("confidence", FeatureKind.CONFIDENCE)
"""The confidence of the total, 0..1. It is not compared with returns."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Panel:
    """The data of an evaluation. `clock_ms` (steps,) are epoch ms, `grid.step_ms` apart.

    All others are tables, NaN where a value is missing. `price` is in USDT. `counted` is True where a
    symbol counts at a step. `scores` are directions, -1..1, positive when bullish; CONFIDENCE is among them."""

    clock_ms: Millis
    symbols: tuple[str, ...]
    price: Table
    counted: Table
    scores: Mapping[Feature, Table]
    grid: Grid = FIVE_MINUTES


def delayed_returns(price: Floats, steps: int, delay_steps: int = FIVE_MINUTES.delay_steps) -> Floats:
    """Return the log returns over `steps` that begin `delay_steps` after each row, in the shape of `price`. NaN where a
    price is missing."""
    logs = np.log(price)
    returns = np.full(price.shape, np.nan)
    count = max(0, len(logs) - steps - delay_steps)
    returns[:count] = logs[len(logs) - count :] - logs[delay_steps : delay_steps + count]
    return returns


@dataclass(frozen=True, slots=True, eq=False)
class Momentum:
    """A table of log returns over the past `steps`."""

    price: Table
    steps: int

    @property
    def shape(self) -> tuple[int, ...]:
        """See Table."""
        return self.price.shape

    def __getitem__(self, rows: slice) -> NDArray[np.float32]:
        """See Table."""
        start, end, _ = rows.indices(self.shape[0])
        first = max(0, start - self.steps)
        logs = np.log(self.price[first:end])
        result = np.full((end - start, self.shape[1]), np.nan, dtype=np.float32)
        known = max(0, len(logs) - self.steps)
        result[len(result) - known :] = logs[len(logs) - known :] - logs[:known]
        return result


@dataclass(frozen=True, slots=True, eq=False)
class Shuffled:
    """A table whose columns are other columns of a table."""

    table: Table
    columns: NDArray[np.intp]

    @property
    def shape(self) -> tuple[int, ...]:
        """See Table."""
        return self.table.shape

    def __getitem__(self, rows: slice) -> NDArray[np.float32]:
        """See Table."""
        values: NDArray[np.float32] = self.table[rows][:, self.columns]
        return values


def baselines(panel: Panel, score: Feature, seed: int) -> dict[Feature, Table]:
    """Return the features that a score is compared with. `momentum_*` is the past log return. `shuffled_symbols` is the
    `score` of another symbol, selected once by `seed`. It has the persistence and the missing values of a score, but no
    relation to the symbol."""
    momenta = {name: Momentum(panel.price, steps) for name, steps in panel.grid.momenta.items()}
    result: dict[Feature, Table] = {Feature(name, FeatureKind.BASELINE): table for name, table in momenta.items()}
    order = np.random.default_rng(seed).permutation(len(panel.symbols))
    source = np.empty_like(order)
    source[order] = np.roll(order, 1)  # one cycle through all symbols, so no symbol gets its own score
    result[Feature("shuffled_symbols", FeatureKind.BASELINE)] = Shuffled(panel.scores[score], source)
    return result
