"""The tables of "A score by hand" in virtuoso/analysis/scores.md."""

from __future__ import annotations

from tools.pictures.market import SCORES, dimension
from tools.pictures.style import DIMENSION_NAMES
from virtuoso.domain.model import DimensionKind

SCORE, BOOK = SCORES["UNI"], dimension("UNI", DimensionKind.ORDERBOOK)


def rows() -> list[str]:
    """Return the rows of both tables as they are on the page: the components of the order book, then the dimensions."""
    components = [
        [f"`{c.name}`", f"{c.reading:+.3f}", f"{c.direction:+.4f}", f"{c.weight:.2f}", f"{c.confidence:.3f}"]
        for c in BOOK.components
    ]
    dimensions = [
        [DIMENSION_NAMES[d.kind], f"{d.weight:.2f}", f"{d.confidence:.3f}", f"{d.direction:+.4f}"] for d in SCORE.dimensions
    ]
    points = [*(c.contribution for c in BOOK.components), *(d.contribution for d in SCORE.dimensions)]
    return [
        f"| {' | '.join(cells)} | {point:+.3f} |" for cells, point in zip([*components, *dimensions], points, strict=True)
    ]
