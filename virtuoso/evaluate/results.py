"""The results of an evaluation, as figures and as sentences."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis.inference import false_discovery_rates
from virtuoso.evaluate.confidence import ConfidenceResult
from virtuoso.evaluate.feature_metrics import DRAWS, MAX_P, MIN_SYMBOLS, FeatureMetrics, Outcome, row_ranges
from virtuoso.evaluate.panel import FIVE_MINUTES, Feature, FeatureKind, Grid, Table
from virtuoso.evaluate.signal_history import SignalResult, signal_sentence

if TYPE_CHECKING:
    from virtuoso.domain.model import Environment
    from virtuoso.domain.outlook import SaidRecord
    from virtuoso.evaluate.regimes import RegimeHistory

MAX_Q = MAX_P
"""The q below which a result is significant. About this share of the significant results is false."""


class Conclusion(Enum):
    """The conclusion from a result about a feature."""

    PREDICTIVE = "predicts"
    INVERSE = "predicts the opposite"
    INSIGNIFICANT = "shows nothing"
    UNTESTABLE = "cannot be tested"


class FeatureResult(NamedTuple):
    """The result of one feature over one horizon. `q` is its p corrected for the number of tests. Baselines do not count as
    tests. Their `q` is their uncorrected p."""

    feature: Feature
    horizon: str
    metrics: FeatureMetrics
    q: float

    @property
    def conclusion(self) -> Conclusion:
        """The conclusion. For a significant result, the sign of the information coefficient decides it."""
        if math.isnan(self.q):
            return Conclusion.UNTESTABLE
        if self.q >= MAX_Q:
            return Conclusion.INSIGNIFICANT
        return Conclusion.PREDICTIVE if self.metrics.ic.value > 0 else Conclusion.INVERSE


class MarketReturn(NamedTuple):
    """The return of all symbols over a horizon: the mean in basis points, and the share of rises, 0-1."""

    mean_bp: float
    rise_share: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Evaluation:
    """The content of the report. Times are epoch ms.

    `not_evaluated` maps each part that could not be evaluated to the reason. `remarks` tell a reader about the data.
    `look_ahead_checked` is the number of symbols whose scores passed the look-ahead check. It is None where scores were
    recorded and not computed. `confidence` says what followed confidence, by horizon. `signals` are the results of the
    product's own signals, and `outlooks` what came of the outlooks that it said."""

    source: str
    venue: str
    environment: Environment
    start_ms: int
    end_ms: int
    symbols: tuple[str, ...]
    steps: int
    results: Sequence[FeatureResult]
    market: Mapping[str, MarketReturn]
    not_evaluated: Mapping[str, str]
    remarks: Sequence[str]
    look_ahead_checked: int | None
    regimes: RegimeHistory | None
    confidence: Sequence[ConfidenceResult] = ()
    grid: Grid = FIVE_MINUTES
    signals: Sequence[SignalResult] = ()
    outlooks: SaidRecord | None = None

    def results_of(self, *kinds: FeatureKind) -> list[FeatureResult]:
        """Return the results of features of these kinds, in order."""
        return [result for result in self.results if result.feature.kind in kinds]

    @property
    def tests(self) -> int:
        """The number of hypotheses that were tested together."""
        return sum(r.feature.kind is not FeatureKind.BASELINE and not math.isnan(r.q) for r in self.results)


def feature_results(metrics: Mapping[Feature, Mapping[str, FeatureMetrics]]) -> list[FeatureResult]:
    """Return the result of each feature over each horizon, with its q."""
    rows = [(feature, horizon, by_horizon[horizon]) for feature, by_horizon in metrics.items() for horizon in by_horizon]
    rates = false_discovery_rates([math.nan if feature.kind is FeatureKind.BASELINE else one.p for feature, _, one in rows])
    return [
        FeatureResult(feature, horizon, one, one.p if feature.kind is FeatureKind.BASELINE else q)
        for (feature, horizon, one), q in zip(rows, rates, strict=True)
    ]


def market_returns(forward: Mapping[str, Outcome], counted: Table) -> dict[str, MarketReturn]:
    """Return the returns of all counted symbols, by horizon. NaN without any return."""
    result = {}
    for horizon, outcome in forward.items():
        total, rises, count = 0.0, 0, 0
        for start, end in row_ranges(counted):
            returns = outcome.rows(start, end)
            known = returns[counted[start:end] & np.isfinite(returns)]
            total, rises, count = total + float(known.sum()), rises + int((known > 0).sum()), count + len(known)
        result[horizon] = MarketReturn(1e4 * total / count, rises / count) if count else MarketReturn(math.nan, math.nan)
    return result


