"""What each sentence of an opportunity claims, computed from the bars without code of the package."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.domain.model import SymbolInputs, Timeframe
from virtuoso.domain.records import Opportunity, OpportunityKind, Side

if TYPE_CHECKING:
    from virtuoso.domain.model import Candles, Floats

K = OpportunityKind
NUMBER = r"(-?\+?[\d,]+\.?\d*)"


class Situation(NamedTuple):
    """An opportunity and what it was found in."""

    found: Opportunity
    inputs: SymbolInputs
    anchor: Mapping[Timeframe, Candles]
    now_ms: int

    def closes(self, timeframe: Timeframe) -> tuple[dict[int, float], dict[int, float]]:
        """Return the closes of the symbol and of BTC by the times of their bars, closed bars only."""
        both = (self.inputs.candles[timeframe], self.anchor[timeframe])
        own, btc = (
            {
                int(t): float(c)
                for t, c in zip(one.open_ms, one.close, strict=True)
                if t + timeframe.ms <= self.now_ms + 5_000
            }
            for one in both
        )
        return own, btc

    def week(self) -> tuple[Floats, Floats, float]:
        """Return the 336 newest 30m returns of BTC and of the symbol, NaN where one is missing, and the newest close."""
        own, btc = self.closes(Timeframe.M30)
        step, last = Timeframe.M30.ms, max(btc)
        times = range(last - 335 * step, last + 1, step)
        x, y = (
            np.array([math.log(one.get(t, math.nan) / one.get(t - step, math.nan)) for t in times]) for one in (btc, own)
        )
        return x, y, own[last]

    def residuals(self) -> tuple[Floats, float]:
        """Return the returns that the beta of the days before does not explain, and the newest close."""
        x, y, close = self.week()
        return np.nan_to_num(y - slope(x[:-48], y[:-48]) * x), close


def slope(x: Floats, y: Floats) -> float:
    both = np.isfinite(x) & np.isfinite(y)
    return float(np.polyfit(x[both], y[both], 1)[0])


def limited_correlation(x: Floats, y: Floats, part: slice) -> float:
    """Return the correlation of returns that are limited to four usual deviations of their week."""
    limits = [4 * 1.4826 * float(np.median(np.abs(one[np.abs(one) > 1e-9]))) for one in (x, y)]
    a, b = (np.clip(one, -limit, limit)[part] for one, limit in zip((x, y), limits, strict=True))
    both = np.isfinite(a) & np.isfinite(b)
    return float(np.corrcoef(a[both], b[both])[0, 1])


def percent(log_return: float) -> float:
    return 100 * math.expm1(log_return)


def numbers(pattern: str, text: str) -> list[float]:
    match = re.search(pattern.replace("#", NUMBER), text)
    assert match is not None, text
    return [float(one.replace(",", "")) for one in match.groups()]


def correlation(one: Situation) -> bool:
    now, was = numbers("no longer moves with BTC: correlation # today, # in the days before", one.found.sentence)
    x, y, _ = one.week()
    (end,) = numbers(r"ends when the correlation of a day is # again\.", one.found.invalidation)
    return (
        abs(limited_correlation(x, y, slice(-48, None)) - now) < 0.0051
        and abs(limited_correlation(x, y, slice(None, -48)) - was) < 0.0051
        and now < end <= was + 0.0051
    )


def beta(one: Situation) -> bool:
    now, was = numbers("with BTC than before: beta # today, # in the days before", one.found.sentence)
    x, y, _ = one.week()
    (end,) = numbers(r"ends when the beta of a day is # again, as in the days before\.", one.found.invalidation)
    grew = " moves more with BTC" in one.found.sentence
    return (
        abs(slope(x[-48:], y[-48:]) - now) < 0.0051
        and abs(slope(x[:-48], y[:-48]) - was) < 0.0051
        and grew == (now > was) == (one.found.kind is K.BETA_EXPANSION)
        and end == was
    )


def breakout(one: Situation) -> bool:
    (move,) = numbers(r"against BTC in a week: # % in 4 hours beyond what BTC explains", one.found.sentence)
    left, close = one.residuals()
    alpha, path = float(left[-8:].sum()), left.cumsum()
    strongest = "at its strongest" in one.found.sentence
    return (
        abs(percent(alpha) - move) < 0.051
        and bool(path[-1] >= path.max() if strongest else path[-1] <= path.min())
        and strongest == (alpha > 0) == (one.found.side is Side.LONG)
        and fails_at(one, close * math.exp(-alpha))
    )


def reversion(one: Situation) -> bool:
    (move,) = numbers(r"turns back after # % in a day beyond what BTC explains", one.found.sentence)
    left, close = one.residuals()
    alpha, day = float(left[-48:].sum()), left.cumsum()[-48:]
    extreme = day.max() if alpha > 0 else day.min()
    return (
        abs(percent(alpha) - move) < 0.051
        and abs(extreme - day[-1]) > 0
        and (one.found.side is Side.SHORT) == (alpha > 0)
        and fails_at(one, close * math.exp(extreme - day[-1]))
    )


def divergence(one: Situation) -> bool:
    fast, slow = numbers(r"moved # % in 2 hours, against its move of # % in the week", one.found.sentence)
    (five, _), (four, _) = one.closes(Timeframe.M5), one.closes(Timeframe.H4)
    ends = [max(one.closes(t)[1]) for t in (Timeframe.M5, Timeframe.H4)]
    begins = five[ends[0] - 24 * Timeframe.M5.ms], four[ends[1] - 42 * Timeframe.H4.ms]
    return (
        abs(100 * (five[ends[0]] / begins[0] - 1) - fast) < 0.051
        and abs(100 * (four[ends[1]] / begins[1] - 1) - slow) < 0.051
        and fast * slow < 0
        and (one.found.side is Side.LONG) == (slow > 0)
        and fails_at(one, begins[1])
    )


def funding(one: Situation) -> bool:
    a_day, paid, hours = numbers(r"pay # % a day \(# % every # h\), far from its usual rate", one.found.sentence)
    ticker = one.inputs.ticker
    assert ticker is not None
    rate, interval_ms = ticker.funding_rate, ticker.funding_interval_ms
    assert rate is not None
    assert interval_ms is not None
    payers = "longs" if rate > 0 else "shorts"
    (end,) = numbers(rf"ends when {payers} pay less than # % a day\.", one.found.invalidation)
    return (
        abs(100 * abs(rate) - paid) < 0.0006
        and abs(hours - interval_ms / 3_600_000) < 0.01
        and abs(100 * abs(rate) * 86_400_000 / interval_ms - a_day) < 0.0006
        and f": {payers} pay" in one.found.sentence
        and (one.found.side is Side.SHORT) == (rate > 0)
        and end <= a_day
    )


def fails_at(one: Situation, limit: float) -> bool:
    """Return whether the invalidation names this price, on the side where the observation fails."""
    beyond = "falls below" if one.found.side is Side.LONG else "rises above"
    (price,) = numbers(rf"It has failed if the price {beyond} #[ :]", one.found.invalidation)
    stored, last = one.found.invalidation_price, one.found.price
    return (
        stored is not None
        and math.isclose(stored, limit, rel_tol=1e-9)
        and (math.isclose(price, limit, rel_tol=1e-6) and (last > limit) == (one.found.side is Side.LONG))
    )


CLAIMS: Mapping[OpportunityKind, Callable[[Situation], bool]] = {
    K.CORRELATION_BREAKDOWN: correlation,
    K.BETA_EXPANSION: beta,
    K.BETA_COMPRESSION: beta,
    K.RELATIVE_STRENGTH_BREAKOUT: breakout,
    K.REVERSION: reversion,
    K.CROSS_TIMEFRAME_DIVERGENCE: divergence,
    K.FUNDING_EXTREME: funding,
}


def is_true(one: Situation) -> bool:
    """Return whether the sentences of an opportunity are true to the bars."""
    found = one.found
    (z,) = numbers(r"z #\)\.", found.sentence)
    return (
        CLAIMS[found.kind](one)
        and found.sentence.startswith(found.symbol)
        and abs(z - (found.z_score or 0.0)) < 0.051
        and (found.alpha_percent is None or found.kind is not K.REVERSION or found.alpha_percent == found.reading)
    )
