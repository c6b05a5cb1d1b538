"""The tables of "A score by hand" in virtuoso/analysis/scores.md."""

from __future__ import annotations

import math

from tools.pictures.market import INPUTS, SCORES, dimension, required
from tools.pictures.style import DIMENSION_NAMES
from virtuoso.analysis.confluence import CONTEXT_COMPONENTS
from virtuoso.domain.model import DimensionKind

BY_NAME = {spec.name: spec for spec in CONTEXT_COMPONENTS[DimensionKind.ORDERBOOK]}
TICKER, SCORE, BOOK = INPUTS["UNI"].ticker, SCORES["UNI"], dimension("UNI", DimensionKind.ORDERBOOK)


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


def phrases() -> list[str]:
    """Return the parts of the sentences around the tables that have numbers."""
    score, book, first = SCORE, BOOK, BOOK.components[0]
    total, agreement, direction = required(score.score), required(score.agreement), required(book.direction)
    whole = math.fsum(d.weight * d.confidence for d in score.dimensions)
    mean, spread = (total - 50) / 50, 1 - agreement
    return [
        f"tanh({first.reading:.3f} ÷ {BY_NAME[first.name].scale:g}) = **{first.direction:.3f}**",
        f"confidences add up to {book.confidence:.3f}. That is the confidence of the dimension",
        f"50 × {first.weight} × {first.confidence:.3f} × {first.direction:.4f} ÷ {book.confidence:.3f} = ",
        f"All points together are {50 * direction:.2f}",
        f"= **{required(book.score):.2f}**, and its direction is {50 * direction:.2f} ÷ 50 = {direction:.4f}",
        f"confidences add up to {whole:.3f}. Order flow",
        f"are {50 * mean:+.2f}: the score is **{total:.2f}**",
        f"{50 * mean:.2f} ÷ 50 = {mean:.4f}",
        f"confidences: {spread**2:.4f}. The root of that is {spread:.3f}, and 1 − {spread:.3f} = **{agreement:.3f}**",
        f"The confidence is {whole:.3f} × {agreement:.3f} = **{required(score.confidence):.3f}**",
    ]
