"""What a venue replied, noted by the task that asked, so that concurrent calls never mix up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

KEPT = 4_000  # characters of a body: error pages and messages are shorter, or say what they are at their start


@dataclass(slots=True)
class Reply:
    """One HTTP reply. `body` is its start; `readable` says whether it was JSON; `clock_ms` is the time that the venue put
    into it, `received_ms` ours when it had come, both epoch milliseconds. `url` and `text`, the whole of the body, are for
    who keeps replies."""

    status: int
    headers: Mapping[str, str]
    body: str = ""
    readable: bool = False
    clock_ms: int | None = None
    received_ms: int | None = None
    url: str = ""
    text: str = ""

    def header(self, name: str) -> str:
        """A header's value whatever its case; "" when there is none."""
        return next((value for key, value in self.headers.items() if key.lower() == name), "").strip()

    @property
    def excerpt(self) -> str:
        """The words of the body's start, without markup: what a person reads in a log."""
        return " ".join(re.sub(r"<[^>]*>|[^\x20-\x7e\xa0-\ufffc]", " ", self.body).split())[:240]

    def read_clock(self, data: Any) -> None:
        """Note the venue's time from the parsed reply: bybit's `time`, Binance's `E` and `serverTime`, others' `ts`."""
        if isinstance(data, dict):
            for name in ("time", "E", "serverTime", "ts", "timestamp"):
                clock = whole(data.get(name))
                if clock is not None and 10**12 < clock < 10**13:  # milliseconds of 2001-2286; others use seconds or text
                    self.clock_ms = clock
                    return

    @property
    def own_ms(self) -> int | None:
        """The venue's own clock when it wrote the reply; None when it did not say."""
        return self.clock_ms if self.clock_ms is not None else whole(self.header("timenow"))

    @property
    def date_ms(self) -> int | None:
        """The front end's clock in whole seconds, which says nothing of the age of what is behind it."""
        try:
            return int(parsedate_to_datetime(self.header("date")).timestamp() * 1000)
        except ValueError:
            return None


def whole(value: Any) -> int | None:
    """A whole number from a number or its text; None from anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


NOTED: ContextVar[list[Reply]] = ContextVar("replies")
HEARD: ContextVar[list[Reply] | None] = ContextVar(
    "heard", default=None
)  # where a recorder set it: the replies that counted


def culprit(replies: list[Reply]) -> Reply | None:
    """Of one call's replies the one that explains a failure: refused, else unreadable, else the last."""
    for reply in replies:
        if reply.status >= 400:
            return reply
    for reply in replies:
        if not reply.readable:
            return reply
    return replies[-1] if replies else None
