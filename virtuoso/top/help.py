"""The help screen. It explains the keys and the numbers."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

HELP = """\
[b]Keys[/b]
1 to 6   market, movers, signals, opportunities, alerts, beta
Up, Down, k, j   move              Home, End, g, G   first, last
Enter    open the symbol or row    w    mark or unmark the symbol
t  T     next, previous length of bars, or window of the betas
z        UTC, or this machine      Esc, q, ?   back, quit, this help

[b]Keys of the market[/b]
s  S     sort by next, previous column   r  0   reverse; sort by score
/  m     search; minimum score     W    only marked     Esc   all rows

[b]Numbers[/b]
Score and dimensions: 0 bearish, 50 neutral, 100 bullish. Bars start at
50. Strc: structure. Conf: confidence, how reliable the score is. Turn:
turnover of 24 h, USD. R: the distance from entry to stop. Liquidated:
closed by force, USD; ≥ at least. [b]–[/b] was not measured. ▲ ▼ before a
number: it has just changed. ! warning, ‼ critical, ★ marked.

SIMULATED   no price is real.    REPLAY     a recording: not current
STALE       real, but old.       FALLBACK   from another exchange
LOST   no connection: the last data, in grey, while its age grows\
"""


class HelpScreen(ModalScreen[None]):
    """The help. Esc, q, ? and Enter close it."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,q,question_mark,enter", "app.pop_screen", "Close")]

    def compose(self) -> ComposeResult:
        """See Textual."""
        with VerticalScroll():
            yield Static(HELP)
