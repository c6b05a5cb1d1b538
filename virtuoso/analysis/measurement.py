"""The rules that every measurement shares: how it is missing, and how its confidence falls with age and sample size."""

from __future__ import annotations

MIN_CONFIDENCE = 1e-6
"""Below this confidence a reading counts as not measured."""

READING_ERRORS = (ArithmeticError, ValueError, LookupError, TypeError)
"""What numpy can raise on one bad series. The error costs one component and becomes its `missing` text."""


class NotMeasured(Exception):
    """A component has nothing to measure. The message is what clients see in `missing`."""


def freshness(age_ms: float, full_ms: float, none_ms: float) -> float:
    """Return 1 up to an age of `full_ms` and 0 from `none_ms` on, on a straight line between. A negative age gives 1: the
    two clocks differ."""
    return min(1.0, max(0.0, (none_ms - age_ms) / (none_ms - full_ms)))


def sample_confidence(count: float, half: float) -> float:
    """Return count / (count + half), 0-1: the confidence in a sample of `count`. It is 0.5 at `half`."""
    return count / (count + half)
