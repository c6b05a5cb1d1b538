"""The table's columns: how wide, what they sort by, what stands in their cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

from virtuoso.top import words
from virtuoso.top.words import optional

if TYPE_CHECKING:
    from virtuoso.market.v1.confluence_pb2 import ConfluenceRow

WIDE, WIDER = 124, 140  # widths of the terminal from which bars fit, and the score in words too
BAR = 5
EIGHTHS = " ▏▎▍▌▋▊▉"
SHORT, LONG = ("Tech", "Vol", "Flow", "Book", "Strc", "Sent"), ("Tech", "Volume", "Flow", "Book", "Struct", "Sentim")
Value = float | str | None


class Tone(Enum):
    """What a cell says besides its text; the text says it too."""

    PLAIN = "plain"
    UP = "up"
    DOWN = "down"
    FAINT = "faint"


@dataclass(frozen=True, slots=True)
class Column:
    """`value` is what it sorts by, None where it is absent; a number has a bar behind it where `barred`."""

    key: str
    title: str
    width: int
    value: Callable[[ConfluenceRow], Value]
    text: Callable[[ConfluenceRow], str]
    tone: Callable[[ConfluenceRow], Tone] = lambda _: Tone.PLAIN
    ascending: bool = False  # when it is first sorted by
    left: bool = False  # where its text stands
    barred: bool = False


@lru_cache
def layout(width: int) -> Sequence[Column]:
    """The columns for a terminal of that width; 80 is enough for the narrowest."""
    wide = width >= WIDE
    columns = [
        Column("symbol", "Symbol", 18 if wide else 13, _symbol, _symbol, ascending=True, left=True),
        Column("score", "Score", 8 if wide else 6, _of("score"), _number("score"), _leaning("score")),
        Column("confidence", "Conf", 7 if wide else 5, _of("confidence"), _confidence),
    ]
    if width >= WIDER:
        columns.append(Column("label", "  Label", 17, _of("score"), _label, _leaning("score"), left=True))
    columns += [
        Column(name, title, 10 if wide else 5, _of(name), _number(name, 0), _leaning(name), barred=wide)
        for name, title in zip(words.DIMENSIONS, LONG if wide else SHORT, strict=True)
    ]
    return [
        *columns,
        Column("price", "Price", 12 if wide else 11, lambda row: row.price, lambda row: words.price(row.price)),
        Column("change", "24h", 9 if wide else 8, _of("change_24h_percent"), _change, _moving),
        Column("turnover", "Turn", 8 if wide else 6, _of("turnover_24h_usd"), _turnover),
    ]


def tone(score: float | None) -> Tone:
    """Of a score: as the contract's labels have it."""
    if score is None:
        return Tone.FAINT
    return Tone.UP if score >= 60 else Tone.DOWN if score <= 40 else Tone.PLAIN


def bar(value: float, cells: int = BAR) -> str:
    """0-100 as a bar of so many cells."""
    eighths = round(min(100.0, max(0.0, value)) / 100 * cells * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (EIGHTHS[rest] if rest else "")).ljust(cells)


def _of(name: str) -> Callable[[ConfluenceRow], Value]:
    return lambda row: optional(row, name)


def _number(name: str, digits: int = 1) -> Callable[[ConfluenceRow], str]:
    return lambda row: words.number(optional(row, name), digits)


def _leaning(name: str) -> Callable[[ConfluenceRow], Tone]:
    return lambda row: tone(optional(row, name))


def _symbol(row: ConfluenceRow) -> str:
    return row.symbol


def _confidence(row: ConfluenceRow) -> str:
    return words.share(optional(row, "confidence"))


def _label(row: ConfluenceRow) -> str:
    return f"  {words.LABELS.get(row.label, words.DASH)}"


def _change(row: ConfluenceRow) -> str:
    return words.change(optional(row, "change_24h_percent"))


def _moving(row: ConfluenceRow) -> Tone:
    moved = optional(row, "change_24h_percent")
    return Tone.FAINT if moved is None else Tone.UP if moved > 0 else Tone.DOWN if moved < 0 else Tone.PLAIN


def _turnover(row: ConfluenceRow) -> str:
    return words.usd(optional(row, "turnover_24h_usd"))
