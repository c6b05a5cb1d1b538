"""The outlook of one symbol: what followed such readings, or why nothing is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.text import Text

from virtuoso.market.v1 import outlook_pb2
from virtuoso.top.styles import FAINT

if TYPE_CHECKING:
    from virtuoso.market.v1.outlook_pb2 import Outlook, OutlookRecord
    from virtuoso.top.context import Context

DAY = outlook_pb2.OUTLOOK_HORIZON_HOURS_24

ABSENCES: Mapping[int, str] = {
    outlook_pb2.OUTLOOK_ABSENCE_EVIDENCE_NOT_CLEAR: "No outlook: the record does not show clearly that such odds are right.",
    outlook_pb2.OUTLOOK_ABSENCE_RECORD_TOO_SHORT: (
        "No outlook: the record is too short. It needs 270 predictions, one for each 4 h bar, that have ended."
    ),
    outlook_pb2.OUTLOOK_ABSENCE_TOO_FEW_SYMBOLS: "No outlook: fewer than 20 markets can be compared.",
    outlook_pb2.OUTLOOK_ABSENCE_TOO_FEW_BARS: "No outlook: this market has fewer than 181 bars of 4 h without a gap.",
    outlook_pb2.OUTLOOK_ABSENCE_BARS_LATE: "No outlook: the newest 4 h bar did not come in time.",
    outlook_pb2.OUTLOOK_ABSENCE_NOT_IN_UNIVERSE: (
        "No outlook: over 7 days this market traded less than $1 M a day, or it is not among the 200 largest."
    ),
    outlook_pb2.OUTLOOK_ABSENCE_BARS_UNREAD: (
        "No outlook yet: its 4 h bars have not been read yet, or the exchange did not send them."
    ),
}


def outlook_text(outlook: Outlook, record: OutlookRecord | None, context: Context) -> Text:
    """Return the odds, the interval of the move and the record of such odds; or the reason why there are none."""
    day = next((each for each in record.horizons if each.horizon == DAY), None) if record else None
    if not outlook.HasField("odds_percent"):
        text = ABSENCES.get(outlook.absence, "No outlook. This version is too old to know the reason.")
        if outlook.absence == outlook_pb2.OUTLOOK_ABSENCE_RECORD_TOO_SHORT and day:
            text += f" There are {day.steps} so far."
        return Text(text)
    name = outlook.symbol.removesuffix("USDT")
    interval = f"{outlook.low_percent:+.1f} and {outlook.high_percent:+.1f}%"
    text = (
        f"Next 24 h: in {outlook.odds_percent} of 100 such cases {name} beat half of the markets. "
        f"In 8 of 10 cases it ended between {interval} against the median. "
    )
    if day and day.tenths:
        highest = day.tenths[-1]
        text += (
            f"In the highest tenth so far, {100 * highest.said:.0f} of 100 were predicted and "
            f"{100 * highest.was:.0f} came true. "
        )
    text += "It does not say up or down, and no profit after fees has been shown."
    counts_from = f" The 24 hours count from the close of the 4 h bar at {context.clock(outlook.bar_time)}."
    return Text(text).append(counts_from, FAINT)
