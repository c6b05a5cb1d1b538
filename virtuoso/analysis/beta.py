"""How markets move with BTC: least squares of log returns, aligned by time, for all symbols at once.

    candles ─► aligned() ─► Returns ─► fit() ─► betas()
                               └──────────────► opportunities

Returns are paired by the time of their bars, never by their place in a series: one clock of bar ends is laid out up to
BTC's newest closed bar, and a return counts where both markets have the bar that ends there and the one before. So a gap
or a late listing costs points and shifts nothing. Source: ordinary least squares with an intercept, as in any textbook
(Greene, Econometric Analysis, ch. 4); tests hold it against statsmodels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis.bars import FLAT, closed_by
from virtuoso.domain.model import ANCHOR, Timeframe
from virtuoso.domain.records import BetaSpan, BetaWindow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from virtuoso.domain.model import Candles, Floats, Millis


class Span(NamedTuple):
    """A window: `points` returns of a timeframe. Its rolling betas are over a quarter of it and end every `step` returns."""

    timeframe: Timeframe
    points: int
    step: int


WINDOWS: Mapping[BetaSpan, Span] = {
    BetaSpan.DAY: Span(Timeframe.M5, 288, 12),
    BetaSpan.WEEK: Span(Timeframe.M30, 336, 14),
    BetaSpan.MONTH: Span(Timeframe.H4, 180, 9),
}
LEAST_SHARE = 0.5  # of a window's returns must be there: half a day is no day
LEAST_SIDE = 30  # returns that a downside or upside beta needs
YEAR_MS = 365 * 86_400_000


class Returns(NamedTuple):
    """Log returns of several markets on one clock, NaN where a bar is missing: `anchor` (points,), `values` (symbols,
    points); `time_ms` (points,): ends of the bars."""

    symbols: tuple[str, ...]
    time_ms: Millis
    anchor: Floats
    values: Floats


class Fit(NamedTuple):
    """Least squares of each symbol on the anchor: arrays (symbols,), NaN where absent. `alpha` is the intercept, a return;
    `residual` the standard deviation of what is left, with ddof 2, as in the standard errors."""

    points: Floats
    beta: Floats
    beta_error: Floats
    alpha: Floats
    alpha_error: Floats
    correlation: Floats
    residual: Floats


def aligned(candles: Mapping[str, Candles], anchor: Candles, points: int, now_ms: int) -> Returns | None:
    """The last `points` log returns up to the anchor's newest bar closed at `now_ms`; bars that close later are not looked
    at. None when the anchor has no two bars."""
    step, end = anchor.timeframe.ms, closed_by(anchor, now_ms)
    if end < 2:
        return None
    first = int(anchor.open_ms[end - 1]) - points * step
    closes = np.full((len(candles) + 1, points + 1), np.nan)
    for row, one in zip(closes, (anchor, *candles.values()), strict=True):
        begin, behind = np.searchsorted(one.open_ms, (first, first + points * step + 1))
        span = slice(int(begin), int(behind))
        place, off = np.divmod(one.open_ms[span] - first, step)
        sound = slice(None) if not off.any() else off == 0  # a bar that begins between the others' is none of this clock
        row[place[sound]] = one.close[span][sound]
    closes[~(closes > 0)] = np.nan
    returns = np.diff(np.log(closes))
    returns[~np.isfinite(returns)] = np.nan
    time_ms = first + step * np.arange(2, points + 2, dtype=np.int64)
    return Returns(tuple(candles), time_ms, returns[0], returns[1:])


def fit(anchor: Floats, values: Floats, least: int) -> Fit:
    """Over the points where both are there. Absent with fewer than `least` of them (at least 3), or where either market does
    not move: beta = Sxy / Sxx, its error sqrt(SSR / (n - 2) / Sxx), correlation = Sxy / sqrt(Sxx Syy)."""
    there = np.isfinite(values) & np.isfinite(anchor)
    count = there.sum(axis=1).astype(np.float64)
    with np.errstate(all="ignore"):  # 0/0 becomes NaN, which is absence
        x, mean_x = _centred(np.broadcast_to(anchor, values.shape), there, count)
        y, mean_y = _centred(values, there, count)
        sxx, sxy, syy = (np.einsum("ij,ij->i", a, b) for a, b in ((x, x), (x, y), (y, y)))
        told = (count >= max(3, least)) & (sxx > FLAT**2 * count) & (syy > FLAT**2 * count)
        sxx[~told] = np.nan
        beta = sxy / sxx
        rest = y - beta[:, None] * x
        variance = np.einsum("ij,ij->i", rest, rest) / (count - 2)
        return Fit(
            count,
            beta,
            np.sqrt(variance / sxx),
            mean_y - beta * mean_x,
            np.sqrt(variance * (1 / count + mean_x * mean_x / sxx)),
            np.clip(sxy / np.sqrt(sxx * syy), -1.0, 1.0),
            np.sqrt(variance),
        )


def _centred(values: Floats, there: NDArray[np.bool_], count: Floats) -> tuple[Floats, Floats]:
    """(values less their mean and 0 where absent, means)."""
    kept = np.where(there, values, 0.0)
    mean = kept.sum(axis=1) / count
    return np.where(there, kept - mean[:, None], 0.0), mean


def betas(candles: Mapping[str, Mapping[Timeframe, Candles]], now_ms: int) -> dict[str, dict[BetaSpan, BetaWindow]]:
    """Betas against BTC (which must be among them) of every symbol and window, at `now_ms`.

    Windows: a day of 5m, a week of 30m, 30 days of 4h bars; a window is absent with less than half of its returns (144, 168,
    90), or where BTC or the symbol did not move. beta is a plain number (1: as BTC), `alpha_annual_percent` the intercept
    times the bars of a year, as a sum of log returns in percent; `alpha_t` and the errors have n - 2 degrees of freedom;
    `alpha_t` is absent where the fit leaves nothing over. Downside and upside beta are the same fit over the returns with
    BTC below and above 0, absent with fewer than 30. Reflecting all prices leaves beta, negates alpha, and swaps the sides.

    BTC's own beta is no measurement: by definition it is 1, exactly, with correlation 1, error and alpha 0, no t-value."""
    made: dict[str, dict[BetaSpan, BetaWindow]] = {symbol: {} for symbol in candles}
    for window, span in WINDOWS.items():
        having = {symbol: of[span.timeframe] for symbol, of in candles.items() if span.timeframe in of}
        returns = aligned(having, having[ANCHOR], span.points, now_ms) if ANCHOR in having else None
        if returns is not None:
            for beta in _window(window, returns, span):
                made[beta.symbol][window] = beta
    return made


