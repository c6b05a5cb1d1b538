"""The time of a streamed message is the venue's, and ahead of our clock only as far as several messages confirm."""

from __future__ import annotations

import pytest

from virtuoso.exchange.streams.stream_clock import CONFIRMATIONS, StreamClock

T0 = 1_760_000_040_000


def observed(*leads_ms: int, step_ms: int = 100) -> list[int | None]:
    """Return the lead that is used of each message, when one comes every `step_ms`."""
    clock, found = StreamClock(), []
    for place, lead_ms in enumerate(leads_ms):
        received_ms = T0 + place * step_ms
        time_ms = clock.observed_ms(received_ms + lead_ms, received_ms)
        found.append(None if time_ms is None else time_ms - received_ms)
    return found


MANY = CONFIRMATIONS - 1


@pytest.mark.parametrize(
    ("leads", "used"),
    [
        ([-50, 0, -3_000], [-50, 0, -3_000]),
        ([310] * MANY + [300, 290, 305], [0] * MANY + [300, 290, 300]),
        ([50_000, -20, -30] * 20, [0, -20, -30] * 20),  # the times of one topic are wrong
        ([300] * MANY + [-200] + [300] * MANY + [305], [0] * MANY + [-200] + [0] * MANY + [300]),
        ([300] * MANY + [305, -200, 300, 305], [0] * MANY + [300, -200, 300, 300]),  # a late message changes nothing
        ([60_000, 60_001, -60_000, -60_001], [0, None, -60_000, None]),
    ],
)
def test_a_lead_needs_several_messages_in_a_row(leads: list[int], used: list[int | None]) -> None:
    assert observed(*leads) == used


def test_a_lead_that_is_not_confirmed_again_ends_after_two_minutes() -> None:
    ahead = [300] * CONFIRMATIONS
    leads = [*ahead, *([0] * CONFIRMATIONS * 2), 300]
    used = observed(*leads, step_ms=7_500)
    assert used[CONFIRMATIONS - 1] == 300
    assert used[-1] == 0
