"""Check of this machine's clock against those of the venues."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from virtuoso.doctor.finding import Finding, Level
from virtuoso.doctor.source_check import SourceCheck
from virtuoso.domain.plausibility import MAX_CLOCK_LAG_MS

MAX_SKEW_S = 2.0  # above it, the ages on a screen are visibly wrong
STALE_SKEW_S = MAX_CLOCK_LAG_MS / 1000  # above it, prices are refused as stale


def check_clock(venues: Sequence[SourceCheck]) -> Finding:
    """Compare this machine's clock with the median of the venues' clocks."""
    lags_s = [lag_s for each in venues if (lag_s := each.clock_lag_s) is not None]
    if not lags_s:
        return Finding("clock", Level.NOT_CHECKED, "no venue answered with its time")
    skew_s = median(lags_s)
    figures = {"skew_s": round(skew_s, 3)}
    reference = f"the venues' clocks (the median of {len(lags_s)})"
    if abs(skew_s) <= MAX_SKEW_S:
        why = f"this machine's clock is within {max(abs(skew_s), 0.1):.1f} s of {reference}"
        return Finding("clock", Level.OK, why, figures=figures)
    why = f"this machine's clock is {abs(skew_s):.1f} s {'ahead of' if skew_s > 0 else 'behind'} {reference}"
    remedy = "Synchronize this machine's clock: timedatectl set-ntp true, or chrony"
    if abs(skew_s) > STALE_SKEW_S:
        return Finding("clock", Level.FAILURE, f"{why}; above {STALE_SKEW_S:g} s prices count as stale", remedy, figures)
    return Finding("clock", Level.WARNING, f"{why}: displayed ages are wrong by the same amount", remedy, figures)
