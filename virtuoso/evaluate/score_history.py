"""The product's own score history at the steps of an evaluation: all six dimensions and the total, as clients saw them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.domain.model import DimensionKind
from virtuoso.evaluate.panel import CONFIDENCE, STEP_MS, Feature, FeatureKind, Panel

if TYPE_CHECKING:
    from virtuoso.domain.ports import HistoryReader
    from virtuoso.domain.records import ScorePoint

TOTAL_SCORE = Feature("score", FeatureKind.TOTAL)
FEATURES = (TOTAL_SCORE, *(Feature(kind.lower_name, FeatureKind.DIMENSION) for kind in DimensionKind))


async def read_panel(
    history: HistoryReader, venue: str, *, start_ms: int, end_ms: int, max_symbols: int, progress: Callable[[int, int], None]
) -> Panel:
    """Return the scores and prices of the `max_symbols` symbols with the most points, from `start_ms` to `end_ms` (epoch ms,
    multiples of 5 minutes). Each step of 5 minutes has its last point. Raise HistoryError when the history cannot be
    read."""
    symbols = await history.scored_symbols(venue)
    read: list[tuple[str, Sequence[ScorePoint]]] = []
    for count, symbol in enumerate(symbols, 1):
        points = await history.score_points(venue, symbol, start_ms=start_ms, end_ms=end_ms, step_ms=STEP_MS)
        if points:
            read.append((symbol, points))
        progress(count, len(symbols))
    read.sort(key=lambda each: (-len(each[1]), each[0]))
    read = read[:max_symbols]
    clock_ms = np.arange(start_ms + STEP_MS, end_ms + 1, STEP_MS, dtype=np.int64)
    price = np.full((len(clock_ms), len(read)), np.nan)
    scores = {feature: np.full(price.shape, np.nan, dtype=np.float32) for feature in (*FEATURES, CONFIDENCE)}
    for column, (_, points) in enumerate(read):
        steps = np.array([(point.observed_ms - start_ms) // STEP_MS for point in points])
        price[steps, column] = [point.price for point in points]
        for feature in FEATURES:
            of_feature = (getattr(point, feature.name) for point in points)
            scores[feature][steps, column] = [np.nan if score is None else (score - 50) / 50 for score in of_feature]
        scores[CONFIDENCE][steps, column] = [np.nan if p.confidence is None else p.confidence for p in points]
    return Panel(
        clock_ms=clock_ms,
        symbols=tuple(symbol for symbol, _ in read),
        price=price,
        counted=np.isfinite(price),
        scores=scores,
    )
