"""What a list consists of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.style import Style
from rich.text import Text

from virtuoso.top.context import Context
from virtuoso.top.styles import FAINT
from virtuoso.top.words import DASH


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list."""

    title: str
    width: int
    left: bool = False  # the text is aligned left


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of a list."""

    key: str
    symbol: str  # Enter opens it; "" for none
    cells: Sequence[Text]  # one for each column; those of a wider screen may follow
    detail: Text  # is shown below the list while the cursor is on the row


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a tab shows."""

    columns: Sequence[Column]
    entries: Sequence[Entry]
    summary: Text = field(default_factory=Text)  # above the list
    empty: str  # is shown when there are no entries
    problem: str = ""  # why there is no newer data


class Listing(ABC):
    """A list that can be read again."""

    period_s = 5.0  # the time between two readings
    has_windows = False  # whether it has windows of time

    @abstractmethod
    async def read(self) -> None:
        """Read the list. A failure is part of the content."""

    @abstractmethod
    def content(self, context: Context) -> Content:
        """Return what is known now."""

    def turn(self, step: int) -> None:  # noqa: B027 - most lists have no windows
        """Choose the next window of time."""

    def toggle_group(self, key: str) -> bool:  # noqa: ARG002 - most lists have nothing to expand
        """Show or hide the rows that the row with this key stands for. Return False when it stands for none."""
        return False


def cell(text: str, style: str | Style | None = None) -> Text:
    """Return a cell. An absent value is faint. The style is a span, because texts with different base styles compare as
    equal."""
    return Text(no_wrap=True).append(text, FAINT if text == DASH else style)
