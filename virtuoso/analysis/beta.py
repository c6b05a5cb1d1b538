"""How markets move with BTC: least-squares regression of log returns, aligned by time, for all symbols together.

    candles ─► align_returns() ─► Returns ─► fit() ─► betas()
                                     └──────────────► opportunity_rules

Returns are paired by the time of their bars, never by their index. The grid of bar ends runs up to BTC's newest closed bar.
A return counts where both markets have the bar that ends at this time and the bar before it. A gap or a late listing
therefore reduces the number of points and shifts nothing. Source: ordinary least squares with an intercept (Greene,
Econometric Analysis, ch. 4), with HC3 errors. The tests compare it with statsmodels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from virtuoso.analysis.bars import FLAT, MIN_MOVED_SHARE, YEAR_MS, closed_bar_count, enough_moves
from virtuoso.domain.model import ANCHOR, Timeframe
from virtuoso.domain.records import BetaSpan, BetaWindow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from virtuoso.domain.model import Candles, Floats, Millis


class SpanSpec(NamedTuple):
    """The definition of a BetaSpan: `points` returns of a timeframe. Each rolling beta covers a quarter of the span. A new
    one ends every `step` returns."""

    timeframe: Timeframe
    points: int
    step: int


SPANS: Mapping[BetaSpan, SpanSpec] = {
    BetaSpan.DAY: SpanSpec(Timeframe.M5, points=288, step=12),
    BetaSpan.WEEK: SpanSpec(Timeframe.M30, points=336, step=14),
    BetaSpan.MONTH: SpanSpec(Timeframe.H4, points=180, step=9),
}
MIN_SHARE = 0.5
"""The share of a span's returns that must be present."""
MIN_SIDE_RETURNS = 30
"""The minimum number of returns for a downside or upside beta."""


MIN_FREEDOM = 1e-6
"""The least 1 - leverage of a point. A smaller one is noise of the computation."""


class Returns(NamedTuple):
    """Log returns of several markets at the same bar ends, NaN where a bar is missing.

    `anchor` has shape (points,); `values` has shape (symbols, points). `time_ms` (points,) are the bar ends, epoch ms.
    `closes` (symbols,) are the prices at the newest bar end."""

    symbols: tuple[str, ...]
    time_ms: Millis
    anchor: Floats
    values: Floats
    closes: Floats


class Fit(NamedTuple):
    """The least-squares fit of each symbol on the anchor: arrays (symbols,), NaN where there is no fit.

    `alpha` is the intercept, a return per bar. `residual` is the standard deviation of the residuals with ddof 2. The errors
    do not assume that all residuals are alike (HC3)."""

    points: Floats
    beta: Floats
    beta_error: Floats
    alpha: Floats
    alpha_error: Floats
    correlation: Floats
    residual: Floats


def align_returns(candles: Mapping[str, Candles], anchor: Candles, points: int, now_ms: int) -> Returns | None:
    """Return the last `points` log returns up to the anchor's newest bar that had closed at `now_ms` (epoch ms). Later bars
    are not used. None when the anchor has fewer than two closed bars."""
    step, end = anchor.timeframe.ms, closed_bar_count(anchor, now_ms)
    if end < 2:
        return None
    first = int(anchor.open_ms[end - 1]) - points * step
    closes = np.full((len(candles) + 1, points + 1), np.nan)
    for row, one in zip(closes, (anchor, *candles.values()), strict=True):
        begin, behind = np.searchsorted(one.open_ms, (first, first + points * step + 1))
        span = slice(int(begin), int(behind))
        index, offset = np.divmod(one.open_ms[span] - first, step)
        on_time = slice(None) if not offset.any() else offset == 0  # ignore bars between the anchor's bars
        row[index[on_time]] = one.close[span][on_time]
    closes[~(closes > 0)] = np.nan
    returns = np.diff(np.log(closes))
    returns[~np.isfinite(returns)] = np.nan
    time_ms = first + step * np.arange(2, points + 2, dtype=np.int64)
    return Returns(tuple(candles), time_ms, returns[0], returns[1:], closes[1:, -1])


