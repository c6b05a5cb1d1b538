"""The quality of a feature as a ranking of later returns. Pure functions of one feature, on tables (steps, symbols).

The steps are read in blocks, so that memory does not grow with their number, apart from a few numbers for each step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis.inference import NO_ESTIMATE, MeanEstimate, exchange_sums, mean_estimate, sums_probability
from virtuoso.evaluate.panel import FIVE_MINUTES, Grid, delayed_returns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from virtuoso.domain.model import Floats
    from virtuoso.evaluate.panel import Flags, Table

MIN_SYMBOLS = 20
"""The minimum number of symbols for a step to count."""
DECILES = 10
BLOCK_STEPS = 2_016
"""The number of steps that are in memory at a time: a week of 5 minutes."""
DRAWS = 20_000
"""The number of exchanges of outcomes. The smallest p is 1 / DRAWS. It must remain significant after the correction for
some 300 tests."""
EXCHANGE_SEED = 1
MAX_P = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureMetrics:
    """The metrics of one feature over one horizon. A figure is NaN where it cannot be computed.

    ic             rank information coefficient, -1..1: Spearman's correlation of score and return over the symbols of a
                   step, averaged over steps
    hit_rate       share of symbols with a non-neutral score whose price moved in the direction of the score, 0-1
    rank_hit_rate  share of symbols that are on the same side of the step's median by score and by return, 0-1. Chance gives
                   0.5 in any market
    deciles        mean return of each tenth by score, lowest first, minus that of all symbols of the step, basis points
    spread         last decile minus the first, basis points
    turnover       mean change of ranks over one horizon: 0 for constant ranks, 1 for independent random ranks
    exchange_p     probability of a coefficient at least as far from 0 when outcomes belong to other symbols. NaN where that
                   of the interval is not below MAX_P, because it then decides alone
    halves         coefficient in the first and the second half of the steps that count
    steps          number of the steps that count
    symbols        mean number of symbols in these steps"""

    ic: MeanEstimate
    hit_rate: float
    rank_hit_rate: float
    deciles: tuple[float, ...]
    spread: MeanEstimate
    turnover: float
    exchange_p: float
    halves: tuple[float, float]
    steps: int
    symbols: float

    @property
    def p(self) -> float:
        """The greater of the two probabilities of a coefficient: of Newey and West, and of exchanged outcomes."""
        return self.ic.p if math.isnan(self.exchange_p) else max(self.ic.p, self.exchange_p)


NO_METRICS = FeatureMetrics(
    ic=NO_ESTIMATE,
    hit_rate=math.nan,
    rank_hit_rate=math.nan,
    deciles=(math.nan,) * DECILES,
    spread=NO_ESTIMATE,
    turnover=math.nan,
    exchange_p=math.nan,
    halves=(math.nan, math.nan),
    steps=0,
    symbols=math.nan,
)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Outcome:
    """What follows each step of a table over one horizon of `steps`. `measure` computes it from rows of the table.
    `extra_steps` are those of the grid."""

    table: Table
    steps: int
    delay_steps: int
    extra_steps: int
    measure: Callable[[Floats, int, int], Floats]

    def rows(self, start: int, end: int) -> Floats:
        """Return the outcomes of the steps from `start` up to, but not including, `end`."""
        later = self.delay_steps + self.steps
        return self.measure(self.table[start : end + later], self.steps, self.delay_steps)[: end - start]


def forward_returns(price: Table, grid: Grid = FIVE_MINUTES) -> dict[str, Outcome]:
    """Return the log returns after each step, by name of the horizon."""
    return {
        name: Outcome(
            table=price,
            steps=steps,
            delay_steps=grid.delay_steps,
            extra_steps=grid.extra_steps,
            measure=delayed_returns,
        )
        for name, steps in grid.horizons.items()
    }


def ranks(values: NDArray[np.floating], present: Flags) -> Floats:
    """Return the rank of each value among the present values of its row, 0-1: (rank - 1/2) / count. Equal values share the
    mean of their ranks. NaN where a value is not present."""
    ordered = np.where(present, values, np.inf)
    order = np.argsort(ordered, axis=1, kind="stable")
    ordered = np.take_along_axis(ordered, order, axis=1)
    position = np.broadcast_to(np.arange(values.shape[1]), values.shape)
    begins = np.ones(values.shape, dtype=bool)
    begins[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    ends = np.ones(values.shape, dtype=bool)
    ends[:, :-1] = begins[:, 1:]
    first = np.maximum.accumulate(np.where(begins, position, 0), axis=1)
    last = np.minimum.accumulate(np.where(ends, position, values.shape[1])[:, ::-1], axis=1)[:, ::-1]
    result = np.empty(values.shape)
    np.put_along_axis(result, order, (first + last + 1) / 2, axis=1)
    count = present.sum(axis=1, keepdims=True)
    return np.where(present, result / np.maximum(count, 1), np.nan)


def row_ranges(table: Table) -> Iterator[tuple[int, int]]:
    """Yield (first row, end) of each block."""
    rows = table.shape[0]
    for start in range(0, rows, BLOCK_STEPS):
        yield start, min(start + BLOCK_STEPS, rows)


class Block(NamedTuple):
    """The scores of some steps. `start` is the first one. `before` are the ranks of the steps before it."""

    start: int
    score: NDArray[np.float32]
    counted: Flags
    present: Flags
    ranks: Floats
    before: Floats


def blocks(score: Table, counted: Table, longest: int = 0) -> Iterator[Block]:
    """Yield all steps in blocks. Only one block is in memory, whatever the number of steps."""
    before = np.empty((0, score.shape[1]))
    for start, end in row_ranges(score):
        values, counts = score[start:end], counted[start:end]
        present = counts & np.isfinite(values)
        block = Block(start, values, counts, present, ranks(values, present), before)
        yield block
        before = np.concatenate((before, block.ranks))[-longest:] if longest else before


def feature_metrics(score: Table, outcomes: Mapping[str, Outcome], counted: Table) -> dict[str, FeatureMetrics]:
    """Return the metrics of one feature by name of the horizon."""
    sums = {name: _Sums(outcome) for name, outcome in outcomes.items()}
    longest = max(outcome.steps for outcome in outcomes.values())
    for block in blocks(score, counted, longest):
        for each in sums.values():
            each.add(block)
    return {name: each.metrics(score, counted) for name, each in sums.items()}


class _Sums:
    """The sums of one horizon over blocks. `coefficients` and `spreads` have a value for each step, NaN where it does not
    count."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome
        self._coefficients: list[Floats] = []
        self._spreads: list[Floats] = []
        self._symbols: list[NDArray[np.intp]] = []
        self._deciles, self._decile_rows = np.zeros(DECILES), np.zeros(DECILES)
        self._hits = self._directed = self._same_side = self._ranked = 0
        self._rank_changes, self._compared = 0.0, 0

    def add(self, block: Block) -> None:
        """Add a block."""
        self._add_rank_changes(block)
        rows, both, by_score, by_return, returns = _compared_rows(block, self._outcome)
        coefficients, spreads = np.full((2, len(block.score)), np.nan)
        count = both.sum(axis=1)
        if len(rows):
            spreads[rows], means = _decile_returns(by_score, np.where(both, returns, 0.0), both, count)
            coefficients[rows] = _row_correlations(by_score, by_return)
            filled = np.isfinite(means)
            self._deciles += np.where(filled, means, 0.0).sum(axis=0)
            self._decile_rows += filled.sum(axis=0)
            ranked = both & (by_score != 0.5)
            self._ranked += int(ranked.sum())
            self._same_side += int((ranked & ((by_score > 0.5) == (by_return > 0.5))).sum())
            directed = both & (block.score[rows] != 0) & (returns != 0)
            self._directed += int(directed.sum())
            self._hits += int((directed & ((block.score[rows] > 0) == (returns > 0))).sum())
        self._coefficients.append(coefficients)
        self._spreads.append(spreads)
        self._symbols.append(count)

    def _add_rank_changes(self, block: Block) -> None:
        """Add the changes of rank over the horizon that end in the block."""
        steps, before = self._outcome.steps, len(block.before)
        first = max(0, steps - before)
        later = block.ranks[first:]
        earlier = np.concatenate((block.before, block.ranks))[max(0, before - steps) :][: len(later)]
        change = np.abs(later - earlier)
        self._rank_changes += float(np.nansum(change))
        self._compared += int(np.isfinite(change).sum())

    def metrics(self, score: Table, counted: Table) -> FeatureMetrics:
        """Return the metrics of all blocks."""
        symbols = np.concatenate(self._symbols)
        if not len(symbols):
            return NO_METRICS
        coefficients, outcome = np.concatenate(self._coefficients), self._outcome
        spreads = np.concatenate(self._spreads)
        ic = mean_estimate(coefficients, outcome.steps, extra_steps=outcome.extra_steps)
        known = self._decile_rows > 0
        return FeatureMetrics(
            ic=ic,
            hit_rate=self._hits / self._directed if self._directed else math.nan,
            rank_hit_rate=self._same_side / self._ranked if self._ranked else math.nan,
            deciles=tuple(np.where(known, self._deciles / np.maximum(self._decile_rows, 1), np.nan).tolist()),
            spread=mean_estimate(spreads, outcome.steps, extra_steps=outcome.extra_steps),
            turnover=3 * self._rank_changes / self._compared if self._compared else math.nan,
            exchange_p=_exchange_probability(score, counted, outcome) if ic.p < MAX_P else math.nan,
            halves=_halves(coefficients),
            steps=len(symbols),
            symbols=float(symbols.mean()),
        )


