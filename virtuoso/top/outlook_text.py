"""The outlook of one symbol: what followed such readings, or why nothing is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from virtuoso.market.v1 import outlook_pb2

if TYPE_CHECKING:
    from virtuoso.market.v1.outlook_pb2 import Outlook, OutlookRecord

ABSENCES: Mapping[int, str] = {
    outlook_pb2.OUTLOOK_ABSENCE_EVIDENCE_NOT_CLEAR: "the record does not show clearly that such odds are right",
    outlook_pb2.OUTLOOK_ABSENCE_RECORD_TOO_SHORT: "the record is too short",
    outlook_pb2.OUTLOOK_ABSENCE_TOO_FEW_SYMBOLS: "fewer than 20 symbols can be compared",
    outlook_pb2.OUTLOOK_ABSENCE_TOO_FEW_BARS: "the symbol has too few bars of 4 h without a gap",
    outlook_pb2.OUTLOOK_ABSENCE_BARS_LATE: "the newest bar did not come in time",
    outlook_pb2.OUTLOOK_ABSENCE_NOT_IN_UNIVERSE: "the turnover of the symbol is too low",
    outlook_pb2.OUTLOOK_ABSENCE_BARS_UNREAD: "the bars of 4 h are not read yet",
}


def outlook_text(outlook: Outlook, record: OutlookRecord | None) -> str:
    """Return the odds, the range of the move and the record of such odds; or the reason why there are none."""
    if not outlook.HasField("odds_percent"):
        return f"Nothing is said: {ABSENCES.get(outlook.absence, 'this version does not know the reason')}."
    name = outlook.symbol.removesuffix("USDT")
    text = f"Next 24 h: in {outlook.odds_percent} of 100 such cases {name} beat half of the markets."
    if outlook.HasField("low_percent") and outlook.HasField("high_percent"):
        interval = f"{outlook.low_percent:+.1f} and {outlook.high_percent:+.1f} %"
        text += f" 8 times in 10 it ended between {interval} against the median."
    day = [each for each in record.horizons if each.horizon == outlook_pb2.OUTLOOK_HORIZON_HOURS_24] if record else []
    if day and day[0].tenths:
        highest = day[0].tenths[-1]
        text += f" The highest tenth so far: said {100 * highest.said:.0f}, was {100 * highest.was:.0f}."
    return f"{text} Says nothing of up or down; no profit after fees has been shown."
