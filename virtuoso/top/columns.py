"""The columns of the table: their widths, sort values and cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

from virtuoso.domain.prices import price_text
from virtuoso.top import words
from virtuoso.top.words import optional

if TYPE_CHECKING:
    from virtuoso.market.v1.confluence_pb2 import ConfluenceRow

# The terminal width from which dimensions have bars.
WIDE = 124
# The terminal width from which the score also has a label.
WIDEST = 140
# The terminal width from which the instant score and its change over 15 minutes are columns.
WITH_CHANGES = 156
BAR_WIDTH = 5
Value = float | str | None


class CellStyle(Enum):
    """The meaning of a colour. The text also has this meaning."""

    PLAIN = "plain"
    UP = "up"
    DOWN = "down"
    FAINT = "faint"


SIGN_STYLES = {"+": CellStyle.UP, "-": CellStyle.DOWN, words.DASH: CellStyle.FAINT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the table."""

    key: str
    title: str
    width: int
    value: Callable[[ConfluenceRow], Value]  # the sort value; None when it is absent
    text: Callable[[ConfluenceRow], str]
    style: Callable[[ConfluenceRow], CellStyle] = lambda _: CellStyle.PLAIN
    ascending: bool = False  # the initial sort order
    left: bool = False  # the text is aligned left
    has_bar: bool = False  # a bar follows the number


@lru_cache
def layout(width: int) -> Sequence[Column]:
    """Return the columns for a terminal of `width`. The narrowest layout fits into 80 cells."""
    wide = width >= WIDE
    columns = [
        Column(
            key="symbol",
            title="Symbol",
            width=17 if wide else 12,
            value=lambda row: row.symbol,
            text=lambda row: row.symbol,
            ascending=True,
            left=True,
        ),
        _score_column("score", "Score", 8 if wide else 6, digits=1),
        Column(
            key="confidence",
            title="Conf",
            width=7 if wide else 5,
            value=_field("confidence"),
            text=lambda row: words.share(optional(row, "confidence")),
        ),
    ]
    if width >= WIDEST:
        columns.append(
            Column(
                key="label",
                title=" Label",
                width=18,
                value=_field("score"),
                text=lambda row: f" {words.LABELS.get(row.label, words.DASH)}",
                style=_score_style("score"),
                left=True,
            )
        )
    if width >= WITH_CHANGES:
        columns += [
            _score_column("instant_score", "Now", 7, digits=1),
            Column(
                key="change_15m",
                title="15 min",
                width=8,
                value=_field("change_15m"),
                text=lambda row: words.points(optional(row, "change_15m")),
                style=lambda row: sign_style(words.points(optional(row, "change_15m"))),
            ),
        ]
    titles = words.DIMENSION_TITLES if wide else words.NARROW_DIMENSION_TITLES
    for name, title in zip(words.DIMENSIONS, titles, strict=True):
        columns.append(_score_column(name, title, 10 if wide else 5, digits=0, has_bar=wide))
    return [*columns, *_price_columns(wide=wide)]


def score_style(score: float | None) -> CellStyle:
    """Return the style of a score. The limits are those of the labels in the contract."""
    if score is None:
        return CellStyle.FAINT
    return CellStyle.UP if score >= 60 else CellStyle.DOWN if score <= 40 else CellStyle.PLAIN


def sign_style(text: str) -> CellStyle:
    """Return the style of a number with its sign, as it is shown. One that is rounded to 0 has no sign."""
    return SIGN_STYLES.get(text[:1], CellStyle.PLAIN)


def _price_columns(*, wide: bool) -> list[Column]:
    return [
        Column(
            key="price",
            title="Price",
            width=12,
            value=lambda row: row.price,
            text=lambda row: price_text(row.price, optional(row, "tick_size")),
        ),
        Column(
            key="change",
            title="24h",
            width=9 if wide else 8,
            value=_field("change_24h_percent"),
            text=lambda row: words.change(optional(row, "change_24h_percent")),
            style=lambda row: sign_style(words.change(optional(row, "change_24h_percent"))),
        ),
        Column(
            key="turnover",
            title="Turn",
            width=8 if wide else 6,
            value=_field("turnover_24h_usd"),
            text=lambda row: words.usd(optional(row, "turnover_24h_usd")),
        ),
    ]


def _score_column(name: str, title: str, width: int, *, digits: int, has_bar: bool = False) -> Column:
    return Column(
        key=name,
        title=title,
        width=width,
        value=_field(name),
        text=lambda row: words.number(optional(row, name), digits),
        style=_score_style(name),
        has_bar=has_bar,
    )


def _field(name: str) -> Callable[[ConfluenceRow], Value]:
    return lambda row: optional(row, name)


def _score_style(name: str) -> Callable[[ConfluenceRow], CellStyle]:
    return lambda row: score_style(optional(row, name))
