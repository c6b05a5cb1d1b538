"""One plain sentence for each dimension, made from its strongest components. The same components give the same sentence."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from virtuoso.analysis.components import ComponentResult
from virtuoso.domain.model import DimensionKind

MAX_LENGTH = 300
SUBJECTS = {
    DimensionKind.TECHNICAL: "Momentum",
    DimensionKind.VOLUME: "Volume",
    DimensionKind.ORDERFLOW: "Trading",
    DimensionKind.ORDERBOOK: "The order book",
    DimensionKind.PRICE_STRUCTURE: "The price structure",
    DimensionKind.SENTIMENT: "Positioning",
}


def input_words(names: Sequence[str]) -> str:
    """Return the names of inputs in plain words: ("candles_5m", "order_book") gives "5m candles, order book"."""
    words = (f"{name[8:]} candles" if name.startswith("candles_") else name.replace("_", " ") for name in names)
    return ", ".join(words)


def measured_sentence(
    kind: DimensionKind, direction: float, results: Sequence[ComponentResult], missing_inputs: Sequence[str]
) -> str:
    """Return the sentence for a dimension of this `direction`, -1..1. `results` are its measured components, strongest
    first."""
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
    supporting = list(islice((result for result in results if result.direction * sign > 0), 2))
    opposing = list(islice((result for result in results if result.direction * sign < 0), 1))
    text += "; ".join(map(_phrase, supporting)) or "nothing stands out"
    if opposing and (not supporting or _strength(opposing[0]) > 0.5 * _strength(supporting[0])):
        text += f"; against it, {_phrase(opposing[0])}"
    text += "."
    return _append(text, f" Missing: {input_words(missing_inputs)}.") if missing_inputs else text


def unmeasured_sentence(kind: DimensionKind, missing_inputs: Sequence[str], reasons: Sequence[str]) -> str:
    """Return the sentence that says why a dimension has no score. `reasons` are the distinct reasons of its components."""
    if missing_inputs:
        return _append(f"{SUBJECTS[kind]} could not be measured", f": no {input_words(missing_inputs)}.")
    return _append(f"{SUBJECTS[kind]} could not be measured", f": {reasons[0]}." if reasons else ".")


def _strength(result: ComponentResult) -> float:
    return abs(result.weight * result.confidence * result.direction)


def _phrase(result: ComponentResult) -> str:
    words = result.spec.bullish if result.direction > 0 else result.spec.bearish
    return f"on {result.timeframe} {words}" if result.timeframe else words


def _append(text: str, more: str) -> str:
    """Return both texts as one, truncated to MAX_LENGTH characters."""
    return text + more if len(text) + len(more) <= MAX_LENGTH else (text + more)[: MAX_LENGTH - 1] + "…"
