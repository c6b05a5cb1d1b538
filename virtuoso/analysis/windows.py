"""The windows of time over which trades, order books and liquidations are measured. They are settings of the model.

A window ends at the time up to which its data is known. What happened in the older part of a window fades out, so that a
large trade does not change a score at the moment when it leaves the window.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from virtuoso.domain.model import Floats, Millis

FADE_SHARE = 0.25
"""The oldest share of a window over which weights fall linearly from 1 to 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """The windows and the half-life of the model, in milliseconds. Raise ValueError when one is not above 0."""

    trades_ms: int = 300_000  # order flow
    recent_trades_ms: int = 60_000  # compared with `trades_ms`, it shows whether buying or selling speeds up
    book_flow_ms: int = 60_000  # changes of the best levels of the order book
    recent_book_flow_ms: int = 10_000
    book_half_life_ms: int = 20_000  # in the mean of the order book over time, a reading this much older counts half
    liquidations_ms: int = 3_600_000

    def __post_init__(self) -> None:
        if not all(window_ms > 0 for window_ms in self.as_tuple()):
            raise ValueError(f"windows must be above 0: {self}")

    def as_tuple(self) -> tuple[int, ...]:
        """Return all windows, in the order of the fields."""
        return (
            self.trades_ms,
            self.recent_trades_ms,
            self.book_flow_ms,
            self.recent_book_flow_ms,
            self.book_half_life_ms,
            self.liquidations_ms,
        )


DEFAULT_WINDOWS = Windows()


def first_within(time_ms: Millis, end_ms: int, window_ms: int) -> int:
    """Return the index of the first time within the window that ends at `end_ms`. Times never decrease."""
    return int(time_ms.searchsorted(end_ms - window_ms, side="right"))


def fade_weights(time_ms: Millis, end_ms: int, window_ms: int) -> Floats:
    """Return the weight of each time in the window that ends at `end_ms`, 0-1: 1 up to an age of 75 % of the window, then
    linear to 0 at its start. Later times than `end_ms` have the weight 1."""
    share = (time_ms - (end_ms - window_ms)) / (FADE_SHARE * window_ms)
    return np.minimum(np.maximum(share, 0.0), 1.0)


def covered_share(since_ms: int, end_ms: int, window_ms: int) -> float:
    """Return the share of the window that ends at `end_ms` of which the data is complete, 0-1. It is complete from
    `since_ms` on."""
    return min(1.0, max(0.0, (end_ms - since_ms) / window_ms))


def weighted_sum(weights: Floats, values: Floats) -> float:
    """Return the sum of weights times values. Unlike a dot product it never starts threads, and its result does not depend
    on the machine."""
    return float((weights * values).sum())


def mean_weights(time_ms: Millis, half_life_ms: int, step_ms: int) -> Floats:
    """Return the weights of samples in an exponential mean over time; their sum is 1. Times never decrease.

    A sample stands for the time from the middle between it and the sample before to the middle between it and the sample
    after. The first one begins half of `step_ms` earlier, and the last one ends at its own time."""
    middles = (time_ms[1:] + time_ms[:-1]) / 2
    begin = np.concatenate(([time_ms[0] - step_ms / 2], middles))
    end = np.concatenate((middles, [time_ms[-1]]))
    decay = math.log(2) / half_life_ms
    parts = np.exp(decay * (end - time_ms[-1])) - np.exp(decay * (begin - time_ms[-1]))
    weights: Floats = parts / parts.sum()
    return weights


def duration_text(window_ms: int) -> str:
    """Return the length of a window in words, such as "1 h", "5 min" or "10 s"."""
    for unit_ms, unit in ((3_600_000, "h"), (60_000, "min")):
        if window_ms >= unit_ms:
            return f"{window_ms / unit_ms:g} {unit}"
    return f"{window_ms / 1_000:g} s"
