"""The help screen. It explains the keys and the numbers."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from virtuoso.top.words import HELP


class HelpScreen(ModalScreen[None]):
    """The help. Esc, q, ? and Enter close it."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,q,question_mark,enter", "app.pop_screen", "Close")]

    def compose(self) -> ComposeResult:
        """See Textual."""
        with VerticalScroll():
            yield Static(HELP)
