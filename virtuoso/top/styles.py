"""The few colours of the terminal dashboard. None of them says what the text does not say too."""

from rich.style import Style
from rich.text import Text

from virtuoso.top.columns import Tone

UP, DOWN, FAINT, WARN = "#4cc38a", "#ff6b6b", "#8b95a5", "#f5b83d"
TONES = {Tone.PLAIN: Style(), Tone.UP: Style(color=UP), Tone.DOWN: Style(color=DOWN), Tone.FAINT: Style(color=FAINT)}
BARS = {Tone.PLAIN: Style(color="#4a5567"), Tone.UP: Style(color="#2f7d5b"), Tone.DOWN: Style(color="#a34a4a")}
BARS[Tone.FAINT] = BARS[Tone.PLAIN]
# What is not the real market fills its whole line.
ENVIRONMENTS = {
    "LIVE": Style(color=UP, bold=True),
    "SIMULATED": Style(color="#1a1200", bgcolor="#ffc53d", bold=True),
    "REPLAY": Style(color="#00141a", bgcolor="#5cc8e8", bold=True),
}
ALARM = Style(color="#ffffff", bgcolor="#b3261e", bold=True)
BADGE = Style(color="#1f0a00", bgcolor="#ff9466", bold=True)


def pairs(*given: tuple[str, str]) -> Text:
    """Names and what they are, on one line."""
    line = Text()
    for name, value in given:
        line.append(f"{name} ", FAINT)
        line.append(f"{value}   ")
    line.rstrip()
    return line
