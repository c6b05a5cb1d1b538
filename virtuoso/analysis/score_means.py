"""The scores as means over time, from the scores of single passes.

    ScoreMeans ─► advance(instant scores, now) ─► (ScoreMeans, shown scores)

The score that is shown is the mean of the instant scores over the last 20 minutes. A trader looks at it a few times an hour,
for a decision about the next hours. The mean is then about the time between two looks, and no order of some seconds decides
it. In the mean, an instant score counts for the time since the pass before it. What was not measured does not count. After a
start or a gap the mean is that of the measured time, and says how long this is.

The contributions of the dimensions are means over the same time, so they still add up to the score minus 50. A mean of
mirrored scores is the mirrored mean. It has the bounds of the instant scores, and it depends on nothing that came later.

The sums are kept by the minute. The oldest minute leaves the mean little by little.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from virtuoso.domain.model import Confluence, Dimension, DimensionKind
from virtuoso.domain.plausibility import MAX_CLOCK_LEAD_MS
from virtuoso.domain.scores import ScoreMeans, label

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from virtuoso.domain.model import Floats
    from virtuoso.domain.scores import Label, StoredMeans

MINUTE_MS = 60_000
MEAN_MINUTES = 20
CHANGE_MINUTES = 15
KEPT_MINUTES = MEAN_MINUTES + CHANGE_MINUTES + 1  # both ends of the mean of 15 minutes ago are parts of minutes
MAX_STEP_MS = 30_000
"""A pass counts for the time since the one before, if that is not longer than this. Older scores are stale."""
FIRST_STEP_MS = 1_000
"""A pass after a gap counts for this time."""
MAX_MINUTE_MS = MINUTE_MS + MAX_STEP_MS
"""The longest measured time of a minute. The first pass in a minute also counts for the time before it."""
COLUMNS = 1 + len(DimensionKind)
SMALLEST_MS = 1e-9
"""A smaller sum of milliseconds is 0."""
ROUNDING = 1e-5
"""The relative error of stored sums, which have single precision."""


def advance(
    means: ScoreMeans | None, instant: Mapping[str, Confluence], now_ms: int
) -> tuple[ScoreMeans, dict[str, Confluence]]:
    """Return the state after a pass at `now_ms` (epoch ms), and the scores to show. `instant` are those of the pass.

    A symbol without an instant score has no score. A pass at the time of the one before changes nothing."""
    if means is None or now_ms < means.now_ms - MINUTE_MS:
        means = ScoreMeans(now_ms=now_ms - FIRST_STEP_MS, symbols=(), sums=np.zeros((KEPT_MINUTES, 0, COLUMNS)), labels={})
    step_ms = now_ms - means.now_ms
    now_ms = max(now_ms, means.now_ms)
    sums = _shifted(means.sums, now_ms // MINUTE_MS - means.now_ms // MINUTE_MS)
    symbols, sums = _with_symbols(means.symbols, sums, instant)
    index_of = {symbol: index for index, symbol in enumerate(symbols)}
    scored = [one for one in instant.values() if one.score is not None]
    columns = [index_of[one.symbol] for one in scored]
    points = np.array([(1.0, *(dimension.contribution for dimension in one.dimensions)) for one in scored])
    sums[0, columns] += points.reshape(-1, COLUMNS) * (max(1, step_ms) if step_ms <= MAX_STEP_MS else FIRST_STEP_MS)
    elapsed = now_ms % MINUTE_MS / MINUTE_MS
    current = _means(sums[: MEAN_MINUTES + 1], 1.0, 1 - elapsed)[columns].tolist()
    earlier = _means(sums[CHANGE_MINUTES:], elapsed, 1 - elapsed)[columns].tolist()
    shown = dict(instant)
    for one, mean, before in zip(scored, current, earlier, strict=True):
        shown[one.symbol] = _shown(one, mean, before, means.labels.get(one.symbol))
    labels = {symbol: one.label for symbol, one in shown.items() if one.label is not None}
    return ScoreMeans(now_ms=now_ms, symbols=symbols, sums=sums, labels=labels), shown


def restore(stored: StoredMeans, now_ms: int) -> ScoreMeans | None:
    """Return the stored means if they are plausible at `now_ms` (epoch ms), otherwise None."""
    symbols, sums = stored.symbols, np.array(stored.sums, dtype=np.float64)
    if len(set(symbols)) != len(symbols) or sums.size != KEPT_MINUTES * len(symbols) * COLUMNS:
        return None
    sums = sums.reshape(KEPT_MINUTES, len(symbols), COLUMNS)
    measured_ms, points = sums[:, :, 0], sums[:, :, 1:].sum(axis=2)
    bounded = (measured_ms <= MAX_MINUTE_MS) & (np.abs(points) <= 50 * measured_ms * (1 + ROUNDING))  # False for NaN
    if not (bounded.all() and stored.now_ms <= now_ms + MAX_CLOCK_LEAD_MS):
        return None
    return ScoreMeans(now_ms=stored.now_ms, symbols=symbols, sums=sums, labels=stored.labels)


def _shifted(sums: Floats, minutes: int) -> Floats:
    """Return a copy in which all minutes are older by `minutes`, at least 0."""
    shifted = np.zeros_like(sums)
    count = max(0, KEPT_MINUTES - minutes)
    shifted[KEPT_MINUTES - count :] = sums[:count]
    return shifted


def _with_symbols(symbols: tuple[str, ...], sums: Floats, current: Iterable[str]) -> tuple[tuple[str, ...], Floats]:
    """Return (symbols, sums) with the current symbols added. Leave out others that were not measured."""
    measured = (symbols[index] for index in np.flatnonzero(sums[:, :, 0].any(axis=0)))
    wanted = tuple(dict.fromkeys((*current, *measured)))
    if wanted == symbols:
        return symbols, sums
    index_of = {symbol: index for index, symbol in enumerate(symbols)}
    known = [(index, index_of[symbol]) for index, symbol in enumerate(wanted) if symbol in index_of]
    moved = np.zeros((KEPT_MINUTES, len(wanted), COLUMNS))
    moved[:, [to for to, _ in known]] = sums[:, [index for _, index in known]]
    return wanted, moved


def _means(sums: Floats, newest: float, oldest: float) -> Floats:
    """Return the measured milliseconds of each symbol, and the mean contributions, shape (symbols, COLUMNS). `newest` and
    `oldest` are the shares of these minutes that count. Without measured time, the means are 0."""
    total: Floats = newest * sums[0] + sums[1:-1].sum(axis=0) + oldest * sums[-1]
    total[:, 1:] /= np.maximum(total[:, :1], SMALLEST_MS)
    return total


def _shown(instant: Confluence, mean: Sequence[float], before: Sequence[float], previous: Label | None) -> Confluence:
    """Return the scores to show. `mean` and `before` are rows of `_means`, of now and of 15 minutes ago. `previous` is the
    label of the last pass."""
    measured_ms, *points = mean
    score = _score(points)
    ranked = sorted(
        (-abs(point), dimension.kind)
        for dimension, point in zip(instant.dimensions, points, strict=True)
        if point or dimension.score is not None
    )
    return Confluence(  # `replace` takes three times as long
        symbol=instant.symbol,
        dimensions=tuple(map(_with_contribution, instant.dimensions, points)),
        coverage=instant.coverage,
        score=score,
        instant_score=instant.instant_score,
        averaged_ms=min(MEAN_MINUTES * MINUTE_MS, round(measured_ms)),
        change_15m=score - _score(before[1:]) if before[0] > 0 else None,
        label=label(score, previous),
        confidence=instant.confidence,
        agreement=instant.agreement,
        drivers=tuple(kind for _, kind in ranked),
        missing_inputs=instant.missing_inputs,
        oldest_input_ms=instant.oldest_input_ms,
        halt_reason=instant.halt_reason,
    )


def _score(points: Sequence[float]) -> float:
    return min(100.0, max(0.0, 50 + math.fsum(points)))


def _with_contribution(d: Dimension, points: float) -> Dimension:
    """Return the dimension with the points that it adds to the mean."""
    return Dimension(
        kind=d.kind,
        weight=d.weight,
        coverage=d.coverage,
        sentence=d.sentence,
        components=d.components,
        score=d.score,
        direction=d.direction,
        confidence=d.confidence,
        contribution=points,
        instant_contribution=d.instant_contribution,
        observed_ms=d.observed_ms,
        missing_inputs=d.missing_inputs,
        inputs=d.inputs,
    )