def fit(anchor: Floats, values: Floats, min_points: int) -> Fit:
    """Return the fit over the points that both series have: beta = Sxy / Sxx, correlation = Sxy / sqrt(Sxx Syy). NaN with
    fewer than `min_points` (at least 3), or where fewer than a tenth of the returns of either market are not 0.

    Standard errors are HC3 (MacKinnon and White 1985). Each residual e counts as u = e / (1 - h) with the leverage of its
    point, h = 1 / n + x^2 / Sxx, so a few large bars that decide the slope also widen its error:
    beta error = sqrt(sum (x u)^2) / Sxx, alpha error = sqrt(sum ((1 / n - mean(x) x / Sxx) u)^2), x less its mean."""
    present = np.isfinite(values) & np.isfinite(anchor)
    count = present.sum(axis=1).astype(np.float64)
    with np.errstate(all="ignore"):  # 0/0 becomes NaN, the value for no fit
        x, mean_x = _centred(np.broadcast_to(anchor, values.shape), present, count)
        y, mean_y = _centred(values, present, count)
        sxx, sxy, syy = (np.einsum("ij,ij->i", a, b) for a, b in ((x, x), (x, y), (y, y)))
        fitted = (count >= max(3, min_points)) & (sxx > FLAT**2 * count) & (syy > FLAT**2 * count)
        for one in (anchor, values):
            fitted &= enough_moves(np.where(present, one, np.nan))
        sxx[~fitted] = np.nan
        beta = sxy / sxx
        residuals = y - beta[:, None] * x
        spread, share, mean = sxx[:, None], 1 / count[:, None], mean_x[:, None]
        influence = residuals / np.maximum(1 - share - x * x / spread, MIN_FREEDOM)
        beta_parts, alpha_parts = x * influence / spread, present * (share - mean * x / spread) * influence
        return Fit(
            points=count,
            beta=beta,
            beta_error=np.sqrt(np.einsum("ij,ij->i", beta_parts, beta_parts)),
            alpha=mean_y - beta * mean_x,
            alpha_error=np.sqrt(np.einsum("ij,ij->i", alpha_parts, alpha_parts)),
            correlation=np.clip(sxy / np.sqrt(sxx * syy), -1.0, 1.0),
            residual=np.sqrt(np.einsum("ij,ij->i", residuals, residuals) / (count - 2)),
        )


def _centred(values: Floats, present: NDArray[np.bool_], count: Floats) -> tuple[Floats, Floats]:
    """Return (values minus their mean, means). A missing value becomes 0."""
    filled = np.where(present, values, 0.0)
    mean = filled.sum(axis=1) / count
    return np.where(present, filled - mean[:, None], 0.0), mean


def betas(candles: Mapping[str, Mapping[Timeframe, Candles]], now_ms: int) -> dict[str, dict[BetaSpan, BetaWindow]]:
    """Return the betas against BTC, which must be among `candles`, of every symbol and span at `now_ms` (epoch ms).

    The spans are a day of 5m bars, a week of 30m bars and 30 days of 4h bars. A span is absent with less than half of its
    returns (144, 168, 90), or where fewer than a tenth of the returns of BTC or of the symbol are not 0. `beta` is a
    plain number; 1 means a move equal to BTC's.
    `alpha_annual_percent` is the intercept times the bars of a year, a sum of log returns in percent. `alpha_t` is the
    intercept divided by its error. `alpha_t` is None where the fit has no residuals. Downside and upside beta are the
    same fit over the returns with BTC below and above 0. Each is None with fewer than 30 returns. Reflecting all prices
    keeps beta, negates alpha, and swaps the sides.

    BTC's own beta is not a measurement. By definition it is exactly 1, with correlation 1, error and alpha 0, and no
    t-value."""
    result: dict[str, dict[BetaSpan, BetaWindow]] = {symbol: {} for symbol in candles}
    for span, spec in SPANS.items():
        span_candles = {
            symbol: by_frame[spec.timeframe] for symbol, by_frame in candles.items() if spec.timeframe in by_frame
        }
        returns = align_returns(span_candles, span_candles[ANCHOR], spec.points, now_ms) if ANCHOR in span_candles else None
        if returns is not None:
            for window in _windows(span, returns, spec):
                result[window.symbol][span] = window
    return result


