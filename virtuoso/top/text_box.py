"""A text on the screen."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Static


class TextBox(Static):
    """A text that is drawn again only when it has changed, because each drawing lays out the whole screen again."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._shown: Text | None = None

    def put(self, text: Text) -> None:
        """Show this text. Styles must be spans, because texts with different base styles compare as equal."""
        if text != self._shown:
            self._shown = text
            self.update(text)
