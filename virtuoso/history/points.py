"""Points as rows: scores in whole ten-thousandths, so that they take two to four bytes; 54.32109 is kept as 54.3211, a
confidence of 0.73218 as 0.7322. Price and time are kept exactly."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from virtuoso.domain.records import ScorePoint
from virtuoso.history.tables import SCORES

_STEPS = 10_000
_scores = attrgetter(*SCORES)


def to_row(point: ScorePoint, series: int) -> dict[str, Any]:
    """What the table keeps of the point; `series` is the number of its venue and symbol."""
    row: dict[str, Any] = {"series": series, "observed_ms": point.observed_ms, "price": point.price}
    for name, score in zip(SCORES, _scores(point), strict=True):
        row[name] = None if score is None else round(score * _STEPS)
    return row


def from_row(venue: str, symbol: str, row: Sequence[Any]) -> ScorePoint:
    """The point of a row: observed_ms, price, then SCORES."""
    observed_ms, price, *steps = row
    return ScorePoint(
        venue=venue,
        symbol=symbol,
        observed_ms=observed_ms,
        price=price,
        **{name: None if step is None else step / _STEPS for name, step in zip(SCORES, steps, strict=True)},
    )
