"""What a venue replied, noted by the task that asked, so that the replies of concurrent calls are never mixed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

BODY_START = 4_000  # characters: error pages and messages are shorter, or say what they are at their start


@dataclass(slots=True)
class Reply:
    """One HTTP reply. `body`: its start. `readable`: it was JSON. `clock_ms`: the time that the venue put into it.
    `received_ms`: our time when it came. Both are epoch milliseconds. `url` and `text`, the complete body, are for a
    recorder."""

    status: int
    headers: Mapping[str, str]
    body: str = ""
    readable: bool = False
    clock_ms: int | None = None
    received_ms: int | None = None
    url: str = ""
    text: str = ""

    def header(self, name: str) -> str:
        """Return a header's value, whatever the case of its name; "" when there is none."""
        return next((value for key, value in self.headers.items() if key.lower() == name), "").strip()

    @property
    def excerpt(self) -> str:
        """Return the words of the body's start without markup, for a log."""
        return " ".join(re.sub(r"<[^>]*>|[^\x20-\x7e\xa0-\ufffc]", " ", self.body).split())[:240]

    def read_clock(self, data: Any) -> None:
        """Note the venue's time from the parsed reply: bybit's `time`, Binance's `E` and `serverTime`, others' `ts`."""
        if isinstance(data, dict):
            for name in ("time", "E", "serverTime", "ts", "timestamp"):
                clock = whole_number(data.get(name))
                if clock is not None and 10**12 < clock < 10**13:  # milliseconds of 2001-2286; others use seconds or text
                    self.clock_ms = clock
                    return

    @property
    def own_ms(self) -> int | None:
        """Return the venue's own clock when it wrote the reply; None when it did not say."""
        return self.clock_ms if self.clock_ms is not None else whole_number(self.header("timenow"))

    @property
    def date_ms(self) -> int | None:
        """Return the front end's clock in whole seconds. It says nothing of the age of the data behind it."""
        try:
            return int(parsedate_to_datetime(self.header("date")).timestamp() * 1000)
        except ValueError:
            return None


def whole_number(value: Any) -> int | None:
    """Return a whole number from a number or its text; None from anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


CALL_REPLIES: ContextVar[list[Reply]] = ContextVar("call_replies")  # of the call that this task makes
# Where a recorder set it: all replies that were used.
RECORDED_REPLIES: ContextVar[list[Reply] | None] = ContextVar("recorded_replies", default=None)


def deciding_reply(replies: list[Reply]) -> Reply | None:
    """Return the reply that explains a failure of the call: a refused one, else an unreadable one, else the last."""
    for reply in replies:
        if reply.status >= 400:
            return reply
    for reply in replies:
        if not reply.readable:
            return reply
    return replies[-1] if replies else None
