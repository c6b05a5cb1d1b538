"""The record of one horizon: odds and intervals of a calibration that did not know the outcome, and what followed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.analysis.outlook.calibration import FIRST_SLOPE, Matured, beats, record_slice
from virtuoso.analysis.outlook.evidence import Evidence
from virtuoso.analysis.outlook.features import FeaturePanel
from virtuoso.analysis.outlook.panel import STEP_MS, BarPanel
from virtuoso.analysis.outlook.walk import MIN_SYMBOLS, Walk, refits
from virtuoso.domain.outlook import HorizonRecord, OutlookHorizon, OutlookWeek, Tenth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from virtuoso.domain.model import Floats

TENTHS = 10
WEEK_MS = 42 * STEP_MS
FIRST_MONDAY_MS = 4 * 86_400_000
"""1970-01-05, 00:00 UTC."""


def horizon_record(
    horizon: OutlookHorizon, panel: BarPanel, features: FeaturePanel, walk: Walk | None, found: Evidence
) -> HorizonRecord:
    """Return the record of a horizon at the last step: evidence, tenths of odds, coverage of the interval, weeks."""
    if walk is None:
        return HorizonRecord(horizon=horizon, steps=0, clear=False)
    record = record_slice(walk, len(panel) - 1)
    odds, within = calibrated(panel, features, walk, record.start)
    odds, outcomes = odds[record], walk.outcomes[record]
    known = np.isfinite(odds) & np.isfinite(outcomes)
    beat, within = (np.where(known, each, np.nan) for each in (beats(outcomes), within[record]))
    squared_errors = (odds - beat) ** 2
    calibrated_steps = int(known.any(axis=1).sum())
    return HorizonRecord(
        horizon=horizon,
        steps=found.steps,
        clear=found.clear,
        information=_present(found.information.value),
        information_low=_present(found.information.low),
        information_high=_present(found.information.high),
        p_newey_west=_present(found.p_newey_west),
        p_exchange=_present(found.p_exchange),
        q=_present(found.q),
        calibrated_steps=calibrated_steps,
        brier=_mean(squared_errors),
        interval_coverage=_mean(within),
        tenths=tenths(odds, beat) if calibrated_steps else (),
        weeks=_weeks(panel.open_ms[record] + STEP_MS, walk.information[record], squared_errors, within),
    )


def calibrated(panel: BarPanel, features: FeaturePanel, walk: Walk, first: int) -> tuple[Floats, Floats]:
    """Return (odds, 1 within the interval and 0 outside) of each step from `first` on, by the calibration of its day.

    NaN before, without a calibration, and where nothing followed yet."""
    odds, within = np.full_like(walk.predictions, np.nan), np.full_like(walk.predictions, np.nan)
    matured, slope = Matured(walk, features), FIRST_SLOPE
    of_day: NDArray[np.intp] = refits(panel, walk.first)[first - walk.first :]
    for step in np.unique(of_day).tolist():
        calibration = matured.calibration(step, slope=slope)
        if calibration is None:
            continue
        slope = max(calibration.slope, 1.0)
        rows = first + np.flatnonzero(of_day == step)
        odds[rows] = calibration.odds(walk.predictions[rows])
        low, high = calibration.intervals(features.width_ranks[rows], features.width[rows], walk.horizon)
        excess = walk.excess[rows]
        inside = (excess >= low) & (excess <= high)
        within[rows] = np.where(np.isfinite(excess) & np.isfinite(low), inside, np.nan)
    return odds, within


def tenths(odds: Floats, beat: Floats) -> tuple[Tenth, ...]:
    """Return the tenths of each step's odds, lowest first: mean odds, and the share that beat the median.

    A step has the weight 1, whatever the number of its symbols. A step with fewer than 20 is left out."""
    known = np.isfinite(odds) & np.isfinite(beat)
    enough = known.sum(axis=1) >= MIN_SYMBOLS
    if not enough.any():
        return ()
    known, beat = known[enough], beat[enough]
    odds = np.where(known, odds[enough], np.inf)
    order = np.argsort(odds, axis=1, kind="stable")  # what is not known comes last
    count = known.sum(axis=1, keepdims=True)
    size, edge = count // TENTHS, np.arange(TENTHS + 1)
    # The lowest and the highest tenth have as many symbols; the rest is in the middle.
    edges = np.where(edge < TENTHS // 2, size * edge, count - size * (TENTHS - edge))
    counts = np.diff(edges, axis=1)
    said, was = (
        (_sums(np.take_along_axis(np.where(known, each, 0.0), order, axis=1), edges) / counts).mean(axis=0)
        for each in (odds, beat)
    )
    return tuple(
        Tenth(said=float(said[tenth]), was=float(was[tenth]), count=int(counts[:, tenth].sum())) for tenth in range(TENTHS)
    )


def _sums(values: Floats, edges: NDArray[np.intp]) -> Floats:
    """Return the sums of each row between its edges."""
    totals = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
    return np.diff(np.take_along_axis(totals, edges, axis=1), axis=1)


def _weeks(
    close_ms: NDArray[np.int64], information: Floats, squared_errors: Floats, within: Floats
) -> tuple[OutlookWeek, ...]:
    present = np.isfinite(information)
    starts = (close_ms - FIRST_MONDAY_MS) // WEEK_MS * WEEK_MS + FIRST_MONDAY_MS
    weeks = ((start, present & (starts == start)) for start in np.unique(starts[present]).tolist())
    return tuple(
        OutlookWeek(
            start_ms=start,
            steps=int(rows.sum()),
            information=float(information[rows].mean()),
            brier=_mean(squared_errors[rows]),
            interval_coverage=_mean(within[rows]),
        )
        for start, rows in weeks
    )


def _mean(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None


def _present(value: float) -> float | None:
    return value if math.isfinite(value) else None