def conclusion_sentences(evaluation: Evaluation) -> list[str]:
    """Return the conclusions in plain words. The total and the dimensions are named. The components are counted."""
    sentences = []
    main = evaluation.results_of(FeatureKind.TOTAL, FeatureKind.DIMENSION)
    for feature in dict.fromkeys(result.feature for result in main):
        results = [result for result in evaluation.results if result.feature == feature]
        sentences.append(f"{feature.name} {_by_conclusion(results)}.")
        sentences += _extreme_deciles(results) if feature.kind is FeatureKind.TOTAL else []
    components = evaluation.results_of(FeatureKind.COMPONENT)
    if components:
        counts = {one: sum(result.conclusion is one for result in components) for one in Conclusion}
        untestable = counts[Conclusion.UNTESTABLE]
        sentences.append(
            f"Of {len(components)} tests of components (each in each timeframe and horizon) "
            f"{counts[Conclusion.PREDICTIVE]} predict, {counts[Conclusion.INVERSE]} predict the opposite, "
            f"{counts[Conclusion.INSIGNIFICANT]} show nothing" + (f", {untestable} cannot be tested." if untestable else ".")
        )
    sentences.append(confidence_sentence(evaluation.confidence))
    if evaluation.signals:
        sentences.append(signal_sentence(evaluation.signals))
    if evaluation.outlooks is not None:
        sentences.append(_outlook_sentence(evaluation.outlooks))
    for reason in dict.fromkeys(evaluation.not_evaluated.values()):
        names = [name for name, why in evaluation.not_evaluated.items() if why == reason]
        sentences.append(f"{_joined(names)} could not be evaluated: {reason}.")
    return sentences


def confidence_sentence(results: Sequence[ConfidenceResult]) -> str:
    """Return whether higher confidence was followed by smaller changes of the score."""
    known = [one for one in results if not math.isnan(one.q)]
    if not known:
        return "What followed confidence could not be evaluated: there are too few steps with a confidence."
    clear = [one for one in known if one.q < MAX_Q]
    parts = {
        "was followed by smaller changes of the score": [one.horizon for one in clear if one.ranking.ic.value < 0],
        "was followed by larger changes of the score": [one.horizon for one in clear if one.ranking.ic.value > 0],
        "was not shown to be followed by smaller changes of the score": [one.horizon for one in known if one not in clear],
    }
    return f"Higher confidence {'; it '.join(f'{text} over {_joined(names)}' for text, names in parts.items() if names)}."


def _outlook_sentence(record: SaidRecord) -> str:
    """Return what came of the outlooks that were said."""
    brier = "-" if record.brier is None else f"{record.brier:.4f}"
    covered = "-" if record.interval_coverage is None else f"{100 * record.interval_coverage:.0f} %"
    return (
        f"Outlooks: of {record.count} that were said and have ended, the Brier score of the odds is {brier} (a coin has "
        f"0.25), and {covered} of the moves were within the interval of 80 %."
    )


def _by_conclusion(results: Iterable[FeatureResult]) -> str:
    """Return each conclusion with its horizons, such as "predicts over 15 m and 1 h; shows nothing over 4 h"."""
    horizons: dict[Conclusion, list[str]] = {conclusion: [] for conclusion in Conclusion}
    for result in results:
        horizons[result.conclusion].append(result.horizon)
    return "; ".join(f"{conclusion.value} over {_joined(names)}" for conclusion, names in horizons.items() if names)


def _extreme_deciles(results: Sequence[FeatureResult]) -> list[str]:
    """Return the sentence on the returns of the extreme deciles of the total. It may differ from the conclusion about the
    ranking of all symbols."""
    known = [(r.horizon, r.metrics.spread) for r in results if not math.isnan(r.metrics.spread.low)]
    spreads = [f"{s.value:+.1f} bp over {horizon} ({s.low:+.1f} to {s.high:+.1f})" for horizon, s in known]
    return [f"The return of its highest tenth minus its lowest, before costs: {'; '.join(spreads)}."] if spreads else []


def _joined(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def caveats(grid: Grid) -> tuple[str, ...]:
    """Return what a reader must know about the figures."""
    delay = f"{grid.words} later" if grid.delay_steps else "at the same close"
    return (
        (
            f"A score is known at the close of a bar, every {grid.words}. Its return begins {delay}. No figure includes "
            "fees, spread, funding or slippage."
        ),
        (
            "Intervals are 95 % intervals. The steps overlap and are not independent, so the standard error is that of "
            "Newey and West with Bartlett weights. The lag is twice the horizon plus "
            f"{grid.extra_steps} steps. Student's t has (steps / lag) - 1 degrees of freedom."
        ),
        (
            f"p is the greater of two: that of the interval, and the share of {DRAWS:,} exchanges of outcomes between "
            "symbols that give a coefficient at least as far from 0. By the first alone, scores that persist for days "
            "reach a small p by chance."
        ),
        (
            "q is p, corrected for all tests of this report (Benjamini and Hochberg). About "
            f"{100 * MAX_Q:.0f} % of the results with q < {MAX_Q} are false. This is one market in one period. Another "
            "period may give other results."
        ),
        f"A step counts with at least {MIN_SYMBOLS} symbols.",
    )
