"""The colours of the terminal dashboard. A colour never has information that is not in the text."""

from rich.style import Style
from rich.text import Text

from virtuoso.top.columns import CellStyle, sign_style

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
SourceHeader { height: auto; }
TabbedContent, ContentSwitcher, TabPane { height: 1fr; padding: 0; }
Tabs { height: 1; background: #12171e; }
Tabs Underline { display: none; }
Tab { color: #8b95a5; }
Tab.-active { color: #ffffff; background: #2b3a52; text-style: bold; }
Table { height: 1fr; background: #0e1217; scrollbar-size-vertical: 1; overflow-x: hidden; }
Table > .datatable--header { background: #1a212b; color: #c3cad5; text-style: none; }
Table > .datatable--cursor { background: #2b3a52; color: #ffffff; text-style: bold; }
Table:blur > .datatable--cursor { background: #1f2835; }
#overview, .summary { height: auto; padding: 0 1; }
#status { height: 1; padding: 0 1; color: #8b95a5; }
Prompt { height: 1; border: none; padding: 0 1; background: #1a212b; display: none; }
Prompt:focus { border: none; }
Prompt.open { display: block; }
VerticalScroll { scrollbar-size-vertical: 1; background: #0e1217; }
.detail { height: auto; max-height: 35%; padding: 0 1; background: #161c24; }
SymbolScreen > VerticalScroll { padding: 0 1; }
HelpScreen { align: center middle; }
HelpScreen > VerticalScroll { width: 84; max-width: 100%; height: auto; max-height: 100%; }
HelpScreen > VerticalScroll { border: round #3a4556; padding: 0 1; }
"""


def signed(text: str) -> tuple[str, Style]:
    """Return a number with its sign, and its style."""
    return text, CELL_STYLES[sign_style(text)]


def name_value_line(*pairs: tuple[str, str]) -> Text:
    """Return names and their values on one line."""
    line = Text()
    for name, value in pairs:
        line.append(f"{name} ", FAINT)
        line.append(f"{value}   ")
    line.rstrip()
    return line


def name_value_lines(width: int, *pairs: tuple[str, str]) -> Text:
    """Return names and their values on as many lines of `width` as they need."""
    lines: list[Text] = []
    for pair in pairs:
        text = name_value_line(pair)
        if lines and lines[-1].cell_len + 3 + text.cell_len <= width:
            lines[-1].append("   ").append_text(text)
        else:
            lines.append(text)
    return Text("\n").join(lines)
