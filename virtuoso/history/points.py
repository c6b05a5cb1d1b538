"""Convert points to rows and back.

Scores and confidence are stored as integers in ten-thousandths, which take two to four bytes each. For example, 54.32109 is
stored as 543211 and read as 54.3211. Price and time are stored exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from virtuoso.domain.records import ScorePoint
from virtuoso.history.tables import SCORES

_UNITS = 10_000
_get_scores = attrgetter(*SCORES)


def to_row(point: ScorePoint, series: int) -> dict[str, Any]:
    """Return the row of a point. `series` is the number of its venue and symbol."""
    row: dict[str, Any] = {"series": series, "observed_ms": point.observed_ms, "price": point.price}
    for name, score in zip(SCORES, _get_scores(point), strict=True):
        row[name] = None if score is None else round(score * _UNITS)
    return row


def from_row(venue: str, symbol: str, row: Sequence[Any]) -> ScorePoint:
    """Return the point of a row. The row has observed_ms, price, then SCORES."""
    observed_ms, price, *units = row
    score, confidence, technical, volume, orderflow, orderbook, price_structure, sentiment, instant_score = [
        None if unit is None else unit / _UNITS for unit in units
    ]
    return ScorePoint(
        venue=venue,
        symbol=symbol,
        observed_ms=observed_ms,
        price=price,
        score=score,
        confidence=confidence,
        technical=technical,
        volume=volume,
        orderflow=orderflow,
        orderbook=orderbook,
        price_structure=price_structure,
        sentiment=sentiment,
        instant_score=instant_score,
    )