def _window(window: BetaSpan, returns: Returns, span: Span) -> Iterator[BetaWindow]:
    """One window's betas of the symbols that have enough."""
    anchor, values = returns.anchor, returns.values
    whole = fit(anchor, values, round(LEAST_SHARE * span.points))
    told = np.flatnonzero(np.isfinite(whole.beta))
    with np.errstate(invalid="ignore"):
        down, up = (fit(anchor[side], values[:, side], LEAST_SIDE).beta for side in (anchor < 0, anchor > 0))
        t = np.where(whole.residual > FLAT, whole.alpha / whole.alpha_error, np.nan)
    rolled = _rolling(anchor, values, span)
    rolling_ms = returns.time_ms[:: -span.step][: rolled.shape[1]][::-1].tolist()
    start, end = int(returns.time_ms[0]) - span.timeframe.ms, int(returns.time_ms[-1])
    year = 100 * YEAR_MS / span.timeframe.ms
    for i in told.tolist():
        count = int(whole.points[i])
        rolling = ((at, b) for at, b in zip(rolling_ms, rolled[i].tolist(), strict=True) if math.isfinite(b))
        yield BetaWindow(
            symbol=returns.symbols[i],
            span=window,
            start_ms=start,
            end_ms=end,
            points=count,
            beta=float(whole.beta[i]),
            beta_error=float(whole.beta_error[i]),
            correlation=float(whole.correlation[i]),
            r_squared=float(whole.correlation[i]) ** 2,
            alpha_annual_percent=float(whole.alpha[i]) * year,
            alpha_t=_or_none(t[i]),
            downside_beta=_or_none(down[i]),
            upside_beta=_or_none(up[i]),
            rolling=tuple(rolling),
        )


def _rolling(anchor: Floats, values: Floats, span: Span) -> Floats:
    """Betas (symbols, k) over each quarter of the window that ends with a step, NaN where half its returns are not there."""
    there = np.isfinite(values) & np.isfinite(anchor)
    steps, quarter = span.points // span.step, span.points // span.step // 4

    def sums(of: Floats) -> Floats:
        by_step = of.reshape(len(of), steps, span.step).sum(axis=2)
        return np.lib.stride_tricks.sliding_window_view(by_step, quarter, axis=1).sum(axis=2)  # type: ignore[no-any-return]

    with np.errstate(all="ignore"):
        count = there.sum(axis=1).astype(np.float64)
        x, _ = _centred(np.broadcast_to(anchor, values.shape), there, count)  # so that sums of squares lose no digits
        y, _ = _centred(values, there, count)
        n, sx, sy, sxx, sxy = (sums(v) for v in (there.astype(np.float64), x, y, x * x, x * y))
        spread = sxx - sx * sx / n
        beta: Floats = (sxy - sx * sy / n) / spread
        beta[(n < LEAST_SHARE * quarter * span.step) | ~(spread > FLAT**2 * n)] = np.nan
    return beta


def _or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
