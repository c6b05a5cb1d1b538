"""What every part of the screen needs for its texts: the newest dashboard, the time zone and the width."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

from virtuoso.top import words

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

    from virtuoso.client import Dashboard
    from virtuoso.market.v1.confluence_pb2 import ConfluenceRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The state of the program that texts depend on."""

    dashboard: Dashboard | None
    lost: bool  # no connection: the data is the last one
    zone: tzinfo | None  # of all times that are shown; None is that of this machine
    width: int
    height: int

    @property
    def is_current(self) -> bool:
        """Whether prices are current: there is a connection, and the data is not stale."""
        return not self.lost and self.dashboard is not None and not self.dashboard.provenance.stale

    @property
    def now_ms(self) -> int:
        """The market's own clock, epoch milliseconds. Compare times of the market with it. Without data, this machine's."""
        if self.dashboard is None:
            return int(datetime.now(UTC).timestamp() * 1000)
        return self.dashboard.provenance.observed_time.ToMilliseconds() + int(1000 * self.dashboard.age_s)

    def age_s(self, time: Timestamp) -> float:
        """Return how long ago a time of the market was, in seconds. It is negative for a time in the future."""
        return (self.now_ms - time.ToMilliseconds()) / 1000

    def ago(self, time: Timestamp) -> str:
        """Return how long ago a time of the market was, such as "4 m"."""
        return words.age(self.age_s(time), rough=True)

    def clock(self, time: Timestamp) -> str:
        """Return a time of day with its time zone, and with the date when it is not today."""
        return f"{self.clock_ms(time.ToMilliseconds())} {self._local(time.ToMilliseconds()):%Z}"

    def clock_ms(self, at_ms: int) -> str:
        """Return the same for epoch milliseconds, to be shown beside `zone_name`."""
        at, now = self._local(at_ms), self._local(self.now_ms)
        return f"{at:%H:%M}" if at.date() == now.date() else f"{at.day} {at:%b %H:%M}"

    @property
    def zone_name(self) -> str:
        """The name of the time zone now, such as "UTC"."""
        return f"{self._local(self.now_ms):%Z}"

    def row(self, symbol: str) -> ConfluenceRow | None:
        """Return the newest row of a symbol. Return None when it is not tracked."""
        return self.dashboard.row(symbol) if self.dashboard else None

    def other_venue(self, venue: str) -> str:
        """Return the name of a venue that is not in use now; "" for the one in use."""
        used = self.dashboard.provenance.venue if self.dashboard else venue
        return "" if venue == used else words.venue_name(venue)

    def _local(self, at_ms: int) -> datetime:
        return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(self.zone)
