"""What passes showed, once a minute, and how calm it was.

Rank correlations are Spearman's, over the symbols of one minute and the same symbols some minutes later; their mean over all
minutes is given. Changes are those of all symbols together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from virtuoso.analysis import orderbook, orderflow
from virtuoso.domain.model import Confluence, DimensionKind

if TYPE_CHECKING:
    from virtuoso.market_data.market import MarketData

Table = NDArray[np.float64]  # (minutes, symbols), NaN where not measured

MINUTE_MS = 60_000
LAGS = (1, 5, 15, 60)
BREAK = 0.02
FAST = {DimensionKind.ORDERBOOK: orderbook.COMPONENTS, DimensionKind.ORDERFLOW: orderflow.COMPONENTS}


class Shown:
    """What the passes showed. Only the last pass of each minute counts."""

    def __init__(self) -> None:
        self._minutes: dict[int, dict[str, dict[str, float]]] = {}

    def observe(self, market: MarketData, results: Mapping[str, Confluence]) -> None:
        """Add a pass."""
        prices = {item.symbol: item.ticker.last for item in market.inputs if item.ticker is not None}
        minute = market.stamp.observed_ms // MINUTE_MS
        self._minutes[minute] = {
            symbol: {"price": prices.get(symbol, np.nan), **_figures(result)} for symbol, result in results.items()
        }

    @property
    def minutes(self) -> list[int]:
        """Return the minutes, as numbers since 1970."""
        return sorted(self._minutes)

    def table(self, name: str, skip: int = 0) -> Table:
        """Return one figure, without the first minutes."""
        rows = [self._minutes[minute] for minute in self.minutes[skip:]]
        symbols = sorted(set.intersection(*(set(row) for row in rows)))
        return np.array([[row[symbol].get(name, np.nan) for symbol in symbols] for row in rows])


def _figures(result: Confluence) -> dict[str, float]:
    found = {"score": result.score, "instant": result.instant_score, "confidence": result.confidence}
    for dimension in result.dimensions:
        found[dimension.kind.lower_name] = dimension.direction
        found[f"confidence of {dimension.kind.lower_name}"] = dimension.confidence
        if dimension.kind in FAST:
            found |= {component.name: component.direction for component in dimension.components}
    return {name: value for name, value in found.items() if value is not None}


def ranks(values: Table) -> Table:
    """Return the ranks within each row."""
    ordered: Table = np.argsort(np.argsort(values, axis=1), axis=1).astype(np.float64)
    return ordered


def correlation(one: Table, other: Table) -> float:
    """Return the mean over rows of the rank correlation between two tables. Symbols without a figure are left out."""
    known = np.isfinite(one).all(axis=0) & np.isfinite(other).all(axis=0)
    if known.sum() < 5:
        return float("nan")
    a, b = (ranks(table[:, known]) for table in (one, other))
    a, b = (table - table.mean(axis=1, keepdims=True) for table in (a, b))
    return float(np.mean((a * b).sum(axis=1) / np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))))


def persistence(table: Table, lag: int) -> float:
    """Return the mean rank correlation between the figures of a minute and those `lag` minutes later."""
    return correlation(table[:-lag], table[lag:]) if len(table) > lag else float("nan")


def changes(table: Table, lag: int = 1) -> tuple[float, float]:
    """Return the median and the 90th percentile of the absolute changes over `lag` minutes."""
    moved = np.abs(table[lag:] - table[:-lag])
    moved = moved[np.isfinite(moved)]
    return float(np.median(moved)), float(np.percentile(moved, 90))


def break_of(price: Table) -> int | None:
    """Return the first row in which the median price is 2 % below that of 10 minutes before. None without one."""
    falls = np.flatnonzero(np.nanmedian(np.log(price[10:] / price[:-10]), axis=1) <= -BREAK)
    return int(falls[0]) + 10 if len(falls) else None


def minutes_to_turn(score: Table, begin: int) -> tuple[int, float, float]:
    """Return (minutes after row `begin` until the score has turned, score at `begin`, lowest score of the next hour).

    The score, a median over symbols, has turned when it has come half of the way to its lowest value."""
    path = np.nanmedian(score, axis=1)[begin : begin + 61]
    return int(np.argmax(path <= (path[0] + path.min()) / 2)), float(path[0]), float(path.min())


def calm_after_confidence(confidence: Table, score: Table, lag: int) -> list[float]:
    """Return the median absolute change of a score over the next `lag` minutes, by thirds of confidence, lowest first."""
    moved = np.abs(score[lag:] - score[:-lag]).ravel()
    given = confidence[:-lag].ravel()
    known = np.isfinite(moved) & np.isfinite(given)
    moved, given = moved[known], given[known]
    order = np.argsort(given, kind="stable")
    return [float(np.median(moved[part])) for part in np.array_split(order, 3)]
