"""One plain sentence for each dimension, made from its strongest components. The same components give the same sentence.

Every phrase is a claim that the numbers of its component fulfil (`tests/unit/analysis/test_sentences.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from virtuoso.analysis.components import ComponentResult
from virtuoso.domain.model import DimensionKind

MAX_LENGTH = 300
MIN_DIRECTION = 0.05
"""The size of a direction below which a dimension is balanced, and a component is not named."""


class Subject(NamedTuple):
    """What a sentence is about, the words for a positive and a negative direction, and the time that it describes."""

    name: str
    positive: str = "bullish"
    negative: str = "bearish"
    period: str = ""


SUBJECTS = {
    DimensionKind.TECHNICAL: Subject("Momentum"),
    DimensionKind.VOLUME: Subject("Volume"),
    DimensionKind.ORDERFLOW: Subject("Order flow"),
    DimensionKind.ORDERBOOK: Subject("The order book", period=" over the last minute"),
    DimensionKind.PRICE_STRUCTURE: Subject("The price structure"),
    DimensionKind.SENTIMENT: Subject("Sentiment"),
}


def input_words(names: Sequence[str]) -> str:
    """Return the names of inputs in plain words: ("candles_5m", "order_book") gives "5m candles, order book"."""
    words = (f"{name[8:]} candles" if name.startswith("candles_") else name.replace("_", " ") for name in names)
    return ", ".join(words)


def measured_sentence(
    subject: Subject, direction: float, results: Sequence[ComponentResult], missing_inputs: Sequence[str]
) -> str:
    """Return the sentence for a dimension of this `direction`, -1..1. `results` are its measured components, strongest
    first."""
    sign = 1.0 if direction >= 0 else -1.0
    side = subject.positive if sign > 0 else subject.negative
    size = abs(direction)
    lean = (
        "is balanced"
        if size < MIN_DIRECTION
        else f"leans {side}"
        if size < 0.25
        else f"is {side}"
        if size < 0.5
        else f"is clearly {side}"
    )
    text = f"{subject.name} {lean}{subject.period}: "
    supporting = list(islice((result for result in results if result.direction * sign >= MIN_DIRECTION), 2))
    opposing = list(islice((result for result in results if result.direction * sign <= -MIN_DIRECTION), 1))
    text += "; ".join(map(_phrase, supporting)) or "nothing stands out"
    if opposing and (not supporting or _strength(opposing[0]) > 0.5 * _strength(supporting[0])):
        text += f"; but {_phrase(opposing[0])}"
    text += "."
    return _append(text, f" Missing: {input_words(missing_inputs)}.") if missing_inputs else text


def unmeasured_sentence(subject: Subject, missing_inputs: Sequence[str], reasons: Sequence[str]) -> str:
    """Return the sentence that says why a dimension has no score. `reasons` are the distinct reasons of its components. It
    lists the missing inputs once when there is no other reason."""
    missing = input_words(missing_inputs)
    if missing and all(set(reason.removeprefix("no ").split(", ")) <= set(missing.split(", ")) for reason in reasons):
        reasons = [f"no {missing}"]
    return _append(f"{subject.name} could not be measured", f": {'; '.join(reasons)}." if reasons else ".")


def _strength(result: ComponentResult) -> float:
    return abs(result.weight * result.confidence * result.direction)


def _phrase(result: ComponentResult) -> str:
    words = result.words() if result.words else result.spec.bullish if result.direction > 0 else result.spec.bearish
    return f"on {result.timeframe} {words}" if result.timeframe else words


def _append(text: str, more: str) -> str:
    """Return both texts as one, truncated to MAX_LENGTH characters."""
    return text + more if len(text) + len(more) <= MAX_LENGTH else (text + more)[: MAX_LENGTH - 1] + "…"
