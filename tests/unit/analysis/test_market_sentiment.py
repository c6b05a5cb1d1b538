"""Market sentiment: aggregation, reflection, scale, and missing inputs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.analysis import markets
from tests.unit.analysis.markets import NOW_MS, STAMP, Shape
from virtuoso.analysis.candle_readings import CandleReadingsCache
from virtuoso.analysis.confluence import score_symbol
from virtuoso.analysis.market_sentiment import PARTS, market_sentiment
from virtuoso.domain.model import Breadth, SymbolInputs, Ticker, TimeSeries
from virtuoso.domain.records import MarketSentiment

HOUR_MS = 3_600_000

KINDS = ("walk", "jumps", "trend", "thin_book", "young", "sparse", "huge_gap", "newborn")


def tracked(seed: int, count: int = 9) -> list[SymbolInputs]:
    result = []
    for i in range(count):
        one = markets.inputs(Shape(KINDS[i % len(KINDS)], seed + i, 10.0 ** (i - 4)))
        assert one.ticker is not None
        result.append(
            replace(one, symbol=f"C{i}USDT", ticker=replace(one.ticker, symbol=f"C{i}USDT", open_interest=5e4 * (i + 1)))
        )
    return result


def venue(inputs: list[SymbolInputs]) -> dict[str, Ticker]:
    return {i.symbol: i.ticker for i in inputs if i.ticker is not None}


def sentiment_of(inputs: list[SymbolInputs]) -> MarketSentiment:
    return market_sentiment(venue(inputs), inputs, NOW_MS)


def test_the_parts_add_up_to_the_gauge() -> None:
    for seed in range(20):
        result = sentiment_of(tracked(100 * seed)).gauge
        assert result.score is not None
        assert result.score == pytest.approx(50 + math.fsum(c.contribution for c in result.components), abs=1e-9)
        strength = math.fsum(c.weight * c.confidence for c in result.components if c.direction is not None)
        for c in result.components:
            assert c.direction is not None
            assert c.contribution == pytest.approx(50 * c.weight * c.confidence * c.direction / strength, abs=1e-9)
        assert result.coverage == pytest.approx(1.0)
    assert math.fsum(g.weight for g in PARTS) == pytest.approx(1.0)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.floats(-8, 8), st.floats(-8, 8))
def test_a_reflected_market_has_the_reflected_gauge_and_scaling_changes_nothing(
    seed: int, price: float, volume: float
) -> None:
    inputs = tracked(seed)
    here, turned = sentiment_of(inputs), sentiment_of([markets.mirrored(i) for i in inputs])
    larger = sentiment_of([markets.scaled(i, math.exp(price), math.exp(volume)) for i in inputs])
    assert here.gauge.score is not None
    assert turned.gauge.score == pytest.approx(100 - here.gauge.score, abs=1e-6)
    assert larger.gauge.score == pytest.approx(here.gauge.score, abs=1e-6)
    parts = {c.name: c for c in here.gauge.components}
    for c in turned.gauge.components:
        assert c.direction == pytest.approx(-(parts[c.name].direction or 0.0), abs=1e-6)
        assert c.confidence == pytest.approx(parts[c.name].confidence, abs=1e-9)
    assert turned.breadth is not None
    assert here.breadth == Breadth(up=turned.breadth.down, down=turned.breadth.up, flat=turned.breadth.flat)


def test_greed_is_high_and_fear_is_low() -> None:
    inputs = tracked(1)

    def leaning(sign: float) -> float:
        result = []
        for i in inputs:
            assert i.ticker is not None
            mark = i.ticker.last
            t = replace(
                i.ticker,
                change_24h_percent=3 * sign,
                funding_rate=sign * 2e-3,
                mark=mark,
                index=mark * math.exp(-sign * 1e-3),
            )
            ratios = np.exp(sign * np.concatenate((np.zeros(99), [0.5])))
            series = TimeSeries(
                symbol=i.symbol, time_ms=NOW_MS - 300_000 * np.arange(100, 0, -1, dtype=np.int64), values=ratios, stamp=STAMP
            )
            result.append(replace(i, ticker=t, long_short=series, open_interest=None))
        score = sentiment_of(result).gauge.score
        assert score is not None
        return score

    assert leaning(1.0) > 90
    assert leaning(-1.0) < 10


def test_figures_of_the_venue_use_all_tickers() -> None:
    tickers = {
        f"C{i}USDT": Ticker(
            symbol=f"C{i}USDT",
            last=2.0,
            stamp=STAMP,
            change_24h_percent=change,
            turnover_24h=turnover,
            mark=2.002,
            index=2.0,
            funding_rate=rate,
            funding_interval_ms=interval,
            open_interest=interest,
        )
        for i, (change, turnover, rate, interval, interest) in enumerate(
            [
                (1.0, 1e6, 1e-4, 8 * HOUR_MS, 10.0),
                (-2.0, 3e6, -2.5e-5, HOUR_MS, None),  # the same as -2e-4 every 8 hours
                (0.0, None, 4e-4, 8 * HOUR_MS, 20.0),  # without known turnover: its old price does not count in the breadth
                (None, 1e6, None, 8 * HOUR_MS, None),
                (None, 9e9, 0.01, None, None),  # of an unknown interval
            ]
        )
    }
    result = market_sentiment(tickers, [], NOW_MS)
    assert result.breadth == Breadth(up=1, down=1, flat=0)
    assert result.funding_mean_day_percent == pytest.approx(3 * 100 * (1e-4 * 1 - 2e-4 * 3) / 4)
    assert result.funding_median_day_percent == pytest.approx(0.03)
    assert result.open_interest_usd == pytest.approx(60.0)
    assert result.premium_median_bp == pytest.approx(1e4 * math.log(1.001))
    assert (result.long_short_median, result.long_accounts_percent, result.open_interest_change_percent) == (
        None,
        None,
        None,
    )


def test_positions_and_accounts_use_the_tracked_symbols() -> None:
    inputs = []
    for i in range(5):
        ticker = Ticker(symbol=f"C{i}USDT", last=2.0, stamp=STAMP, turnover_24h=1e6)
        times = NOW_MS - 300_000 * np.arange(60, 0, -1, dtype=np.int64)
        steps = np.select([np.arange(60) < 11, np.arange(60) < 30], [50.0, 100.0], 110.0 + i)  # index 11: 4 hours ago
        interest = TimeSeries(symbol=ticker.symbol, time_ms=times, values=steps, stamp=STAMP)
        ratio = TimeSeries(
            symbol=ticker.symbol, time_ms=times, values=np.full(60, (0.5, 1.0, 2.0, 3.0, 4.0)[i]), stamp=STAMP
        )
        inputs.append(SymbolInputs(symbol=ticker.symbol, ticker=ticker, open_interest=interest, long_short=ratio))
    result = market_sentiment({}, inputs, NOW_MS)
    assert result.open_interest_change_percent == pytest.approx(12.0)
    assert result.long_short_median == pytest.approx(2.0)
    assert result.long_accounts_percent == pytest.approx(100 * (1 / 3 + 1 / 2 + 2 / 3 + 3 / 4 + 4 / 5) / 5)
    assert market_sentiment({}, inputs[:4], NOW_MS).open_interest_change_percent is None
    zeroed = replace(interest, values=np.where(np.arange(60) == 11, 0.0, 100.0))
    assert (
        market_sentiment({}, [*inputs[:4], replace(inputs[4], open_interest=zeroed)], NOW_MS).open_interest_change_percent
        is None
    )


def test_too_few_symbols_or_parts_give_no_gauge_and_the_reason() -> None:
    empty = market_sentiment({}, [], NOW_MS)
    assert empty == MarketSentiment(gauge=empty.gauge)
    assert (empty.gauge.score, empty.gauge.coverage) == (None, 0.0)
    assert {c.missing for c in empty.gauge.components} == {"needs 5 symbols, has 0"}
    inputs = tracked(3)
    only_breadth = market_sentiment(venue(inputs), [], NOW_MS)
    assert only_breadth.gauge.score is None
    assert only_breadth.gauge.missing_inputs == ("funding", "open_interest", "accounts", "premium")
    assert [c.contribution for c in only_breadth.gauge.components] == [0.0] * 5
    assert only_breadth.breadth is not None
    four = {c.name: c.missing for c in market_sentiment(venue(inputs), inputs[:4], NOW_MS).gauge.components}
    assert four.pop("breadth") == ""
    assert all(missing.startswith("needs 5 symbols, has") for missing in four.values())
    without = market_sentiment({}, inputs, NOW_MS)
    assert without.gauge.score is not None
    assert without.gauge.missing_inputs == ("breadth",)


def test_the_sentiment_is_identical_with_and_without_the_caches_of_the_scores() -> None:
    inputs = tracked(8)
    caches = {one.symbol: CandleReadingsCache() for one in inputs[2:]}
    plain = market_sentiment(venue(inputs), inputs, NOW_MS)
    for now in (NOW_MS, NOW_MS + 60_000):
        for one in inputs[4:]:
            score_symbol(one, now, cache=caches[one.symbol])
    assert market_sentiment(venue(inputs), inputs, NOW_MS, caches) == plain
    assert market_sentiment(venue(inputs), inputs, NOW_MS, caches) == plain


def test_one_invalid_symbol_does_not_affect_the_others() -> None:
    inputs = tracked(4)
    first = inputs[0]
    bad = {t: replace(c, close=c.close * np.nan) for t, c in first.candles.items()}
    assert first.open_interest is not None
    series = replace(first.open_interest, values=first.open_interest.values * np.nan)
    broken = sentiment_of([replace(first, candles=bad, open_interest=series, long_short=None), *inputs[1:]])
    assert broken.gauge.score is not None
    assert math.isfinite(broken.gauge.score)
    assert broken.open_interest_change_percent is not None
    assert broken.gauge.coverage == pytest.approx(1.0)
