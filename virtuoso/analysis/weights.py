"""The weights of the model and their version."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from virtuoso.analysis.windows import DEFAULT_WINDOWS, Windows
from virtuoso.domain.model import DimensionKind, Timeframe

MODEL_VERSION = "v5"
"""The version of the model. It changes whenever the same inputs give other scores."""

DIMENSION_WEIGHTS: Mapping[DimensionKind, float] = {
    DimensionKind.TECHNICAL: 0.16,
    DimensionKind.VOLUME: 0.28,
    DimensionKind.ORDERFLOW: 0.05,
    DimensionKind.ORDERBOOK: 0.11,
    DimensionKind.PRICE_STRUCTURE: 0.27,
    DimensionKind.SENTIMENT: 0.13,
}
"""A dimension has the weight that its persistence earns: that of model v4 (.11, .16, .25, .25, .16, .07) times r^2, scaled
to a sum of 1. r is the rank correlation of its directions over 15 minutes (.79, .88, .28, .43, .86, .90; the mean of a
recorded day and the simulated market, see tools/calmness). What is gone after some minutes adds noise to a mean over 20
minutes, and decides nothing for a trader who looks at it a few times an hour."""
TIMEFRAME_WEIGHTS: Mapping[Timeframe, float] = {
    Timeframe.M1: 0.15,
    Timeframe.M5: 0.30,
    Timeframe.M30: 0.30,
    Timeframe.H4: 0.25,
}


@dataclass(frozen=True, kw_only=True)
class Weights:
    """The weights of dimensions and timeframes, the minimum requirements of a score, and the windows of its inputs.

    A weight is at least 0. Only its share of the sum counts. A score needs `min_coverage` of all weight, 0-1, and
    `min_dimensions` of the six dimensions. Raise ValueError when a weight is missing, negative or not finite, or when all
    weights of dimensions or of timeframes are 0."""

    dimensions: Mapping[DimensionKind, float] = field(default_factory=lambda: DIMENSION_WEIGHTS)
    timeframes: Mapping[Timeframe, float] = field(default_factory=lambda: TIMEFRAME_WEIGHTS)
    min_coverage: float = 0.4
    min_dimensions: int = 3
    windows: Windows = DEFAULT_WINDOWS

    def __post_init__(self) -> None:
        for name, weights, members in (
            ("dimensions", self.dimensions, set(DimensionKind)),
            ("timeframes", self.timeframes, set(Timeframe)),
        ):
            if set(weights) != members:
                raise ValueError(f"weights of {name} must name all of {sorted(m.name for m in members)}")
            if not all(0 <= w < float("inf") for w in weights.values()) or sum(weights.values()) <= 0:
                raise ValueError(f"weights of {name} must be at least 0, finite, and not all 0: {dict(weights)}")

    @classmethod
    def with_overrides(cls, dimensions: Mapping[str, float], timeframes: Mapping[str, float]) -> Weights:
        """Return the default weights with some replaced. The keys of `dimensions` are lower-case names. The keys of
        `timeframes` are names such as "5m". Raise KeyError for an unknown dimension. Raise ValueError for an unknown
        timeframe, and as for the class."""
        return cls(
            dimensions={**DIMENSION_WEIGHTS, **{DimensionKind[name.upper()]: value for name, value in dimensions.items()}},
            timeframes={**TIMEFRAME_WEIGHTS, **{Timeframe(name): value for name, value in timeframes.items()}},
        )

    @property
    def version(self) -> str:
        """The name of these weights and windows. It is MODEL_VERSION for the defaults. Others have a hash appended."""
        named = self.as_dict()
        if named == DEFAULT_WEIGHTS.as_dict() and self.windows == DEFAULT_WINDOWS:
            return MODEL_VERSION
        settings = [named, self.min_coverage, self.min_dimensions, self.windows.as_tuple()]
        mark = hashlib.blake2b(json.dumps(settings).encode(), digest_size=4)
        return f"{MODEL_VERSION}-{mark.hexdigest()}"

    def as_dict(self) -> dict[str, dict[str, float]]:
        """Return the weights in the form of the arguments of `with_overrides`."""
        return {
            "dimensions": {kind.lower_name: self.dimensions[kind] for kind in DimensionKind},
            "timeframes": {timeframe.value: self.timeframes[timeframe] for timeframe in Timeframe},
        }

    def share(self, kind: DimensionKind) -> float:
        """Return the dimension's share of all weight, 0-1."""
        return self.dimensions[kind] / math.fsum(self.dimensions.values())


DEFAULT_WEIGHTS = Weights()
