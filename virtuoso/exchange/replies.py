"""The HTTP replies of a venue. Each task stores its own replies, so those of concurrent calls are never mixed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

MAX_BODY_LENGTH = 4_000  # characters; error pages are shorter or recognisable from their start


@dataclass(slots=True)
class Reply:
    """One HTTP reply.

    `body` is the start of the body. `readable` is True when the body was JSON. `clock_ms` is the venue's time in the body.
    `received_ms` is our time of receipt. Both are epoch milliseconds. A recorder needs `url` and `text`, the complete body.
    """

    status: int
    headers: Mapping[str, str]
    body: str = ""
    readable: bool = False
    clock_ms: int | None = None
    received_ms: int | None = None
    url: str = ""
    text: str = ""

    def header(self, name: str) -> str:
        """Return a header's value. Return "" when there is none. `name` must be in lower case."""
        return next((value for key, value in self.headers.items() if key.lower() == name), "").strip()

    @property
    def excerpt(self) -> str:
        """Return the text at the start of the body, without markup, for a log."""
        return " ".join(re.sub(r"<[^>]*>|[^\x20-\x7e\xa0-\ufffc]", " ", self.body).split())[:240]

    def read_clock(self, data: Any) -> None:
        """Set `clock_ms` from a parsed reply: Bybit's `time`, Binance's `E` or `serverTime`, or `ts` or `timestamp`."""
        if isinstance(data, dict):
            for name in ("time", "E", "serverTime", "ts", "timestamp"):
                clock = whole_number(data.get(name))
                if clock is not None and 10**12 < clock < 10**13:  # milliseconds, from 2001 to 2286
                    self.clock_ms = clock
                    return

    @property
    def own_ms(self) -> int | None:
        """Return the venue's time in the reply. Return None when the reply has no such time."""
        return self.clock_ms if self.clock_ms is not None else whole_number(self.header("timenow"))

    @property
    def date_ms(self) -> int | None:
        """Return the HTTP server's time (epoch ms, in whole seconds). It does not show the age of the data."""
        try:
            return int(parsedate_to_datetime(self.header("date")).timestamp() * 1000)
        except ValueError:
            return None


def whole_number(value: Any) -> int | None:
    """Return `value` as an integer if it is an integer or its digits, at most 18. Return None for any other value."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value) if len(value) <= 18 else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


CALL_REPLIES: ContextVar[list[Reply]] = ContextVar("call_replies")  # replies to the call that this task is making
# All replies that were used. It is None unless a recorder has set it.
RECORDED_REPLIES: ContextVar[list[Reply] | None] = ContextVar("recorded_replies", default=None)


def deciding_reply(replies: list[Reply]) -> Reply | None:
    """Return the reply that explains a failed call: an HTTP error, else an unreadable reply, else the last reply."""
    for reply in replies:
        if reply.status >= 400:
            return reply
    for reply in replies:
        if not reply.readable:
            return reply
    return replies[-1] if replies else None
