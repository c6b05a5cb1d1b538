"""Readings of the order book as means over time.

A book flickers: sizes come and go within a second. So each component is read from every sample of the last minute. Its
reading is sum(w q r) / sum(w q) and its quality is sum(w q), where r and q are reading and quality of a sample, and w is its
weight in an exponential mean over time (`windows.mean_weights`). The mean of a single book is its own reading.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis.book_view import BookView
from virtuoso.analysis.measurement import NOT_FINITE, READING_ERRORS, NotMeasured, sample_confidence
from virtuoso.analysis.windows import mean_weights

if TYPE_CHECKING:
    from virtuoso.analysis.components import BookComponentSpec
    from virtuoso.domain.model import OrderBook

STEP_MS = 1_000
"""The time between two samples of a streamed book. The first sample stands for it."""


class BookSample(NamedTuple):
    """The readings of one order book: two numbers for each component, reading and quality, with the reason where there is no
    reading (the quality is then 0). `confidence` is that of the book apart from its age, 0-1."""

    numbers: array[float]
    missing: tuple[str, ...]
    confidence: float


class BookMean(NamedTuple):
    """The mean of one component over time. Without a reading, the quality is 0 and `missing` is the reason."""

    reading: float
    quality: float
    missing: str


def read_sample(specs: Sequence[BookComponentSpec], book: OrderBook) -> BookSample:
    """Return the readings of one order book. The confidence depends on the spread (0.5 at 50 bp) and the number of levels
    (0.5 at 5 on the shorter side)."""
    try:
        view = BookView(book)
    except READING_ERRORS as error:
        return BookSample(array("d", bytes(16 * len(specs))), (f"{type(error).__name__}: {error}"[:200],) * len(specs), 0.0)
    numbers = array("d")
    missing: list[str] = []
    for spec in specs:
        reading, quality, reason = _read(spec, view)
        numbers.extend((reading, quality))
        missing.append(reason)
    confidence = sample_confidence(view.levels, 5) / (1 + 2 * view.half_spread / 0.005)
    return BookSample(numbers, tuple(missing), confidence)


def _read(spec: BookComponentSpec, view: BookView) -> tuple[float, float, str]:
    """Return (reading, quality, reason). The reason is empty where there is a reading."""
    try:
        reading, quality = spec.read(view)
    except NotMeasured as reason:
        return 0.0, 0.0, str(reason)[:200]
    except READING_ERRORS as error:
        return 0.0, 0.0, f"{type(error).__name__}: {error}"[:200]
    if not (math.isfinite(reading) and math.isfinite(quality)):
        return 0.0, 0.0, NOT_FINITE
    return reading, quality, ""


def mean_over_time(books: Sequence[OrderBook], samples: Sequence[BookSample], half_life_ms: int) -> list[BookMean]:
    """Return the mean of each component over the samples of these books, oldest first. There is at least one. Nothing is
    measured while the newest book cannot be read."""
    newest = samples[-1]
    if len(samples) == 1 or not newest.confidence:
        return [BookMean(*mean) for mean in zip(newest.numbers[::2], newest.numbers[1::2], newest.missing, strict=True)]
    weights = mean_weights(
        np.array([book.stamp.observed_ms for book in books], dtype=np.int64), half_life_ms=half_life_ms, step_ms=STEP_MS
    )
    numbers = np.frombuffer(b"".join([sample.numbers for sample in samples])).reshape(len(samples), -1)
    qualities = numbers[:, 1::2]
    strengths, sums = (weights @ qualities).tolist(), (weights @ (qualities * numbers[:, ::2])).tolist()
    return [
        BookMean(total / strength, strength, "") if strength > 0 else BookMean(0.0, 0.0, missing)
        for total, strength, missing in zip(sums, strengths, newest.missing, strict=True)
    ]
