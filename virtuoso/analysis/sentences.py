"""One plain sentence a dimension, made from its strongest components: the same components, the same sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from virtuoso.domain.model import DimensionKind

if TYPE_CHECKING:
    from virtuoso.analysis.aggregation import ComponentResult

LONGEST = 300
SUBJECTS = {
    DimensionKind.TECHNICAL: "Momentum",
    DimensionKind.VOLUME: "Volume",
    DimensionKind.ORDERFLOW: "Trading",
    DimensionKind.ORDERBOOK: "The order book",
    DimensionKind.PRICE_STRUCTURE: "The price structure",
    DimensionKind.SENTIMENT: "Positioning",
}


def plain(inputs: Sequence[str]) -> str:
    """Names of inputs in words: candles_5m is "5m candles"."""
    words = (f"{n[8:]} candles" if n.startswith("candles_") else n.replace("_", " ") for n in inputs)
    return ", ".join(words)


def measured(
    kind: DimensionKind, direction: float, entries: Sequence[ComponentResult], missing_inputs: Sequence[str]
) -> str:
    """What drives a dimension. `entries`: the components that were read, the strongest first."""
    sign = 1.0 if direction >= 0 else -1.0
    side = "bullish" if sign > 0 else "bearish"
    size = abs(direction)
    lean = (
        "is balanced"
        if size < 0.05
        else f"leans {side}"
        if size < 0.25
        else f"is {side}"
        if size < 0.5
        else f"is clearly {side}"
    )
    text = f"{SUBJECTS[kind]} {lean}: "
    for_it = [e for e in entries if e.direction * sign > 0][:2]
    against = [e for e in entries if e.direction * sign < 0][:1]
    text += "; ".join(map(_phrase, for_it)) or "nothing stands out"
    if against and (not for_it or _strength(against[0]) > 0.5 * _strength(for_it[0])):
        text += f"; against it, {_phrase(against[0])}"
    text += "."
    return _with(text, f" Without {plain(missing_inputs)}.") if missing_inputs else text


def unmeasured(kind: DimensionKind, missing_inputs: Sequence[str], reasons: Sequence[str]) -> str:
    """Why there is no score. `reasons`: those of its components, without doubles."""
    if missing_inputs:
        return _with(f"{SUBJECTS[kind]} could not be measured", f": no {plain(missing_inputs)}.")
    return _with(f"{SUBJECTS[kind]} could not be measured", f": {reasons[0]}." if reasons else ".")


def _strength(entry: ComponentResult) -> float:
    return abs(entry.weight * entry.confidence * entry.direction)


def _phrase(entry: ComponentResult) -> str:
    words = entry.gauge.bullish if entry.direction > 0 else entry.gauge.bearish
    return f"on {entry.timeframe} {words}" if entry.timeframe else words


def _with(text: str, more: str) -> str:
    return text + more if len(text) + len(more) <= LONGEST else (text + more)[: LONGEST - 1] + "…"
