"""The texts of the beta of one symbol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from virtuoso.top import words
from virtuoso.top.bars import bar
from virtuoso.top.styles import FAINT, name_value_line

if TYPE_CHECKING:
    from virtuoso.market.v1.beta_pb2 import Beta, BetaWindow

CLEAR_T = 2.0  # an alpha whose t-value is smaller is most likely chance
MAX_BETA = 2.0  # the right end of a bar
BAR_WIDTH = 13


def alpha(window: BetaWindow) -> str:
    """Return the yearly alpha, if it is clear."""
    t_value = words.optional(window, "alpha_t")
    if t_value is None or abs(t_value) < CLEAR_T:
        return "not clear"
    return f"{window.alpha_annual_percent:+,.0f}%"


def beta_bar(beta: float) -> str:
    """Return a beta as a bar that starts at 1."""
    return bar(100 * beta / MAX_BETA, BAR_WIDTH)


def beta_lines(beta: Beta) -> Text:
    """Return the numbers of each window, two lines per window."""
    lines = []
    for window in beta.windows:
        line = Text.assemble(
            (f"{words.SPANS.get(window.span, 'Other'):5}", "bold"), f"{window.beta:5.2f} {beta_bar(window.beta)} "
        )
        line.append_text(
            name_value_line(
                ("±", f"{window.beta_error:.2f}"),
                ("Correlation", f"{window.correlation:.2f}"),
                ("R²", f"{window.r_squared:.2f}"),
            )
        )
        upside, downside = words.optional(window, "upside_beta"), words.optional(window, "downside_beta")
        second = name_value_line(
            ("     When BTC rises", words.number(upside, 2)),
            ("falls", words.number(downside, 2)),
            ("Alpha per year", f"{alpha(window)} (t {words.number(words.optional(window, 'alpha_t'), 1)})"),
        )
        lines += [line, second]
    return Text("\n").join(lines) if lines else Text("not enough returns for a beta yet", FAINT)
