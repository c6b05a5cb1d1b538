"""What is recalled for each venue's state, and what a pass may add to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.bullish_market import AT_ONCE
from tests.clocks import START_MS, VirtualClock
from tests.contract.histories import opportunity, signal
from tests.unit.analysis.test_score_means import instant
from tests.unit.collector.nodes import filled_bullish_feed
from tests.unit.wire.test_snapshots import snapshot
from virtuoso.analysis.score_means import advance
from virtuoso.analysis.weights import MODEL_VERSION
from virtuoso.collector.engine import AnalysedMarket, Engine
from virtuoso.collector.future_records import correct_opportunities, correct_signals
from virtuoso.collector.one_pass import PassRequest
from virtuoso.collector.publisher import Publisher
from virtuoso.domain.model import Environment, Regime, RegimeState
from virtuoso.domain.records import PastLiquidations, Side, SignalStatus
from virtuoso.repository import keys
from virtuoso.repository.memory import MemoryRepository
from virtuoso.wire import snapshots
from virtuoso.wire.liquidations import encode_past_liquidations

VENUES = ("bybit", "binance")


async def repository_with(**changes: object) -> MemoryRepository:
    """Return a repository with a last snapshot."""
    clock, last = VirtualClock(), snapshot(**changes)
    repository = MemoryRepository(clock=clock)
    await Publisher(repository, max_stale_s=600, clock=clock).publish(last, snapshots.encode_snapshot(last))
    return repository


async def recalled(repository: MemoryRepository, environment: Environment) -> Engine:
    engine = Engine(VENUES, environment, clock=VirtualClock())
    await engine.recall(repository)
    assert engine.recalled
    engine.apply_recalled()
    return engine


async def test_regime_and_active_signals_are_recalled_from_the_last_snapshot() -> None:
    given = signal(environment=Environment.REPLAY)
    engine = await recalled(await repository_with(signals=(given,)), Environment.REPLAY)
    assert engine.state("bybit").active == (given,)
    assert engine.state("bybit").followed == {given.symbol}
    assert engine.state("bybit").regime == snapshot().overview.regime
    assert engine.state("binance").active == ()
    assert engine.state("binance").regime is None


async def test_the_means_of_the_scores_are_recalled_from_the_last_snapshot_of_the_same_model() -> None:
    means, _ = advance(None, {"BTCUSDT": instant(64.0)}, START_MS - 5_000)
    for version, environment, known in (
        (MODEL_VERSION, Environment.REPLAY, True),
        ("v1", Environment.REPLAY, False),
        (MODEL_VERSION, Environment.LIVE, False),
    ):
        engine = await recalled(await repository_with(means=means, model_version=version), environment)
        assert engine.state("binance").means is None
        restored = engine.state("bybit").means
        assert (restored is not None) is known
        if restored is not None:
            assert (restored.now_ms, restored.labels) == (means.now_ms, means.labels)
            assert restored.sums == pytest.approx(means.sums, rel=1e-6)
    engine = await recalled(
        await repository_with(means=replace(means, now_ms=START_MS + 120_000), model_version=MODEL_VERSION),
        Environment.REPLAY,
    )
    assert engine.state("bybit").means is None


async def test_the_liquidations_of_the_previous_collector_are_recalled_by_venue() -> None:
    repository = MemoryRepository(clock=VirtualClock())
    past = PastLiquidations(symbol="BTCUSDT", since_ms=1, until_ms=2, lower_bound=False, spans={3: (4.0, 5.0)}, largest=())
    blob = encode_past_liquidations("bybit", Environment.LIVE, [past])
    await repository.set(keys.liquidations("bybit"), blob, ttl_s=60)
    await repository.set(keys.liquidations("binance"), b"damaged", ttl_s=60)
    engine = await recalled(repository, Environment.LIVE)
    assert engine.state("bybit").past_liquidations == {"BTCUSDT": past}
    assert engine.state("binance").past_liquidations == {}
    assert (await recalled(repository, Environment.SIMULATED)).state("bybit").past_liquidations == {}


@pytest.mark.parametrize("ahead_ms", [4 * 60_000, 31 * 3_600_000])
async def test_what_was_stored_with_a_time_in_the_future_is_corrected_or_left_out(ahead_ms: int) -> None:
    future = START_MS + ahead_ms
    right = signal(0, symbol="AUSDT", opened_ms=START_MS - 3_600_000, judged_ms=START_MS, environment=Environment.REPLAY)
    closed: dict[str, Any] = {"status": SignalStatus.EXPIRED, "closed_ms": future, "exit_price": 0.3, "result_r": -1.0}
    stored = [
        right,
        replace(right, id="closed", symbol="BUSDT", **closed),
        replace(right, id="judged", symbol="CUSDT", judged_ms=future, targets_hit=1, result_r=0.75),
        replace(right, id="opened", symbol="DUSDT", opened_ms=future),
    ]
    corrected = correct_signals(stored, START_MS)
    reopened = replace(right, judged_ms=right.opened_ms)
    assert corrected == [
        right,
        replace(reopened, id="closed", symbol="BUSDT"),
        replace(reopened, id="judged", symbol="CUSDT"),
    ]
    found = [opportunity(1, found_ms=START_MS - 1), opportunity(2, found_ms=future)]
    assert correct_opportunities(found, START_MS) == found[:1]

    overview = replace(snapshot().overview, regime=RegimeState(regime=Regime.BULLISH, since_ms=future))
    signals = tuple(each for each in stored if each.status is SignalStatus.ACTIVE)
    engine = await recalled(
        await repository_with(signals=signals, opportunities=tuple(found), overview=overview), Environment.REPLAY
    )
    assert {each.id for each in engine.state("bybit").active} == {right.id, "judged"}
    assert engine.state("bybit").opportunities.recent == (found[0],)
    assert engine.state("bybit").regime is None


async def test_nothing_is_recalled_from_an_unreadable_snapshot_or_another_environment() -> None:
    repository = await repository_with(signals=(signal(environment=Environment.REPLAY),))
    engine = await recalled(repository, Environment.LIVE)
    assert engine.state("bybit").active == ()
    assert engine.state("bybit").regime is None
    await repository.set("virtuoso:v1:head", b"\xff\xff", ttl_s=60)
    engine = await recalled(repository, Environment.REPLAY)
    assert engine.state("bybit").active == ()


async def test_only_a_pass_with_trading_opens_signals_and_the_same_market_gives_the_same_signals() -> None:
    feed = await filled_bullish_feed()
    engine = Engine(VENUES, Environment.SIMULATED, signal_rules=AT_ONCE, clock=VirtualClock())

    async def analysed(*, trading: bool) -> AnalysedMarket:
        return await engine.analyse(feed, PassRequest(trading=trading))

    def accept(market: AnalysedMarket) -> None:
        engine.accept(feed, market, snapshot_id="x", computed_ms=0)

    look = await analysed(trading=False)
    result = look.result
    assert (result.signals, result.alerts, result.points, result.opportunities) == ((), (), (), ())
    accept(look)
    assert engine.state("bybit").active == ()
    assert engine.state("bybit").regime == result.overview.regime
    first, again = await analysed(trading=True), await analysed(trading=True)
    assert first.result.signals == again.result.signals
    assert [opened.side for opened in first.result.signals] == [Side.LONG] * 3
    assert first.result.alerts == again.result.alerts
    assert len(first.result.points) == 3
    accept(first)
    active = engine.state("bybit").active
    assert {opened.id for opened in active} == {opened.id for opened in first.result.signals}
    accept(look)
    assert engine.state("bybit").active == active, "another look takes nothing away"
    assert not (await analysed(trading=True)).result.signals
    assert engine.state("binance").active == ()


async def test_results_computed_from_bars_are_reused_by_the_next_pass() -> None:
    feed, engine = await filled_bullish_feed(), Engine(VENUES, Environment.SIMULATED, clock=VirtualClock())
    caches = []
    for trading in (False, True, True):
        engine.accept(feed, await engine.analyse(feed, PassRequest(trading=trading)), snapshot_id="x", computed_ms=0)
        caches.append(dict(engine.state("bybit").readings))
    assert set(caches[0]) == {"BTCUSDT", "ETHUSDT", "SOLUSDT"}
    assert all(later[symbol] is cache for later in caches[1:] for symbol, cache in caches[0].items())
