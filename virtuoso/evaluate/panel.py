"""What was known when, of all symbols at once, and what became of the prices after it."""

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

STEP_MS = Timeframe.M5.ms
DAY_STEPS = 288
HORIZONS: Mapping[str, int] = {"15 m": 3, "1 h": 12, "4 h": 48, "24 h": 288}  # steps
DELAY = 1  # steps from a score to where its return begins


class Kind(Enum):
    """What something that was judged is a part of."""

    TOTAL = "total"
    DIMENSION = "dimension"
    COMPONENT = "component"
    BASELINE = "baseline"


class Named(NamedTuple):
    """Something to judge; `of`: the dimension of a component."""

    name: str
    kind: Kind
    of: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """`clock_ms` (steps,): epoch ms, 5 minutes apart. All else (steps, symbols), NaN where absent: `price` in USDT;
    `counts`: whether the symbol was traded enough to count at that step; `scores`: by what they are of, above 0 bullish,
    below 0 bearish."""

    clock_ms: Millis
    symbols: tuple[str, ...]
    price: Floats
    counts: Flags
    scores: Mapping[Named, NDArray[np.float32]]


def returns(price: Floats, steps: int) -> Floats:
    """Log returns over `steps` that begin one step after each row, and so after anything that was known at it. NaN where a
    price is missing. Shape as `price`."""
    logs = np.log(price)
    made = np.full(price.shape, np.nan)
    begin, end = logs[DELAY : len(logs) - steps], logs[DELAY + steps :]
    made[: max(0, len(logs) - steps - DELAY)] = end - begin
    return made


def baselines(panel: Panel, rival: Named, seed: int) -> dict[Named, NDArray[np.float32]]:
    """What a score must beat. `momentum_*`: the return up to now; `by_lot`: the `rival` score of another symbol, drawn once
    by `seed`: as steady and as often absent, and about nothing."""
    logs = np.log(panel.price)
    made = {}
    for name, steps in (("momentum_1h", 12), ("momentum_24h", DAY_STEPS)):
        past = np.full(logs.shape, np.nan)
        past[steps:] = logs[steps:] - logs[: len(logs) - steps]
        made[Named(name, Kind.BASELINE)] = past.astype(np.float32)
    order = np.random.default_rng(seed).permutation(len(panel.symbols))
    drawn = np.empty_like(order)
    drawn[order] = np.roll(order, 1)  # one cycle through all: nobody draws itself
    made[Named("by_lot", Kind.BASELINE)] = panel.scores[rival][:, drawn]
    return made
