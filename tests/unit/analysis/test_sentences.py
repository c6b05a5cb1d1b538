"""Sentences are true to their numbers: every phrase, on recorded and on generated markets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings

from tests.programs import Market
from tests.unit.analysis import markets
from tests.unit.analysis.claims import PHRASES, Facts
from tests.unit.analysis.markets import NOW_MS, Shape, shapes
from tests.unit.analysis.test_recorded import RECORDED, read
from virtuoso.analysis import aggregation
from virtuoso.analysis.candle_readings import COMPONENTS
from virtuoso.analysis.confluence import CONTEXT_COMPONENTS, score_symbol
from virtuoso.analysis.market_sentiment import PARTS, market_sentiment
from virtuoso.analysis.orderflow import TAKER_VOLUME
from virtuoso.analysis.sentences import MIN_DIRECTION, Subject, measured_sentence
from virtuoso.domain.model import DimensionKind, SymbolInputs
from virtuoso.market_data.universe import UniverseRules

if TYPE_CHECKING:
    from virtuoso.analysis.components import ComponentResult

MINUTE_MS = 60_000


def said(inputs: SymbolInputs, now_ms: int) -> list[tuple[str, Facts]]:
    """Return every phrase that a sentence about this market may use, with its facts."""
    phrases: list[tuple[str, Facts]] = []

    def collect(_: Subject, __: float, results: Sequence[ComponentResult], ___: Sequence[str]) -> str:
        for one in results:
            if abs(one.direction) >= MIN_DIRECTION:
                # a sentence with a single component says its phrase only
                sentence = measured_sentence(Subject("X"), one.direction, [one], ())
                phrase = sentence.split(": ", 1)[1].removeprefix(f"on {one.timeframe} ").removesuffix(".")
                phrases.append((phrase, Facts(inputs, now_ms, one.timeframe)))
        return "X"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aggregation, "measured_sentence", collect)
        score_symbol(inputs, now_ms)
    return phrases


def untrue(phrases: Sequence[tuple[str, Facts]]) -> list[tuple[str, str, str, int]]:
    return [(p, f.timeframe, f.inputs.symbol, f.now_ms) for p, f in phrases if not PHRASES[p](f)]


def before(inputs: SymbolInputs, age_ms: int) -> SymbolInputs:
    """Return the market as its trades and series were known some time ago."""
    trades, interest, ratios = inputs.trades, inputs.open_interest, inputs.long_short
    assert trades is not None
    assert interest is not None
    assert ratios is not None
    end = int((trades.time_ms <= trades.stamp.observed_ms - age_ms).sum())
    stamp = replace(trades.stamp, observed_ms=trades.stamp.observed_ms - age_ms)
    columns = {name: getattr(trades, name)[:end] for name in ("ids", "time_ms", "price", "size", "side")}
    steps = -(age_ms // (5 * MINUTE_MS)) or None
    return replace(
        inputs,
        trades=replace(trades, **columns, stamp=stamp),
        open_interest=replace(interest, time_ms=interest.time_ms[:steps], values=interest.values[:steps]),
        long_short=replace(ratios, time_ms=ratios.time_ms[:steps], values=ratios.values[:steps]),
    )


def gauge_said(inputs: Sequence[SymbolInputs], now_ms: int) -> list[tuple[str, float]]:
    """Return the phrases of the sentence about the whole market, each with a mean of which it claims the sign.

    The mean is that of the readings of the symbols' own sentiment, weighted by turnover and confidence."""
    tickers = {one.symbol: one.ticker for one in inputs if one.ticker is not None}
    sentence = market_sentiment(tickers, inputs, now_ms).gauge.sentence
    rises = [ticker.change_24h_percent or 0.0 for ticker in tickers.values() if ticker.turnover_24h]
    means = {"breadth": float(np.sign(rises).sum())}
    for name in ("funding", "open_interest", "accounts", "premium"):
        limit, rows = 25.0 if name == "premium" else 4.0, []
        for one in inputs:
            (own,) = (d for d in score_symbol(one, now_ms).dimensions if d.kind is DimensionKind.SENTIMENT)
            part = next(part for part in own.components if part.name == name)
            if part.reading is not None and one.ticker is not None:
                rows.append(
                    (float(np.clip(part.reading, -limit, limit)), part.confidence * (one.ticker.turnover_24h or 0.0))
                )
        means[name] = math.fsum(reading * weight for reading, weight in rows)
    phrases = sentence.split(": ", 1)[1].removesuffix(".").replace("; but ", "; ").split("; ")
    signs = {words: (part.name, sign) for part in PARTS for words, sign in ((part.bullish, 1), (part.bearish, -1))}
    return [(phrase, signs[phrase][1] * means[signs[phrase][0]]) for phrase in phrases]


def test_every_phrase_has_a_claim() -> None:
    specs = [*COMPONENTS, *(spec for specs in CONTEXT_COMPONENTS.values() for spec in specs), TAKER_VOLUME]
    assert {words for spec in specs for words in (spec.bullish, spec.bearish) if words} <= PHRASES.keys()


@pytest.mark.parametrize("venue", RECORDED)
async def test_every_phrase_about_a_recorded_market_is_true(replay: Market, venue: str) -> None:
    inputs, now = await read(replay.url, venue, UniverseRules(limit=20, symbols=RECORDED[venue]))
    phrases = [
        phrase
        for age_ms in (0, 3 * MINUTE_MS, 46 * MINUTE_MS)
        for one in inputs
        for phrase in said(before(one, age_ms), now - age_ms)
    ]
    assert untrue(phrases) == []
    assert len({phrase for phrase, _ in phrases}) > 40
    if len(inputs) >= 5:
        assert [phrase for phrase, mean in gauge_said(inputs, now) if mean <= 0] == []


@settings(max_examples=25, deadline=None)
@given(shapes())
def test_every_phrase_about_a_generated_market_is_true(shape: Shape) -> None:
    assert untrue(said(markets.inputs(shape), NOW_MS)) == []
