"""Counts of the requests to a simulated exchange."""

from __future__ import annotations

import time
from collections import Counter, deque

RECENT = 500


class RequestStatistics:
    """Counts of the requests since the start or the last reset."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._by_venue, self._by_path = Counter[str](), Counter[str]()
        self._by_status, self._by_fault = Counter[str](), Counter[str]()
        self._recent: deque[tuple[float, str, str]] = deque(maxlen=RECENT)
        self._inflight = self._max_inflight = 0

    def begin(self, venue: str, path: str, path_and_query: str) -> None:
        """Count a request that has arrived."""
        self._by_venue[venue] += 1
        self._by_path[path] += 1
        self._recent.append((round(time.time(), 3), venue, path_and_query))
        self._inflight += 1
        self._max_inflight = max(self._max_inflight, self._inflight)

    def fault(self, venue: str, mode: str) -> None:
        """Count a request that is affected by a fault."""
        self._by_fault[f"{venue}:{mode}"] += 1

    def end(self, status: int | None) -> None:
        """Count a request that has ended. `status` is None when it ended without a response."""
        self._inflight -= 1
        if status is not None:
            self._by_status[str(status)] += 1

    def to_json(self, recent: int) -> dict[str, object]:
        """Return all counts, and the last `recent` requests as [time, venue, path and query]."""
        return {
            "uptime_s": round(time.monotonic() - self._start, 1),
            "total": self._by_venue.total(),
            "by_exchange": self._by_venue,
            "by_path": dict(self._by_path.most_common()),
            "by_status": self._by_status,
            "faulted": self._by_fault,
            "max_inflight": self._max_inflight,
            "recent": list(self._recent)[-recent:] if recent else [],
        }
