"""The score of each symbol every five minutes of the last hour, for small charts in lists."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from virtuoso.domain.plausibility import MAX_CLOCK_LEAD_MS
from virtuoso.domain.scores import ScoreTrail

if TYPE_CHECKING:
    from virtuoso.domain.model import Confluence

STEP_MS = 300_000
POINTS = 12


def advance(trail: ScoreTrail | None, shown: Mapping[str, Confluence], now_ms: int) -> ScoreTrail:
    """Return the trail after a pass at `now_ms` (epoch ms). `shown` are the scores of the pass.

    The first score of a symbol in each five minutes is its point. None: it had no score in these five minutes."""
    step = now_ms // STEP_MS
    if trail is None or step < trail.step:
        trail = ScoreTrail(step=step, points={})
    later = step - trail.step
    points = {symbol: one for symbol, one in trail.points.items() if symbol in shown}
    if later:
        points = {symbol: ((None,) * later + one)[:POINTS] for symbol, one in points.items()}
    new = {symbol: one.score for symbol, one in shown.items() if one.score is not None}
    for symbol, score in new.items():
        known = points.get(symbol, (None,))
        if known[0] is None:
            points[symbol] = (score, *known[1:])
    return ScoreTrail(step=step, points=points)


def restore(stored: ScoreTrail, now_ms: int) -> ScoreTrail | None:
    """Return the stored trail if it is plausible at `now_ms` (epoch ms), otherwise None."""
    known = [point for points in stored.points.values() for point in points if point is not None]
    plausible = (
        stored.step * STEP_MS <= now_ms + MAX_CLOCK_LEAD_MS
        and all(0 <= point <= 100 for point in known)
        and all(len(points) <= POINTS for points in stored.points.values())
    )
    return stored if plausible and all(map(math.isfinite, known)) else None
