"""Rules for all measurements: missing values, and confidence by age and sample size."""

from __future__ import annotations

MIN_CONFIDENCE = 1e-6
"""The minimum confidence of a reading. A reading below it counts as not measured."""

NOT_FINITE = "the reading is not a finite number"

READING_ERRORS = (ArithmeticError, ValueError, LookupError, TypeError)
"""Errors that numpy can raise on one bad series. Only one component is lost. The error becomes its `missing` text."""


class NotMeasured(Exception):
    """A component has nothing to measure. Clients see the message in `missing`."""


def freshness(age_ms: float, full_ms: float, none_ms: float) -> float:
    """Return 1 up to an age of `full_ms` and 0 from `none_ms` on, linear in between. A negative age gives 1, because the two
    clocks may differ."""
    return min(1.0, max(0.0, (none_ms - age_ms) / (none_ms - full_ms)))


def sample_confidence(count: float, half: float) -> float:
    """Return count / (count + half), 0-1: the confidence in a sample of `count`. It is 0.5 at `half`."""
    return count / (count + half)