def _compared_rows(block: Block, outcome: Outcome) -> tuple[NDArray[np.intp], Flags, Floats, Floats, Floats]:
    """Return the rows of a block that count, and of these rows: the symbols with a score and an outcome, the ranks of both
    among these symbols, and the outcomes."""
    returns = outcome.rows(block.start, block.start + len(block.score))
    both = block.present & np.isfinite(returns)
    rows = np.flatnonzero(both.sum(axis=1) >= MIN_SYMBOLS)
    both, returns = both[rows], returns[rows]
    return rows, both, ranks(block.score[rows], both), ranks(returns, both), returns


def _exchange_probability(score: Table, counted: Table, outcome: Outcome) -> float:
    products, pairs = np.zeros((2, score.shape[1], score.shape[1]))
    for block in blocks(score, counted):
        rows = _compared_rows(block, outcome)[0]
        returns = outcome.rows(block.start, block.start + len(block.score))[rows]
        added = exchange_sums(block.ranks[rows], ranks(returns, block.counted[rows] & np.isfinite(returns)))
        products, pairs = products + added[0], pairs + added[1]
    return sums_probability(products, pairs, draws=DRAWS, seed=EXCHANGE_SEED)


def _halves(coefficients: Floats) -> tuple[float, float]:
    """Return the mean of the first half of the steps that count, and of the second half."""
    known = coefficients[np.isfinite(coefficients)]
    middle = len(known) // 2
    return _finite_mean(known[:middle]), _finite_mean(known[middle:])


