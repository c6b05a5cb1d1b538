"""The weights of the model, and the name of the set."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from virtuoso.domain.model import DimensionKind, Timeframe

MODEL_VERSION = "v2"  # raised whenever the same inputs give other scores

DIMENSION_WEIGHTS: Mapping[DimensionKind, float] = {
    DimensionKind.TECHNICAL: 0.11,
    DimensionKind.VOLUME: 0.16,
    DimensionKind.ORDERFLOW: 0.25,
    DimensionKind.ORDERBOOK: 0.25,
    DimensionKind.PRICE_STRUCTURE: 0.16,
    DimensionKind.SENTIMENT: 0.07,
}
TIMEFRAME_WEIGHTS: Mapping[Timeframe, float] = {
    Timeframe.M1: 0.15,
    Timeframe.M5: 0.30,
    Timeframe.M30: 0.30,
    Timeframe.H4: 0.25,
}


@dataclass(frozen=True)
class Weights:
    """How much each dimension and timeframe counts (at least 0, any sum: they are taken relative to it), and how much must
    be there for a score: `min_coverage` of the weight, 0-1, and `min_dimensions` of the six. ValueError when a weight is
    negative or missing, or when all of a kind are 0."""

    dimensions: Mapping[DimensionKind, float] = field(default_factory=lambda: DIMENSION_WEIGHTS)
    timeframes: Mapping[Timeframe, float] = field(default_factory=lambda: TIMEFRAME_WEIGHTS)
    min_coverage: float = 0.4
    min_dimensions: int = 3

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
    def of(cls, dimensions: Mapping[str, float], timeframes: Mapping[str, float]) -> Weights:
        """The default weights with some replaced: `dimensions` by lower-case name, `timeframes` as "5m". ValueError as of
        the class; KeyError for a name that is none."""
        return cls(
            {**DIMENSION_WEIGHTS, **{DimensionKind[name.upper()]: value for name, value in dimensions.items()}},
            {**TIMEFRAME_WEIGHTS, **{Timeframe(name): value for name, value in timeframes.items()}},
        )

    @property
    def version(self) -> str:
        """The name of the set: MODEL_VERSION for the default one, else with a mark of these weights behind it."""
        told = self.told()
        if told == DEFAULT_WEIGHTS.told():
            return MODEL_VERSION
        mark = hashlib.blake2b(json.dumps([told, self.min_coverage, self.min_dimensions]).encode(), digest_size=4)
        return f"{MODEL_VERSION}-{mark.hexdigest()}"

    def told(self) -> dict[str, dict[str, float]]:
        """As `of` takes them."""
        return {
            "dimensions": {kind.lower_name: self.dimensions[kind] for kind in DimensionKind},
            "timeframes": {timeframe.value: self.timeframes[timeframe] for timeframe in Timeframe},
        }

    def share(self, kind: DimensionKind) -> float:
        """The dimension's part of all weight, 0-1."""
        return self.dimensions[kind] / math.fsum(self.dimensions.values())


DEFAULT_WEIGHTS = Weights()
