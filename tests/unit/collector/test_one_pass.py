"""One pass over a market, and the state that it leaves for the next pass."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.bullish_market import AT_ONCE
from tests.unit.collector.nodes import filled_bullish_feed, opening
from virtuoso.collector.one_pass import PassRequest, next_state, run_pass, snapshot_of
from virtuoso.collector.venue_state import VenueState, new_venue_state, with_recalled
from virtuoso.domain.model import Dominance, DominanceBasis, Environment
from virtuoso.domain.records import AlertKind
from virtuoso.market_data.market import MarketData

TRADING = PassRequest(trading=True)


def fresh() -> VenueState:
    return new_venue_state("bybit", Environment.SIMULATED, rules=AT_ONCE)


async def market() -> MarketData:
    return (await filled_bullish_feed()).market()


async def test_the_same_market_in_the_same_state_gives_the_same_result() -> None:
    rising = await market()
    first, second = (opening(fresh(), rising) for _ in range(2))
    assert first.signals == second.signals
    assert first.alerts == second.alerts
    assert first.points == second.points
    assert first.confluences == second.confluences
    assert first.state.betas == second.state.betas


async def test_a_pass_without_trading_changes_only_regime_and_betas() -> None:
    before, rising = fresh(), await market()
    result = run_pass(before, rising, PassRequest())
    after = next_state(before, result)
    assert not result.traded
    assert after.regime == result.overview.regime
    assert after.betas == result.state.betas != {}
    assert (after.signals, after.opportunities, after.last_pass) == (before.signals, before.opportunities, None)


async def test_betas_are_recomputed_only_after_a_bar_has_closed() -> None:
    rising = await market()
    state = next_state(fresh(), run_pass(fresh(), rising, TRADING))
    again = run_pass(state, rising, TRADING)
    assert again.state.betas is state.betas
    shorter = replace(
        rising,
        inputs=[replace(item, candles=dict(list(item.candles.items())[1:])) for item in rising.inputs],
    )
    assert run_pass(state, shorter, TRADING).state.betas is not state.betas


@pytest.mark.parametrize("part", ["market_sentiment", "betas", "market_alerts"])
async def test_a_part_that_fails_does_not_affect_the_others(
    part: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    rising = await market()
    monkeypatch.setattr(f"virtuoso.collector.one_pass.{part}", fails)
    result = opening(fresh(), rising)
    assert "in this pass" in caplog.text
    assert len(result.points) == len(result.signals) == 3
    assert (result.sentiment is None) == (part == "market_sentiment")
    assert (not result.state.betas) == (part == "betas")
    assert (not result.alerts) == (part == "market_alerts")


async def test_recalled_signals_and_their_alerts_are_written_to_the_history_again() -> None:
    rising = await market()
    stored = opening(fresh(), rising).signals
    state = with_recalled(fresh(), stored, ())
    assert state.recalled == {signal.id for signal in stored}
    result = run_pass(state, rising, TRADING)
    assert {signal.id for signal in result.signals} == {signal.id for signal in stored}
    assert {alert.reference for alert in result.alerts if alert.kind is AlertKind.SIGNAL_OPENED} == state.recalled
    after = next_state(state, result)
    assert not after.recalled
    assert not run_pass(after, rising, TRADING).signals
    recalled = with_recalled(fresh(), stored, (), result.alerts)  # the history also has their alerts
    assert not [alert for alert in run_pass(recalled, rising, TRADING).alerts if alert.kind is AlertKind.SIGNAL_OPENED]
    other = [replace(alert, venue="okx") for alert in result.alerts]
    assert with_recalled(fresh(), stored, (), other).alerts == fresh().alerts


async def test_no_opportunity_is_found_when_they_are_switched_off() -> None:
    result = run_pass(fresh(), await market(), TRADING, find_opportunities=False)
    assert result.opportunities == result.unexpired_opportunities == ()


async def test_a_snapshot_has_the_inputs_and_results_of_the_pass() -> None:
    rising = await market()
    dominance = Dominance(percent=58.0, basis=DominanceBasis.MARKET_CAP, observed_ms=rising.stamp.observed_ms)
    result = run_pass(fresh(), rising, PassRequest(dominance=dominance, trading=True))
    snapshot = snapshot_of(rising, result, snapshot_id="x", environment=Environment.SIMULATED, computed_ms=7, fallback=None)
    assert snapshot.complete
    assert snapshot.stamp == rising.stamp
    assert snapshot.overview.dominance == dominance
    assert {signal.id for signal in snapshot.signals} == {signal.id for signal in result.signals}
    assert (
        {symbol: one.observed_ms for symbol, one in snapshot.depths.items()}
        == {item.symbol: item.book.stamp.observed_ms for item in rising.inputs if item.book is not None}
        != {}
    )
    assert snapshot.model_version == fresh().weights.version