def _finite_mean(values: Floats) -> float:
    """Return the mean of the finite values, or NaN without any."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else math.nan


def _row_correlations(one: Floats, other: Floats) -> Floats:
    """Return Pearson's correlation of each row, NaN where a row does not vary."""
    first = one - np.nanmean(one, axis=1, keepdims=True)
    second = other - np.nanmean(other, axis=1, keepdims=True)
    scale = np.sqrt(np.nansum(first * first, axis=1) * np.nansum(second * second, axis=1))
    return np.where(scale > 1e-12, np.nansum(first * second, axis=1) / np.maximum(scale, 1e-12), np.nan)


def _decile_returns(by_score: Floats, returns: Floats, present: Flags, count: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Return (spread, mean of each decile) of each row, in basis points. NaN for a decile without a symbol."""
    row, column = np.nonzero(present)
    decile = np.minimum((by_score[row, column] * DECILES).astype(np.intp), DECILES - 1)
    cell = row * DECILES + decile
    size = len(by_score) * DECILES
    excess = returns[row, column] - (returns.sum(axis=1) / count)[row]
    total = np.bincount(cell, excess, size).reshape(-1, DECILES)
    members = np.bincount(cell, minlength=size).reshape(-1, DECILES)
    means = np.where(members > 0, total / np.maximum(members, 1), np.nan) * 1e4
    return means[:, -1] - means[:, 0], means
