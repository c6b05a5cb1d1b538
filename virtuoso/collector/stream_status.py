"""Which kinds of data of each venue stream, which are polled, and since when. For operators."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from virtuoso.domain.inputs import InputKind

if TYPE_CHECKING:
    from virtuoso.domain.clock import Clock
    from virtuoso.exchange.streams.port import KindStatus
    from virtuoso.market_data.feed import Feed

log = logging.getLogger(__name__)


class _State(NamedTuple):
    transport: str  # stream (all symbols), poll (none), or both; for a kind that is never polled, none instead of poll
    since_ms: int  # our time


class StreamStatus:
    """The way by which each kind of data of the venues of `feeds` comes. Venues without streams are left out."""

    def __init__(self, feeds: Mapping[str, Feed], clock: Clock) -> None:
        self._feeds = feeds
        self._clock = clock
        self._states: dict[tuple[str, str], _State] = {}

    def report(self) -> None:
        """Note the current state, and log each change."""
        for venue, feed in self._feeds.items():
            for kind, status in feed.stream_status().items():
                transport, before = _transport(kind, status), self._states.get((venue, kind))
                if before is None or before.transport != transport:
                    self._states[venue, kind] = _State(transport, self._clock.now_ms())
                    if before is not None:
                        log.info("%s: %s", venue, _sentence(kind, status))

    def details(self) -> Mapping[str, Mapping[str, Mapping[str, object]]]:
        """Return the state by venue and kind: transport, since when, and how many of the symbols stream."""
        self.report()
        found = {venue: feed.stream_status() for venue, feed in self._feeds.items()}
        return {
            venue: {
                kind: {
                    "transport": self._states[venue, kind].transport,
                    "since": datetime.fromtimestamp(self._states[venue, kind].since_ms // 1000, UTC).isoformat(),
                    "streaming": status.streaming,
                    "expected": status.expected,
                    **({"error": status.last_error} if status.last_error and status.streaming < status.expected else {}),
                }
                for kind, status in kinds.items()
            }
            for venue, kinds in found.items()
            if kinds
        }


def _transport(kind: InputKind, status: KindStatus) -> str:
    if status.streaming == 0:
        return "none" if kind is InputKind.LIQUIDATIONS else "poll"
    return "stream" if status.streaming >= status.expected else "both"


def _sentence(kind: str, status: KindStatus) -> str:
    error = f" ({status.last_error})" if status.last_error and status.streaming < status.expected else ""
    return f"{kind} of {status.streaming} of {status.expected} symbols streams{error}"