def _windows(span: BetaSpan, returns: Returns, spec: SpanSpec) -> Iterator[BetaWindow]:
    """Yield the betas of one span for the symbols that have enough returns."""
    anchor, values = returns.anchor, returns.values
    overall = fit(anchor, values, round(MIN_SHARE * spec.points))
    fitted = np.flatnonzero(np.isfinite(overall.beta))
    with np.errstate(invalid="ignore"):
        down, up = (fit(anchor[side], values[:, side], MIN_SIDE_RETURNS).beta for side in (anchor < 0, anchor > 0))
        t = np.where(overall.residual > FLAT, overall.alpha / overall.alpha_error, np.nan)
    rolling = _rolling_betas(anchor, values, spec)
    rolling_ms = returns.time_ms[:: -spec.step][: rolling.shape[1]][::-1].tolist()
    start, end = int(returns.time_ms[0]) - spec.timeframe.ms, int(returns.time_ms[-1])
    year = 100 * YEAR_MS / spec.timeframe.ms
    for i in fitted.tolist():
        series = zip(rolling_ms, rolling[i].tolist(), strict=True)
        yield BetaWindow(
            symbol=returns.symbols[i],
            span=span,
            start_ms=start,
            end_ms=end,
            points=int(overall.points[i]),
            beta=float(overall.beta[i]),
            beta_error=float(overall.beta_error[i]),
            correlation=float(overall.correlation[i]),
            r_squared=float(overall.correlation[i]) ** 2,
            alpha_annual_percent=float(overall.alpha[i]) * year,
            alpha_t=_none_if_nan(t[i]),
            downside_beta=_none_if_nan(down[i]),
            upside_beta=_none_if_nan(up[i]),
            rolling=tuple((time_ms, beta) for time_ms, beta in series if math.isfinite(beta)),
        )


def _rolling_betas(anchor: Floats, values: Floats, spec: SpanSpec) -> Floats:
    """Return the betas (symbols, k) over each quarter of the span that ends with a step. A beta is NaN where less than half
    of its returns are present, or where either market hardly moves."""
    present = np.isfinite(values) & np.isfinite(anchor)
    steps, quarter = spec.points // spec.step, spec.points // spec.step // 4

    def rolling_sums(terms: Floats) -> Floats:
        by_step = terms.reshape(len(terms), steps, spec.step).sum(axis=2)
        return np.lib.stride_tricks.sliding_window_view(by_step, quarter, axis=1).sum(axis=2)  # type: ignore[no-any-return]

    with np.errstate(all="ignore"):
        count = present.sum(axis=1).astype(np.float64)
        x, _ = _centred(np.broadcast_to(anchor, values.shape), present, count)  # centring avoids loss of precision
        y, _ = _centred(values, present, count)
        n, sx, sy, sxx, sxy = (rolling_sums(v) for v in (present.astype(np.float64), x, y, x * x, x * y))
        moved = np.minimum(*(rolling_sums((present & (np.abs(one) > FLAT)).astype(np.float64)) for one in (anchor, values)))
        spread = sxx - sx * sx / n
        beta: Floats = (sxy - sx * sy / n) / spread
        beta[(n < MIN_SHARE * quarter * spec.step) | ~(spread > FLAT**2 * n) | (moved < MIN_MOVED_SHARE * n)] = np.nan
    return beta


def _none_if_nan(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
