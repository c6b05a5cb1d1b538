"""Opportunities: each kind is found only where a test adds it, on the right side, and not too often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.analysis.claims_of_opportunities import Situation, is_true
from tests.unit.analysis.markets import NOW_MS
from virtuoso.analysis import opportunities
from virtuoso.analysis.opportunities import HOLD_MS, OpportunityState, restore
from virtuoso.analysis.opportunity_rules import Candidate, find_candidates
from virtuoso.domain.model import ANCHOR, Candles, Stamp, SymbolInputs, Ticker, Timeframe, TimeSeries
from virtuoso.domain.prices import price_text
from virtuoso.domain.records import Opportunity, OpportunityKind, Side

advance = partial(opportunities.advance, hold_ms=0)
HOUR, DAY = 3_600_000, 86_400_000
K = OpportunityKind
Steps = dict[Timeframe, np.ndarray]
SCALES = {Timeframe.M5: 0.0012, Timeframe.M30: 0.003, Timeframe.H4: 0.008}


def quiet(seed: int, size: float = 1.2) -> tuple[Steps, Steps]:
    """Return (log returns of BTC, log returns of a market that moves with it), oldest first."""
    rng = np.random.default_rng(seed)
    btc = {t: rng.normal(0, scale, 400) for t, scale in SCALES.items()}
    return btc, {t: size * btc[t] + rng.normal(0, scale / 3, 400) for t, scale in SCALES.items()}


def unusual(kind: OpportunityKind | None, seed: int) -> tuple[Steps, Steps, float]:
    """Return (the returns with one LONG situation of this kind added, the funding rate)."""
    rng = np.random.default_rng([seed, 1])
    btc, own = quiet(seed)
    rate, half = 1e-4, Timeframe.M30
    match kind:
        case K.CORRELATION_BREAKDOWN:
            own[half][-48:] = rng.normal(0.001, 0.003, 48)
        case K.BETA_EXPANSION:
            btc[half][-48:] = np.abs(btc[half][-48:]) * 0.4 + rng.normal(0, 0.003, 48)
            own[half][-48:] = 2.6 * btc[half][-48:] + rng.normal(0, 0.001, 48)
        case K.BETA_COMPRESSION:
            own[half][-48:] = 0.5 * btc[half][-48:] + rng.normal(0.0005, 0.0005, 48)
        case K.RELATIVE_STRENGTH_BREAKOUT:
            own[half][-8:] += 0.008
        case K.REVERSION:
            own[half][-48:-6] -= 0.0015
            own[half][-6:] += 0.0015
        case K.CROSS_TIMEFRAME_DIVERGENCE:
            own[Timeframe.H4][-42:] += 0.008
            own[Timeframe.M5][-24:] -= 0.0015
        case K.FUNDING_EXTREME:
            rate = -0.002
    return btc, own, rate


def candles(symbol: str, steps: Steps, price: float = 100.0) -> dict[Timeframe, Candles]:
    opened = {}
    for t, returns in steps.items():
        close = price * np.exp(np.cumsum(returns))
        times = ((NOW_MS // t.ms - 1) * t.ms + (np.arange(len(returns)) - len(returns) + 1) * t.ms).astype(np.int64)
        opened[t] = Candles(
            symbol=symbol,
            timeframe=t,
            open_ms=times,
            open=close,
            high=close,
            low=close,
            close=close,
            volume=np.ones(len(returns)),
            stamp=Stamp(observed_ms=NOW_MS, received_ms=NOW_MS),
        )
    return opened


def market(
    kind: OpportunityKind | None, seed: int, symbol: str = "XUSDT"
) -> tuple[SymbolInputs, Mapping[Timeframe, Candles]]:
    btc, own, rate = unusual(kind, seed)
    bars = candles(symbol, own)
    at = NOW_MS // (8 * HOUR) * 8 * HOUR - 8 * HOUR * np.arange(59, -1, -1, dtype=np.int64)
    past = np.random.default_rng([seed, 2]).normal(1e-4, 2e-5, 60)
    ticker = Ticker(
        symbol=symbol,
        last=float(bars[Timeframe.M5].close[-1]),
        stamp=Stamp(observed_ms=NOW_MS - 500, received_ms=NOW_MS),
        funding_rate=rate,
        funding_interval_ms=8 * HOUR,
    )
    funding = TimeSeries(symbol=symbol, time_ms=at, values=past, stamp=Stamp(observed_ms=NOW_MS, received_ms=NOW_MS))
    return SymbolInputs(symbol=symbol, ticker=ticker, candles=bars, funding=funding), candles(ANCHOR, btc)


def mirrored(bars: Mapping[Timeframe, Candles]) -> dict[Timeframe, Candles]:
    return {t: replace(c, open=1 / c.open, high=1 / c.low, low=1 / c.high, close=1 / c.close) for t, c in bars.items()}


def mirrored_inputs(inputs: SymbolInputs) -> SymbolInputs:
    assert inputs.ticker is not None
    assert inputs.funding is not None
    assert inputs.ticker.funding_rate is not None
    ticker = replace(inputs.ticker, last=1 / inputs.ticker.last, funding_rate=-inputs.ticker.funding_rate)
    funding = replace(inputs.funding, values=-inputs.funding.values)
    return replace(inputs, ticker=ticker, candles=mirrored(inputs.candles), funding=funding)


@pytest.mark.parametrize("kind", list(OpportunityKind))
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_kind_is_found_only_in_its_own_market_and_on_the_right_side(kind: OpportunityKind, seed: int) -> None:
    inputs, btc = market(kind, seed)
    candidates = {f.kind: f for f in find_candidates([inputs], btc, NOW_MS)}
    assert kind in candidates
    opened = candidates[kind]
    assert opened.sign > 0
    assert opened.strength >= 1
    assert 0.3 <= opened.confidence <= 1
    assert "XUSDT" in opened.sentence
    (turned,) = [f for f in find_candidates([mirrored_inputs(inputs)], mirrored(btc), NOW_MS) if f.kind is kind]
    assert turned.sign < 0


@pytest.mark.parametrize("seed", range(20))
def test_a_market_that_moves_with_btc_as_usual_gives_no_candidate(seed: int) -> None:
    inputs, btc = market(None, seed)
    assert find_candidates([inputs], btc, NOW_MS) == []


def changed(kind: OpportunityKind, timeframe: Timeframe, where: slice, by: float) -> set[OpportunityKind]:
    """Return the kinds that are found in a market of one kind after `by` was added to some of its returns."""
    inputs, btc = market(kind, 3)
    steps = {t: np.diff(np.log(c.close), prepend=np.log(100.0)) for t, c in inputs.candles.items()}
    steps[timeframe][where] += by
    return {f.kind for f in find_candidates([replace(inputs, candles=candles("XUSDT", steps))], btc, NOW_MS)}


@pytest.mark.parametrize(
    ("kind", "timeframe", "where", "by"),
    [
        (K.RELATIVE_STRENGTH_BREAKOUT, Timeframe.M30, slice(-120, -100), -0.01),  # strong, but far below the week's high
        (K.REVERSION, Timeframe.M30, slice(-6, None), -0.003),  # far away, and still moving away
        (K.CROSS_TIMEFRAME_DIVERGENCE, Timeframe.H4, slice(-42, None), -0.016),  # both fall
        (K.CROSS_TIMEFRAME_DIVERGENCE, Timeframe.M5, slice(-24, None), 0.003),  # both rise
    ],
)
def test_a_market_that_lacks_one_part_of_a_definition_is_not_of_that_kind(
    kind: OpportunityKind, timeframe: Timeframe, where: slice, by: float
) -> None:
    assert kind in changed(kind, timeframe, where, 0.0)
    assert kind not in changed(kind, timeframe, where, by)


def test_a_market_that_never_moved_with_btc_has_no_correlation_breakdown() -> None:
    rng = np.random.default_rng(5)
    btc, _ = quiet(5)
    week = 0.5 * btc[Timeframe.M30] + rng.normal(0, 0.003, 400)
    assert 0.3 < np.corrcoef(week[-336:-48], btc[Timeframe.M30][-336:-48])[0, 1] < 0.6
    week[-48:] = -1.5 * btc[Timeframe.M30][-48:] + 0.002
    inputs, anchor = market(None, 5)
    own = dict(inputs.candles) | candles("XUSDT", {Timeframe.M30: week})
    assert K.CORRELATION_BREAKDOWN not in {f.kind for f in find_candidates([replace(inputs, candles=own)], anchor, NOW_MS)}


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(list(OpportunityKind)), st.integers(0, 2**32 - 1), st.sampled_from((1e-5, 3e3)))
def test_a_reflected_market_gives_the_opposite_side_and_a_scaled_market_the_same_side(
    kind: OpportunityKind, seed: int, factor: float
) -> None:
    inputs, btc = market(kind, seed)
    larger = {t: replace(c, close=c.close * factor) for t, c in inputs.candles.items()}

    def sides(candidates: list[Candidate], sign: float) -> dict[OpportunityKind, tuple[object, ...]]:
        return {f.kind: (f.sign * sign > 0, pytest.approx(f.strength), pytest.approx(f.confidence)) for f in candidates}

    here = sides(find_candidates([inputs], btc, NOW_MS), 1)
    assert sides(find_candidates([mirrored_inputs(inputs)], mirrored(btc), NOW_MS), -1) == here
    assert sides(find_candidates([replace(inputs, candles=larger)], btc, NOW_MS), 1) == here


@pytest.mark.parametrize("kind", list(OpportunityKind))
def test_bars_that_close_later_change_nothing(kind: OpportunityKind) -> None:
    inputs, btc = market(kind, 4)
    whole = find_candidates([inputs], btc, NOW_MS)
    assert whole

    def future(bars: Mapping[Timeframe, Candles]) -> dict[Timeframe, Candles]:
        rng, opened = np.random.default_rng(9), {}
        for t, c in bars.items():
            close = np.concatenate((c.close, c.close[-1] * np.exp(np.cumsum(rng.normal(0, 0.05, 30)))))
            times = np.concatenate((c.open_ms, c.open_ms[-1] + t.ms * np.arange(1, 31, dtype=np.int64)))
            opened[t] = replace(c, open_ms=times, close=close, open=close, high=close, low=close, volume=np.ones(len(close)))
        return opened

    assert find_candidates([replace(inputs, candles=future(inputs.candles))], future(btc), NOW_MS) == whole


def test_a_missing_input_removes_only_the_kinds_that_need_it() -> None:
    inputs, btc = market(K.FUNDING_EXTREME, 5)
    assert [f.kind for f in find_candidates([inputs], {}, NOW_MS)] == [K.FUNDING_EXTREME]
    assert find_candidates([replace(inputs, funding=None)], btc, NOW_MS) == []
    broken = {t: replace(c, close=np.full(len(c), np.nan)) for t, c in inputs.candles.items()}
    assert [f.kind for f in find_candidates([replace(inputs, candles=broken)], btc, NOW_MS)] == [K.FUNDING_EXTREME]
    young = {t: replace(c, open_ms=c.open_ms[-60:], close=c.close[-60:]) for t, c in inputs.candles.items()}
    assert [f.kind for f in find_candidates([replace(inputs, candles=young)], btc, NOW_MS)] == [K.FUNDING_EXTREME]


def test_a_candidate_becomes_a_record_with_its_alpha() -> None:
    inputs, btc = market(K.RELATIVE_STRENGTH_BREAKOUT, 6)
    _, opened = advance(OpportunityState(venue="bybit"), [inputs], btc, NOW_MS)
    (opportunity,) = [o for o in opened if o.kind is K.RELATIVE_STRENGTH_BREAKOUT]
    assert opportunity.side is Side.LONG
    assert (opportunity.venue, opportunity.found_ms, opportunity.expires_ms) == ("bybit", NOW_MS, NOW_MS + 4 * HOUR)
    assert inputs.ticker is not None
    assert opportunity.price == inputs.ticker.last
    assert opportunity.unit == "percent"
    assert opportunity.alpha_percent == opportunity.reading == pytest.approx(100 * np.expm1(8 * 0.008), abs=1.0)
    before = inputs.candles[Timeframe.M30].close[-9]  # of which BTC's move of these 4 hours is still a part
    assert opportunity.invalidation_price == pytest.approx(before, rel=0.05)
    assert opportunity.invalidation_price is not None
    assert opportunity.invalidation_price < opportunity.price
    assert opportunity.invalidation.startswith(
        f"It has failed if the price falls below {price_text(opportunity.invalidation_price)}"
    )


@pytest.mark.parametrize("kind", list(OpportunityKind))
def test_the_sentences_of_each_kind_are_true_to_the_bars(kind: OpportunityKind) -> None:
    sides = set()
    for seed in range(5):
        inputs, btc = market(kind, seed)
        for one, anchor in ((inputs, btc), (mirrored_inputs(inputs), mirrored(btc))):
            _, opened = advance(OpportunityState(venue="bybit"), [one], anchor, NOW_MS)
            sides |= {o.side for o in opened if o.kind is kind}
            assert [o.sentence for o in opened if not is_true(Situation(o, one, anchor, NOW_MS))] == []
    assert sides == set(Side)


def test_an_observation_says_when_it_last_held_and_none_opens_beyond_its_limit() -> None:
    inputs, btc = market(K.RELATIVE_STRENGTH_BREAKOUT, 6)
    calm, _ = market(None, 6)
    state, held = OpportunityState(venue="bybit"), []
    for minute, one in enumerate((inputs, inputs, calm, calm, inputs)):
        now = NOW_MS + 60_000 * minute
        assert one.ticker is not None
        fresh = replace(one, ticker=replace(one.ticker, stamp=Stamp(observed_ms=now, received_ms=now)))
        state, _ = advance(state, [fresh], btc, now)
        held += [(now - (o.held_ms or 0)) // 60_000 for o in state.recent if o.kind is K.RELATIVE_STRENGTH_BREAKOUT]
    assert held == [0, 0, 1, 2, 0]
    assert inputs.ticker is not None
    fallen = replace(inputs, ticker=replace(inputs.ticker, last=0.9 * inputs.ticker.last))
    _, opened = advance(OpportunityState(venue="bybit"), [fallen], btc, NOW_MS)
    assert K.RELATIVE_STRENGTH_BREAKOUT not in {o.kind for o in opened}


def test_a_kind_is_found_again_only_after_its_cooldown_and_never_while_disabled() -> None:
    inputs, btc = market(K.FUNDING_EXTREME, 7)
    state, opened = advance(OpportunityState(venue="bybit"), [inputs], btc, NOW_MS)
    assert len(opened) == 1
    assert advance(state, [inputs], btc, NOW_MS)[1] == ()
    assert inputs.ticker is not None
    for later, count in ((HOUR, 0), (4 * HOUR - 1, 0), (4 * HOUR, 1)):
        now = NOW_MS + later
        fresh = replace(inputs, ticker=replace(inputs.ticker, stamp=Stamp(observed_ms=now, received_ms=now)))
        assert len(advance(state, [fresh], btc, now)[1]) == count
        assert advance(state, [fresh], btc, now, enabled=False) == (replace(state, candidates={}), ())
    assert advance(OpportunityState(venue="bybit"), [inputs], btc, NOW_MS + 61_000)[1] == ()  # no price is that recent


def test_an_opportunity_opens_only_when_it_holds_in_every_pass_for_a_while() -> None:
    inputs, btc = market(K.FUNDING_EXTREME, 7)
    calm, _ = market(None, 7)
    state, counts = OpportunityState(venue="bybit"), []
    for seconds, one in ((0, inputs), (60, calm), (61, inputs), (150, inputs), (210, inputs), (211, inputs), (300, inputs)):
        now = NOW_MS + 1_000 * seconds
        assert one.ticker is not None
        fresh = replace(one, ticker=replace(one.ticker, stamp=Stamp(observed_ms=now, received_ms=now)))
        state, opened = opportunities.advance(state, [fresh], btc, now)
        counts.append(len(opened))
    assert HOLD_MS == 150_000
    assert counts == [0, 0, 0, 0, 0, 1, 0]


def test_a_symbol_has_no_opportunities_on_both_sides_at_the_same_time() -> None:
    inputs, btc = market(K.RELATIVE_STRENGTH_BREAKOUT, 8)
    assert inputs.ticker is not None
    inputs = replace(inputs, ticker=replace(inputs.ticker, funding_rate=0.002))  # funding: SHORT, breakout: LONG
    assert len({f.sign > 0 for f in find_candidates([inputs], btc, NOW_MS)}) == 2
    state, opened = advance(OpportunityState(venue="bybit"), [inputs], btc, NOW_MS)
    assert len({o.side for o in opened}) == 1
    assert advance(restore(OpportunityState(venue="bybit"), opened), [inputs], btc, NOW_MS + 1_000)[1] == ()
    assert advance(state, [inputs], btc, NOW_MS + 1_000)[1] == ()


def test_markets_that_move_together_are_one_opportunity() -> None:
    markets = []
    for i in range(12):
        inputs, btc = market(K.FUNDING_EXTREME if i < 11 else None, i, f"C{i}USDT")
        assert inputs.ticker is not None
        markets.append(replace(inputs, ticker=replace(inputs.ticker, funding_rate=-0.002 - i * 1e-4 if i < 9 else 1e-4)))
    state, opened = advance(OpportunityState(venue="bybit"), markets[:10], btc, NOW_MS)
    (one,) = [o for o in opened if o.kind is K.FUNDING_EXTREME]
    assert {one.symbol, *one.also} == {f"C{i}USDT" for i in range(9)}
    assert f"The same holds in 8 other markets: {one.also[0]}, " in one.sentence
    assert one.sentence.endswith(" and 2 more.")
    late = replace(markets[9], ticker=markets[9].ticker and replace(markets[9].ticker, funding_rate=-0.004))
    for before in (state, restore(OpportunityState(venue="bybit"), opened)):
        assert advance(before, [*markets[:9], late], btc, NOW_MS + 1_000)[1] == ()
    _, few = advance(OpportunityState(venue="bybit"), markets[:3], btc, NOW_MS)
    assert {(o.symbol, o.also) for o in few if o.kind is K.FUNDING_EXTREME} == {(f"C{i}USDT", ()) for i in range(3)}


def test_four_large_bars_of_btc_make_no_opportunity_of_the_days_after() -> None:
    rng = np.random.default_rng(11)
    btc, _ = quiet(11)
    btc[Timeframe.M30][-100:-96] = (-0.03, -0.05, 0.04, 0.02)
    found = []
    for i in range(10):
        steps = 1.2 * btc[Timeframe.M30] + rng.normal(0, 0.001, 400)
        steps[-100:-96] = 5.0 * btc[Timeframe.M30][-100:-96] + rng.normal(0, 0.01, 4)
        inputs, _ = market(None, i, f"C{i}USDT")
        bars = {**inputs.candles, **candles(f"C{i}USDT", {Timeframe.M30: steps})}
        found += find_candidates([replace(inputs, candles=bars)], candles(ANCHOR, btc), NOW_MS)
    assert found == []


def test_at_most_ten_open_in_an_hour_and_fifty_in_a_day_and_the_strongest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opportunities, "COMMON", 100)
    markets = []
    for i in range(70):
        inputs, _ = market(None, i, f"C{i}USDT")
        assert inputs.ticker is not None
        markets.append(replace(inputs, ticker=replace(inputs.ticker, funding_rate=0.001 + i * 1e-5)))
    state, days = OpportunityState(venue="bybit"), []
    for hour in range(48):
        now = NOW_MS + hour * HOUR
        fresh = [
            replace(i, ticker=replace(i.ticker, stamp=Stamp(observed_ms=now, received_ms=now)))
            for i in markets
            if i.ticker is not None
        ]
        state, opened = advance(state, fresh, {}, now)
        assert len(opened) <= 10
        assert len(state.recent) <= 50
        if hour == 0:
            z = [abs(o.z_score or 0) for o in opened]
            assert z == sorted(z, reverse=True)
        days += [o.found_ms for o in opened]
        _, again = advance(state, fresh, {}, now + 1)
        assert again == () or len(opened) < 10
    assert sum(at < NOW_MS + DAY for at in days) == 50
    assert len(days) == 100


@cache
def opened_with_restarts(restarts: tuple[bool, ...], common: int) -> list[Opportunity]:
    """Return what opens in passes half an hour apart. From `common` alike opportunities on, they are one."""
    markets = []
    for i in range(14):
        inputs, _ = market(None, i, f"C{i}USDT")
        assert inputs.ticker is not None
        markets.append(replace(inputs, ticker=replace(inputs.ticker, funding_rate=0.001 + i * 1e-5)))
    stored: list[Opportunity] = []
    state = OpportunityState(venue="bybit")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(opportunities, "COMMON", common)
        for at, again in enumerate(restarts):
            now = NOW_MS + at * HOUR // 2
            fresh = [
                replace(i, ticker=replace(i.ticker, stamp=Stamp(observed_ms=now, received_ms=now)))
                for i in markets
                if i.ticker is not None
            ]
            if again:
                state = restore(OpportunityState(venue="bybit"), reversed(stored))
            state, opened = advance(state, fresh, {}, now)
            stored += opened
    return stored


@pytest.mark.parametrize("common", [100, opportunities.COMMON])
@settings(max_examples=20, deadline=None)
@given(restarts=st.tuples(*[st.booleans()] * 12))
def test_cooldowns_and_limits_hold_after_a_restart(common: int, restarts: tuple[bool, ...]) -> None:
    assert opened_with_restarts(restarts, common) == opened_with_restarts((False,) * 12, common)
