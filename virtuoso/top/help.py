"""The keys and the signs, in words."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

KEYS = """\
[b]Keys[/b]
Up, Down, k, j   move                  Home, End, g, G   first, last
Enter   what the score is made of      Esc   close; show all rows again
s  S    sort by next, last column      r     sort the other way round
1 to 6  sort by a dimension            0     sort by score
/       search                         m     minimum score
w       mark or unmark the symbol      W     only marked ones
a       alerts                         q     quit

[b]Numbers[/b]
Score and dimensions: 0 bearish, 50 neutral, 100 bullish.
Tech technical, Vol volume, Flow order flow, Book order book, Strc price
structure, Sent sentiment. Conf: how far the score can be relied on.
Turn: turnover of 24 hours, USD.  [b]–[/b] was not measured.

[b]First lines[/b]
SIMULATED, REPLAY   an invented market; a recorded one
STALE   real, but old.   FALLBACK   from another venue than usual
LOST    no connection: what came last, greyed, while its age grows\
"""


class HelpScreen(ModalScreen[None]):
    """Any of its keys closes it."""

    CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > VerticalScroll { width: 84; max-width: 100%; height: auto; max-height: 100%; }
    HelpScreen > VerticalScroll { border: round #3a4556; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [("escape,q,question_mark,enter", "app.pop_screen", "Close")]

    def compose(self) -> ComposeResult:
        """See Textual."""
        with VerticalScroll():
            yield Static(KEYS)
