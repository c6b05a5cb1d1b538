"""What was found, in figures and in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.evaluate.inference import discovered
from virtuoso.evaluate.judging import LEAST_SYMBOLS, Judgement, Outcome
from virtuoso.evaluate.panel import HORIZONS, Kind, Named

if TYPE_CHECKING:
    from virtuoso.domain.model import Environment
    from virtuoso.evaluate.regimes import RegimePath

CLEAR = 0.05  # of the findings called clear about this share is false


class Verdict(Enum):
    """What a finding comes to."""

    PREDICTS = "predicts"
    OPPOSITE = "the wrong way round"
    NOTHING = "shows nothing"
    UNKNOWN = "cannot be told"


class Finding(NamedTuple):
    """One score over one horizon. `q`: its probability corrected for how many were tested at once; baselines are not among
    those and have their plain p."""

    named: Named
    horizon: str
    judgement: Judgement
    q: float

    @property
    def verdict(self) -> Verdict:
        """By the sign of its information coefficient, where that is clear."""
        if math.isnan(self.q):
            return Verdict.UNKNOWN
        if self.q >= CLEAR:
            return Verdict.NOTHING
        return Verdict.PREDICTS if self.judgement.ic.value > 0 else Verdict.OPPOSITE


class Market(NamedTuple):
    """What all symbols did over a horizon: mean return in basis points and share of rises."""

    mean_bp: float
    rises: float


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """All that is reported. Times are epoch ms; `unjudged`: what could not be judged, and why; `remarks`: what a reader must
    know of the data; `unforeseen`: of how many symbols it was proved that their scores do not look ahead, None where scores
    were recorded and not made."""

    source: str
    venue: str
    environment: Environment
    start_ms: int
    end_ms: int
    symbols: tuple[str, ...]
    steps: int
    findings: Sequence[Finding]
    market: Mapping[str, Market]
    unjudged: Mapping[str, str]
    remarks: Sequence[str]
    unforeseen: int | None
    regimes: RegimePath | None

    def of(self, *kinds: Kind) -> list[Finding]:
        """Findings of these kinds, in order."""
        return [finding for finding in self.findings if finding.named.kind in kinds]

    @property
    def tests(self) -> int:
        """How many hypotheses were tested at once."""
        return sum(f.named.kind is not Kind.BASELINE and not math.isnan(f.q) for f in self.findings)


def findings(judged: Mapping[Named, Mapping[str, Judgement]]) -> list[Finding]:
    """Each score over each horizon, with its q."""
    rows = [(named, horizon, one[horizon]) for named, one in judged.items() for horizon in HORIZONS]
    tested = discovered([math.nan if named.kind is Kind.BASELINE else j.ic.p for named, _, j in rows])
    return [
        Finding(named, horizon, j, j.ic.p if named.kind is Kind.BASELINE else q)
        for (named, horizon, j), q in zip(rows, tested, strict=True)
    ]


def market(after: Mapping[str, Outcome]) -> dict[str, Market]:
    """What all symbols that count did."""
    made = {}
    for horizon, outcome in after.items():
        known = outcome.returns[outcome.there]
        made[horizon] = (
            Market(float(known.mean()) * 1e4, float((known > 0).mean())) if len(known) else Market(*2 * (np.nan,))
        )
    return made


def sentences(evaluation: Evaluation) -> list[str]:
    """The verdict in plain words: of the total and the dimensions by name, of the components by number."""
    told = []
    for named in dict.fromkeys(f.named for f in evaluation.of(Kind.TOTAL, Kind.DIMENSION)):
        mine = [f for f in evaluation.findings if f.named == named]
        parts = [f"{words(v)} over {_listed([f.horizon for f in mine if f.verdict is v])}" for v in Verdict if _any(mine, v)]
        told.append(f"{named.name} " + "; ".join(parts) + ".")
        told += _tenths(mine) if named.kind is Kind.TOTAL else []
    parts_found = evaluation.of(Kind.COMPONENT)
    if parts_found:
        counts = {v: sum(f.verdict is v for f in parts_found) for v in Verdict}
        told.append(
            f"Of {len(parts_found)} tests of components (each in each timeframe and horizon) {counts[Verdict.PREDICTS]} "
            f"predict, {counts[Verdict.OPPOSITE]} point the wrong way round, {counts[Verdict.NOTHING]} show nothing"
            + (f", {counts[Verdict.UNKNOWN]} cannot be told." if counts[Verdict.UNKNOWN] else ".")
        )
    for reason in dict.fromkeys(evaluation.unjudged.values()):
        names = [name for name, why in evaluation.unjudged.items() if why == reason]
        told.append(f"{_listed(names)} could not be judged: {reason}.")
    return told


def _tenths(found: Sequence[Finding]) -> list[str]:
    """What the extremes of the total earned: it may differ from what the order of all symbols says."""
    known = [(f.horizon, f.judgement.spread) for f in found if not math.isnan(f.judgement.spread.low)]
    told = [f"{s.value:+.1f} bp over {horizon} ({s.low:+.1f} to {s.high:+.1f})" for horizon, s in known]
    return [f"Its highest tenth less its lowest earned {'; '.join(told)}, before costs."] if told else []


def words(verdict: Verdict) -> str:
    """A verdict as the end of a sentence."""
    return "orders returns the wrong way round" if verdict is Verdict.OPPOSITE else verdict.value


def _any(found: Sequence[Finding], verdict: Verdict) -> bool:
    return any(f.verdict is verdict for f in found)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


CAVEATS = (
    (
        "A score is known at the close of a 5m bar; its return begins at the next close. Fees, spread, funding and slippage "
        "are not in any figure."
    ),
    (
        "Intervals are at 95 %, Newey-West with Bartlett weights over twice the horizon and an hour, and Student's t with "
        "one degree of freedom for each such span less one: steps overlap and are not taken as independent."
    ),
    (
        f"q is p after Benjamini and Hochberg over all tests made here: of findings with q < {CLEAR} about "
        f"{100 * CLEAR:.0f} % are false. Even so this is one market in one period: what is clear here may be gone in the "
        "next."
    ),
    f"A step counts with at least {LEAST_SYMBOLS} symbols.",
)
