"""The regime of the market, computed from its inputs and the previous regime state.

Each regime has a strength from -1 to 1. It is a continuous function of the inputs:

- BULLISH: the weighted mean of tanh(mean move / 2 %), breadth and BTC's trend, with weights .30, .45 and .25. Missing inputs
  are left out of the mean. BEARISH: the negative of BULLISH.
- RISK_ON: the minimum of breadth, tanh(alts against BTC / 1.5 points) and calm. RISK_OFF: the minimum of the negatives of
  the first two and of unrest. Unrest is 1.5 tanh(log(BTC's volatility / usual volatility)), limited to -1..1. Calm is its
  negative.

A risk regime has priority over a directional regime, and a directional regime over NEUTRAL. A regime begins at a strength of
0.30 and continues down to 0.10. Another regime takes effect after it has been preferred for an hour without a break, so
noise at a boundary changes nothing. (In October 2025 a dwell time of half an hour gave up to 8 changes in 24 hours. An hour
gave 5.)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from virtuoso.domain.model import Regime, RegimeInputs, RegimeState

ENTER = 0.30
LEAVE = 0.10
DWELL_MS = 60 * 60_000
FULL_CONFIDENCE_STRENGTH = 0.60


def strengths(inputs: RegimeInputs) -> Mapping[Regime, float] | None:
    """Return the strength of each regime except NEUTRAL, -1..1, risk regimes first. A regime whose inputs are missing is
    left out. None when both the mean move and breadth are missing."""
    if inputs.mean_move_percent is None and inputs.breadth is None:
        return None
    move = None if inputs.mean_move_percent is None else math.tanh(inputs.mean_move_percent / 2)
    parts = [(w, v) for w, v in ((0.30, move), (0.45, inputs.breadth), (0.25, inputs.btc_trend)) if v is not None]
    direction = math.fsum(w * v for w, v in parts) / math.fsum(w for w, _ in parts)
    result: dict[Regime, float] = {}
    alts, volatility = inputs.alts_against_btc_percent, inputs.btc_volatility_ratio
    if inputs.breadth is not None and alts is not None and volatility is not None and volatility > 0:
        lead, unrest = math.tanh(alts / 1.5), max(-1.0, min(1.0, 1.5 * math.tanh(math.log(volatility))))
        result[Regime.RISK_ON] = min(inputs.breadth, lead, -unrest)
        result[Regime.RISK_OFF] = min(-inputs.breadth, -lead, unrest)
    result[Regime.BULLISH] = direction
    result[Regime.BEARISH] = -direction
    return result


def preferred_regime(by_regime: Mapping[Regime, float], current: Regime | None) -> Regime:
    """Return the regime that the strengths indicate. The current regime needs less strength to continue."""
    for regime, strength in by_regime.items():
        if strength >= (LEAVE if regime is current else ENTER):
            return regime
    return Regime.NEUTRAL


def advance(previous: RegimeState | None, preferred: Regime, now_ms: int) -> RegimeState:
    """Return the state at `now_ms` (epoch ms) while `preferred` is preferred. The first regime takes effect immediately, and
    when it began is not known. A later regime takes effect after it has been preferred for an hour without a break."""
    if previous is None:
        return RegimeState(regime=preferred, since_ms=now_ms, start_unknown=True)
    if preferred is previous.regime:
        return replace(previous, candidate=None, candidate_since_ms=None)
    since = previous.candidate_since_ms
    if preferred is not previous.candidate or since is None or since > now_ms:
        since = now_ms
    elif now_ms - since >= DWELL_MS:
        return RegimeState(regime=preferred, since_ms=now_ms)
    return replace(previous, candidate=preferred, candidate_since_ms=since)


def confidence(inputs: RegimeInputs, by_regime: Mapping[Regime, float], state: RegimeState, now_ms: int) -> float:
    """Return the confidence in the regime at `now_ms` (epoch ms), 0-1. It is strength / 0.6, at most 1, times the share of
    the five inputs that are present. For NEUTRAL the first factor is 1 - (largest strength of the other regimes) / 0.3. A
    later regime was preferred for an hour before it began. The first one was not, so it has half of the confidence when it
    is first seen, and all of it an hour later."""
    regime, neutral = state.regime, state.regime is Regime.NEUTRAL
    clarity = 1 - max(0.0, *by_regime.values()) / ENTER if neutral else by_regime.get(regime, 0.0) / FULL_CONFIDENCE_STRENGTH
    deciding = (
        inputs.mean_move_percent,
        inputs.breadth,
        inputs.btc_trend,
        inputs.btc_volatility_ratio,
        inputs.alts_against_btc_percent,
    )
    share = sum(v is not None for v in deciding) / len(deciding)
    watched = min(1.0, max(0, now_ms - state.since_ms) / DWELL_MS) if state.start_unknown else 1.0
    return min(1.0, max(0.0, clarity)) * share * (1 + watched) / 2
