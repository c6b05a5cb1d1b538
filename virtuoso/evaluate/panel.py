"""The data of all symbols known at each step, and the returns after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.domain.model import Timeframe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from virtuoso.domain.model import Floats, Millis

    Flags = NDArray[np.bool_]

DAY_MS = 86_400_000
STEP_MS = Timeframe.M5.ms
DAY_STEPS = 288
HORIZONS: Mapping[str, int] = {"15 m": 3, "1 h": 12, "4 h": 48, "24 h": 288}
"""The number of steps of each horizon."""
DELAY_STEPS = 1
"""The number of steps from a score to the beginning of its return."""


class FeatureKind(Enum):
    """The kind of a feature."""

    TOTAL = "total"
    DIMENSION = "dimension"
    COMPONENT = "component"
    BASELINE = "baseline"


class Feature(NamedTuple):
    """An evaluated series: a score, a component or a baseline. `dimension` is the dimension of a component, otherwise
    empty."""

    name: str
    kind: FeatureKind
    dimension: str = ""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Panel:
    """The data of an evaluation. `clock_ms` (steps,) are epoch ms, 5 minutes apart.

    All other arrays have shape (steps, symbols), NaN where a value is missing. `price` is in USDT. `counted` is True where a
    symbol counts at a step. `scores` are positive when bullish and negative when bearish."""

    clock_ms: Millis
    symbols: tuple[str, ...]
    price: Floats
    counted: Flags
    scores: Mapping[Feature, NDArray[np.float32]]


def delayed_returns(price: Floats, steps: int) -> Floats:
    """Return the log returns over `steps` that begin one step after each row, in the shape of `price`. NaN where a price is
    missing."""
    logs = np.log(price)
    returns = np.full(price.shape, np.nan)
    begin, end = logs[DELAY_STEPS : len(logs) - steps], logs[DELAY_STEPS + steps :]
    returns[: max(0, len(logs) - steps - DELAY_STEPS)] = end - begin
    return returns


def baselines(panel: Panel, score: Feature, seed: int) -> dict[Feature, NDArray[np.float32]]:
    """Return the features that a score is compared with. `momentum_*` is the past log return. `shuffled_symbols` is the
    `score` of another symbol, selected once by `seed`. It has the persistence and the missing values of a score, but no
    relation to the symbol."""
    logs = np.log(panel.price)
    result = {}
    for name, steps in (("momentum_1h", 12), ("momentum_24h", DAY_STEPS)):
        momentum = np.full(logs.shape, np.nan)
        momentum[steps:] = logs[steps:] - logs[: len(logs) - steps]
        result[Feature(name, FeatureKind.BASELINE)] = momentum.astype(np.float32)
    order = np.random.default_rng(seed).permutation(len(panel.symbols))
    source = np.empty_like(order)
    source[order] = np.roll(order, 1)  # one cycle through all symbols, so no symbol gets its own score
    result[Feature("shuffled_symbols", FeatureKind.BASELINE)] = panel.scores[score][:, source]
    return result
