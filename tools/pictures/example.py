"""The numbers of "A score by hand" in virtuoso/analysis/scores.md."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import partial

from tools.pictures.market import INPUTS, SCORES, dimension, required
from tools.pictures.style import DIMENSION_NAMES
from virtuoso.analysis.confluence import CONTEXT_COMPONENTS
from virtuoso.domain.model import DimensionKind

BY_NAME = {spec.name: spec for spec in CONTEXT_COMPONENTS[DimensionKind.ORDERBOOK]}
TICKER, SCORE, BOOK = INPUTS["UNI"].ticker, SCORES["UNI"], dimension("UNI", DimensionKind.ORDERBOOK)


NUMBER = re.compile(r"(?<!\w)[-+]?\d+(?:\.\d+)?")


def updated(page: str) -> str:
    """Return the page with the numbers of `rows` and `phrases`. Its words and line breaks stay."""
    for text in (*rows(), *phrases()):
        words = (re.sub(r"\\ ", r"\\s+", re.escape(part)) for part in NUMBER.split(text))
        numbers = iter(NUMBER.findall(text))
        page = re.sub(NUMBER.pattern.join(words), partial(_with_numbers, numbers), page, count=1)
    return page


def _with_numbers(numbers: Iterator[str], old: re.Match[str]) -> str:
    return NUMBER.sub(lambda _: next(numbers), old[0])


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
    """Return the parts of the reply and of the sentences that have numbers."""
    score, book, first, flow = SCORE, BOOK, BOOK.components[0], dimension("UNI", DimensionKind.ORDERFLOW)
    total, agreement, direction = required(score.score), required(score.agreement), required(book.direction)
    whole = math.fsum(d.weight * d.confidence for d in score.dimensions)
    mean, spread = (total - 50) / 50, 1 - agreement
    confidence, points = required(score.confidence), 50 * direction
    return [
        _members(score=f"{total:.4f}", confidence=f"{confidence:.4f}", agreement=f"{agreement:.4f}"),
        _members(score=f"{required(book.score):.4f}", direction=f"{direction:.4f}", confidence=f"{book.confidence:.3f}"),
        _members(contribution=f"{book.contribution:.3f}", coverage=f"{book.coverage:g}"),
        f'"unit": "{first.unit}", {_members(direction=f"{first.direction:.4f}", weight=f"{first.weight:g}")}',
        _members(confidence=f"{first.confidence:.3f}", contribution=f"{first.contribution:.3f}") + "}",
        f"reads {first.reading:.3f} {first.unit}, and its *at* is {BY_NAME[first.name].scale:g}:",
        f"tanh({first.reading:.3f} ÷ {BY_NAME[first.name].scale:g}) = **{first.direction:.3f}**",
        f"confidences add up to {book.confidence:.3f}. That is the confidence of the dimension",
        f"50 × {first.weight} × {first.confidence:.3f} × {first.direction:.4f} ÷ {book.confidence:.3f} = ",
        f"All points together are {points:.2f}",
        f"is 50 − {abs(points):.2f} = **{required(book.score):.2f}**, and its direction is",
        f"and its direction is {points:.2f} ÷ 50 = {direction:.4f}",
        f"confidences add up to {whole:.3f}. Order flow adds 50 × {flow.weight} × {flow.confidence:.3f} × ",
        f"{required(flow.direction):.4f} ÷ {whole:.3f} = {flow.contribution:.2f} points.",
        f"are {50 * mean:+.2f}: the score is **{total:.2f}**",
        f"The average direction is {50 * mean:.2f} ÷ 50 = {mean:.4f}",
        f"confidences: {spread**2:.4f}. The root of that is {spread:.3f}, and 1 − {spread:.3f} = **{agreement:.3f}**",
        f"The confidence is {whole:.3f} × {agreement:.3f} = **{confidence:.3f}**",
    ]


def _members(**numbers: str) -> str:
    """Return members of a JSON object, as they are on the page."""
    return ", ".join(f'"{name}": {number}' for name, number in numbers.items())
