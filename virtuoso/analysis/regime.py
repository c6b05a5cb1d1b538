"""The state of the market: one algorithm, from its inputs and its own memory.

Each regime has a strength from -1 to 1, a continuous function of the inputs:

- BULLISH: the mean of tanh(mean move / 2 %), breadth and BTC's trend (weights .30, .45, .25 of those that are there);
  BEARISH: its negative.
- RISK_ON: the least of breadth, tanh(alts against BTC / 1.5 points) and calm; RISK_OFF: the least of the two negated and
  of unrest. Unrest is 1.5 tanh(log(BTC's volatility / its usual)), calm its negative.

A risk regime goes before a direction, a direction before NEUTRAL. It takes a strength of 0.30 to begin and 0.10 to go on,
and another regime must be wanted for an hour without a break before it comes: so noise at a boundary changes nothing.
(Walked through October of 2025, half an hour gave up to 8 changes in 24 hours, an hour gives 5.)
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from virtuoso.domain.model import Regime, RegimeInputs, RegimeState

ENTER = 0.30
LEAVE = 0.10
DWELL_MS = 60 * 60_000
CLEAR = 0.60  # a strength that leaves no doubt


def strengths(inputs: RegimeInputs) -> Mapping[Regime, float] | None:
    """The strength of each regime but NEUTRAL, -1..1, risk regimes first. Those that cannot be told are left out; None when
    neither the mean move nor breadth is there."""
    if inputs.mean_move_percent is None and inputs.breadth is None:
        return None
    move = None if inputs.mean_move_percent is None else math.tanh(inputs.mean_move_percent / 2)
    parts = [(w, v) for w, v in ((0.30, move), (0.45, inputs.breadth), (0.25, inputs.btc_trend)) if v is not None]
    direction = math.fsum(w * v for w, v in parts) / math.fsum(w for w, _ in parts)
    told: dict[Regime, float] = {}
    alts, volatility = inputs.alts_against_btc_percent, inputs.btc_volatility_ratio
    if inputs.breadth is not None and alts is not None and volatility is not None and volatility > 0:
        lead, unrest = math.tanh(alts / 1.5), max(-1.0, min(1.0, 1.5 * math.tanh(math.log(volatility))))
        told[Regime.RISK_ON] = min(inputs.breadth, lead, -unrest)
        told[Regime.RISK_OFF] = min(-inputs.breadth, -lead, unrest)
    told[Regime.BULLISH] = direction
    told[Regime.BEARISH] = -direction
    return told


def wanted(told: Mapping[Regime, float], current: Regime | None) -> Regime:
    """The regime that the strengths call for: harder to begin than to go on."""
    for regime, strength in told.items():
        if strength >= (LEAVE if regime is current else ENTER):
            return regime
    return Regime.NEUTRAL


def advance(previous: RegimeState | None, call: Regime, now_ms: int) -> RegimeState:
    """The state after `call` at `now_ms`. The first call is taken at once; a later one once it has stood for an hour."""
    if previous is None:
        return RegimeState(regime=call, since_ms=now_ms)
    if call is previous.regime:
        return RegimeState(regime=call, since_ms=previous.since_ms)
    since = previous.candidate_since_ms
    if call is not previous.candidate or since is None or since > now_ms:
        return RegimeState(regime=previous.regime, since_ms=previous.since_ms, candidate=call, candidate_since_ms=now_ms)
    if now_ms - since >= DWELL_MS:
        return RegimeState(regime=call, since_ms=now_ms)
    return RegimeState(regime=previous.regime, since_ms=previous.since_ms, candidate=call, candidate_since_ms=since)


def confidence(inputs: RegimeInputs, told: Mapping[Regime, float], regime: Regime) -> float:
    """How clear the regime is, 0-1: its strength over 0.6, for NEUTRAL how far all others are from beginning; times the
    share of the five inputs that were there."""
    neutral = regime is Regime.NEUTRAL
    clear = 1 - max(0.0, *told.values()) / ENTER if neutral else told.get(regime, 0.0) / CLEAR
    deciding = (
        inputs.mean_move_percent,
        inputs.breadth,
        inputs.btc_trend,
        inputs.btc_volatility_ratio,
        inputs.alts_against_btc_percent,
    )
    share = sum(v is not None for v in deciding) / len(deciding)
    return min(1.0, max(0.0, clear)) * share
