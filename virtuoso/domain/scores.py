"""The label of a score, and the scores of the last minutes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from virtuoso.domain.contract_enum import ContractEnum

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats

LEAN, STRONG = 10.0, 20.0
"""The distances from 50 at which a score begins to be bullish or bearish, and strongly so."""
MARGIN = 2.0
"""A label continues until the score has returned by this much."""


class Label(ContractEnum):
    """The score in words."""

    STRONG_BEARISH = 1
    BEARISH = 2
    NEUTRAL = 3
    BULLISH = 4
    STRONG_BULLISH = 5


def label(score: float, previous: Label | None = None) -> Label:
    """Return the label of a score, 0-100, after the label that it had before. None: it had no label.

    A label begins at 60 (40) or 70 (30), and continues to 58 (42) or 68 (32). So a score at a limit changes no label again
    and again."""
    sign = 1 if score >= 50 else -1
    before = 0 if previous is None else sign * (previous - Label.NEUTRAL)  # 1: on the same side, 2: strongly
    distance = abs(score - 50)
    if distance >= STRONG or (before == 2 and distance > STRONG - MARGIN):
        return Label(Label.NEUTRAL + 2 * sign)
    if distance >= LEAN or (before >= 1 and distance > LEAN - MARGIN):
        return Label(Label.NEUTRAL + sign)
    return Label.NEUTRAL


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoreMeans:
    """The scores of the last minutes on one venue. The scores that are shown are means of them.

    `sums` has the shape (minutes, symbols, 7), newest minute first: the measured milliseconds, and for each dimension its
    contribution to the instant score times these milliseconds. `labels` are those of the symbols with a score."""

    now_ms: int  # the time of the last pass, on the exchange's clock
    symbols: tuple[str, ...]
    sums: Floats
    labels: Mapping[str, Label]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreTrail:
    """The scores of the last hour on one venue, one for each five minutes.

    `step` is the number of the newest five minutes since the epoch. `points` are the scores by symbol, newest first. None:
    the symbol had no score then."""

    step: int
    points: Mapping[str, tuple[float | None, ...]]

    def recent(self, symbol: str) -> list[float]:
        """Return the scores of a symbol, newest first, up to the first one that is not known."""
        points = self.points.get(symbol, ())
        return [point for point in points[: points.index(None) if None in points else None] if point is not None]


class StoredMeans(NamedTuple):
    """ScoreMeans as a snapshot stores them. The numbers of `sums` are in a row."""

    now_ms: int
    symbols: tuple[str, ...]
    labels: Mapping[str, Label]
    sums: Sequence[float]
