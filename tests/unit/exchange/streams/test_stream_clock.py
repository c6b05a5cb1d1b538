"""The time of a streamed message is the venue's, and ahead of our clock only as far as two messages confirm."""

from __future__ import annotations

import pytest

from virtuoso.exchange.streams.stream_clock import StreamClock

T0 = 1_760_000_040_000


def observed(*leads_ms: int, step_ms: int = 100) -> list[int | None]:
    """Return the lead that is used of each message, when one comes every `step_ms`."""
    clock, found = StreamClock(), []
    for place, lead_ms in enumerate(leads_ms):
        received_ms = T0 + place * step_ms
        time_ms = clock.observed_ms(received_ms + lead_ms, received_ms)
        found.append(None if time_ms is None else time_ms - received_ms)
    return found


@pytest.mark.parametrize(
    ("leads", "used"),
    [
        ([-50, 0, -3_000], [-50, 0, -3_000]),
        ([300, 310, 290], [0, 300, 290]),
        ([50_000, -20, -30], [0, -20, -30]),  # one odd message
        ([300, 300, -200, 300, 305], [0, 300, -200, 300, 300]),  # a late message changes nothing
        ([60_000, 60_001, -60_000, -60_001], [0, None, -60_000, None]),
    ],
)
def test_a_lead_needs_a_second_message(leads: list[int], used: list[int | None]) -> None:
    assert observed(*leads) == used


def test_a_lead_that_is_not_confirmed_again_ends_after_two_minutes() -> None:
    assert observed(300, 300, 0, 0, 0, 300, 300, step_ms=25_000) == [0, 300, 0, 0, 0, 0, 300]
