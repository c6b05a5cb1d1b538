"""The colours of the terminal dashboard. A colour never has information that is not in the text."""

from rich.style import Style
from rich.text import Text

from virtuoso.top.columns import CellStyle

UP, DOWN, FAINT, WARN = "#4cc38a", "#ff6b6b", "#8b95a5", "#f5b83d"
CELL_STYLES = {
    CellStyle.PLAIN: Style(),
    CellStyle.UP: Style(color=UP),
    CellStyle.DOWN: Style(color=DOWN),
    CellStyle.FAINT: Style(color=FAINT),
}
BAR_STYLES = {
    CellStyle.PLAIN: Style(color="#4a5567"),
    CellStyle.UP: Style(color="#2f7d5b"),
    CellStyle.DOWN: Style(color="#a34a4a"),
    CellStyle.FAINT: Style(color="#4a5567"),
}
# For a market that is not real, the whole line has a background colour.
ENVIRONMENTS = {
    "LIVE": Style(color=UP, bold=True),
    "SIMULATED": Style(color="#1a1200", bgcolor="#ffc53d", bold=True),
    "REPLAY": Style(color="#00141a", bgcolor="#5cc8e8", bold=True),
}
ALARM = Style(color="#ffffff", bgcolor="#b3261e", bold=True)
BADGE = Style(color="#1f0a00", bgcolor="#ff9466", bold=True)
APPLICATION_CSS = """
* { scrollbar-color: #3a4556; scrollbar-color-hover: #4a5567; scrollbar-color-active: #4a5567; }
* { scrollbar-background: #12171e; scrollbar-background-hover: #12171e; scrollbar-background-active: #12171e; }
Screen { background: #0e1217; color: #e6e9ef; }
MarketHeader { height: auto; }
SymbolTable { height: 1fr; background: #0e1217; scrollbar-size-vertical: 1; overflow-x: hidden; }
SymbolTable > .datatable--header { background: #1a212b; color: #c3cad5; text-style: none; }
SymbolTable > .datatable--cursor { background: #2b3a52; color: #ffffff; text-style: bold; }
SymbolTable:blur > .datatable--cursor { background: #1f2835; }
#status { height: 1; padding: 0 1; color: #8b95a5; }
Prompt { height: 1; border: none; padding: 0 1; background: #1a212b; display: none; }
Prompt:focus { border: none; }
Prompt.open { display: block; }
AlertPane { height: 8; border: round #3a4556; border-title-color: #c3cad5; padding: 0 1; }
AlertPane { display: none; scrollbar-size-vertical: 1; }
AlertPane.open { display: block; }
VerticalScroll { scrollbar-size-vertical: 1; background: #0e1217; }
SymbolScreen > VerticalScroll { padding: 0 1; }
HelpScreen { align: center middle; }
HelpScreen > VerticalScroll { width: 84; max-width: 100%; height: auto; max-height: 100%; }
HelpScreen > VerticalScroll { border: round #3a4556; padding: 0 1; }
"""


def name_value_line(*pairs: tuple[str, str]) -> Text:
    """Return names and their values on one line."""
    line = Text()
    for name, value in pairs:
        line.append(f"{name} ", FAINT)
        line.append(f"{value}   ")
    line.rstrip()
    return line
