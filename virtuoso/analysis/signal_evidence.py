"""What the results of signals show: their mean after costs, beside that of random entries.

Signals of one day are not independent, because markets move together. So the standard error is that of days: the deviations
of the results of one UTC day from the mean are added up, and

    error = sqrt(G / (G - 1) * sum of the squared sums of G days) / number of results

The interval is mean +- t * error at 95 %, with t of G - 1 degrees of freedom (Cameron and Miller 2015, cluster-robust
inference). A verdict needs 30 signals that can be compared, of 5 days. It is given when the interval of the difference,
signal minus its own random entry, does not contain 0. Without an effect, about one record in twenty gets a verdict by
chance.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

from virtuoso.analysis.inference import LEVEL, student_quantile
from virtuoso.domain.model import DAY_MS
from virtuoso.domain.records import MeanResult, SignalEvidence, SignalVerdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from virtuoso.domain.records import SignalResult

MIN_DAYS, MIN_COMPARED = 5, 30


def signal_evidence(results: Iterable[SignalResult]) -> SignalEvidence | None:
    """Return what the closed signals show. None without one that has costs."""
    costed = [(one, one.net_r) for one in results if one.net_r is not None]
    if not costed:
        return None
    compared = [(one.opened_ms, net, one.baseline_r) for one, net in costed if one.baseline_r is not None]
    net = mean_result([(one.opened_ms, value) for one, value in costed])
    baseline = mean_result([(opened_ms, baseline_r) for opened_ms, _, baseline_r in compared])
    difference = mean_result([(opened_ms, value - baseline_r) for opened_ms, value, baseline_r in compared])
    verdict = _verdict(difference)
    return SignalEvidence(
        net=net, baseline=baseline, difference=difference, verdict=verdict, sentence=_sentence(net, difference, verdict)
    )


def mean_result(results: Sequence[tuple[int, float]]) -> MeanResult:
    """Return the mean of (opening time in epoch ms, result in R) with its 95 % interval, clustered by UTC day. No interval
    with fewer than 5 days."""
    if not results:
        return MeanResult(0, None, None, None)
    mean = math.fsum(value for _, value in results) / len(results)
    days: dict[int, list[float]] = defaultdict(list)
    for opened_ms, value in results:
        days[opened_ms // DAY_MS].append(value - mean)
    if len(days) < MIN_DAYS:
        return MeanResult(len(results), mean, None, None)
    squares = math.fsum(math.fsum(away) ** 2 for away in days.values())
    error = math.sqrt(len(days) / (len(days) - 1) * squares) / len(results)
    reach = student_quantile(LEVEL, len(days) - 1) * error
    return MeanResult(len(results), mean, mean - reach, mean + reach)


def _verdict(difference: MeanResult) -> SignalVerdict:
    if difference.count < MIN_COMPARED or difference.low is None or difference.high is None:
        return SignalVerdict.NOTHING_SHOWN
    if difference.low > 0:
        return SignalVerdict.BETTER
    return SignalVerdict.WORSE if difference.high < 0 else SignalVerdict.NOTHING_SHOWN


def _sentence(net: MeanResult, difference: MeanResult, verdict: SignalVerdict) -> str:
    """Return the verdict in one plain sentence."""
    if verdict is not SignalVerdict.NOTHING_SHOWN:
        word = "better" if verdict is SignalVerdict.BETTER else "worse"
        return (
            f"The signals are shown to be {word} than random entries: by {abs(difference.mean or 0.0):.2f} R each after "
            f"costs, over {difference.count} signals."
        )
    if difference.count < MIN_COMPARED or difference.low is None:
        return (
            f"Nothing is shown yet: {difference.count} of {net.count} signals can be compared with random entries, and a "
            f"verdict needs {MIN_COMPARED} of {MIN_DAYS} days."
        )
    return f"Nothing is shown: after costs, {difference.count} signals differ from random entries no more than by chance."
