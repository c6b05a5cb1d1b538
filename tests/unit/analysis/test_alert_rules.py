"""Alerts: each is raised once, when its condition begins. Its text is plain. The largest comes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from virtuoso.analysis.alert_rules import COOLDOWNS_S, MAX_ALERTS, MarketPass, SourceStatus, market_alerts, source_alerts
from virtuoso.domain.model import (
    Candles,
    DimensionKind,
    Environment,
    Fallback,
    FallbackReason,
    Regime,
    RegimeState,
    Stamp,
    SymbolInputs,
    Ticker,
    Timeframe,
    TimeSeries,
    Trades,
)
from virtuoso.domain.records import (
    Alert,
    AlertKind,
    AlertLevel,
    Opportunity,
    OpportunityKind,
    Side,
    Signal,
    SignalStatus,
)

MINUTE, HOUR = 60_000, 3_600_000
NOW = 1_760_000_400_000 // HOUR * HOUR
LIVE = Environment.LIVE
K = AlertKind


def ticker(last: float = 100.0, symbol: str = "XUSDT", at: int = NOW) -> Ticker:
    return Ticker(symbol=symbol, last=last, stamp=Stamp(observed_ms=at, received_ms=at), turnover_24h=1e8)


def minutes(closes: Sequence[float], end_ms: int = NOW) -> Candles:
    close = np.array(closes)
    times = end_ms - MINUTE * np.arange(len(close), 0, -1, dtype=np.int64)
    return Candles(
        symbol="XUSDT",
        timeframe=Timeframe.M1,
        open_ms=times,
        open=close,
        high=close,
        low=close,
        close=close,
        volume=np.ones(len(close)),
        stamp=Stamp(observed_ms=end_ms, received_ms=end_ms),
    )


def wobbling(count: int = 120) -> list[float]:
    return [100 * (1 + 0.0005 * (-1) ** i) for i in range(count)]


def fives(volumes: Sequence[float], end_ms: int = NOW) -> Candles:
    close = np.full(len(volumes), 100.0)
    times = end_ms - 5 * MINUTE * np.arange(len(close), 0, -1, dtype=np.int64)
    return Candles(
        symbol="XUSDT",
        timeframe=Timeframe.M5,
        open_ms=times,
        open=close,
        high=close,
        low=close,
        close=close,
        volume=np.array(volumes),
        stamp=Stamp(observed_ms=end_ms, received_ms=end_ms),
    )


def trades(rows: Sequence[tuple[int, float, float]]) -> Trades:
    """Return trades from rows of (time, size, side). The price is 100."""
    times, sizes, sides = (np.array(v) for v in zip(*rows, strict=True))
    ids = [str(i) for i in range(len(rows))]
    return Trades(
        symbol="XUSDT",
        ids=ids,
        time_ms=times.astype(np.int64),
        price=np.full(len(rows), 100.0),
        size=sizes,
        side=sides,
        stamp=Stamp(observed_ms=NOW, received_ms=NOW),
    )


def interest(values: Sequence[float], end_ms: int = NOW) -> TimeSeries:
    times = end_ms - 5 * MINUTE * np.arange(len(values) - 1, -1, -1, dtype=np.int64)
    return TimeSeries(
        symbol="XUSDT", time_ms=times, values=np.array(values), stamp=Stamp(observed_ms=end_ms, received_ms=end_ms)
    )


def market_pass(*inputs: SymbolInputs, now: int = NOW, venue: str = "bybit") -> MarketPass:
    return MarketPass(venue=venue, environment=LIVE, now_ms=now, inputs={i.symbol: i for i in inputs})


def raised(before: MarketPass | None, after: MarketPass) -> list[tuple[AlertKind, AlertLevel]]:
    return [(a.kind, a.level) for a in market_alerts(before, after)]


@pytest.mark.parametrize(
    ("last", "level"),
    [(101.9, None), (98.2, None), (102.3, AlertLevel.WARNING), (97.7, AlertLevel.WARNING), (111.0, AlertLevel.CRITICAL)],
)
def test_a_large_price_move_raises_one_alert_while_it_lasts(last: float, level: AlertLevel | None) -> None:
    calm = market_pass(SymbolInputs(symbol="XUSDT", ticker=ticker(), candles={Timeframe.M1: minutes(wobbling())}))
    moved = market_pass(SymbolInputs(symbol="XUSDT", ticker=ticker(last), candles={Timeframe.M1: minutes(wobbling())}))
    assert raised(calm, moved) == ([] if level is None else [(K.PRICE_MOVE, level)])
    assert raised(None, moved) == raised(calm, moved)
    assert raised(moved, moved) == []
    if level is not None:
        (alert,) = market_alerts(calm, moved)
        assert ("rose" if last > 100 else "fell") in alert.text
        assert "XUSDT" in alert.text
        assert alert.reading == pytest.approx(100 * (last / minutes(wobbling()).close[-15] - 1))
        assert (alert.symbol, alert.venue, alert.environment, alert.observed_ms) == ("XUSDT", "bybit", LIVE, NOW)


@pytest.mark.parametrize(
    ("price", "tick_size", "text"),
    [(0.0000712, 1e-7, "to 0.0000712."), (119_876.5, 0.1, "to 119,876.5."), (119_876.54, None, "to 119,876.54.")],
)
def test_a_price_in_an_alert_has_the_digits_of_the_exchange(price: float, tick_size: float | None, text: str) -> None:
    bars = {Timeframe.M1: minutes([value * price / 103 for value in wobbling()])}
    one = replace(ticker(price), tick_size=tick_size)
    (alert,) = market_alerts(None, market_pass(SymbolInputs(symbol="XUSDT", ticker=one, candles=bars)))
    assert alert.text.endswith(text)


def test_a_stop_in_an_alert_is_rounded_to_the_tick() -> None:
    one = SymbolInputs(symbol="XUSDT", ticker=replace(ticker(0.0000712), tick_size=1e-7))
    opened = [signal(entry=0.0000712, stop=0.00006934567)]
    (alert,) = market_alerts(None, replace(market_pass(one), opened=opened))
    assert "at 0.0000712, stop 0.0000693, score" in alert.text
    (alert,) = market_alerts(None, replace(market_pass(), opened=opened))  # the market is no longer read
    assert "at 0.0000712, stop 0.00006934567, score" in alert.text


def test_a_usual_move_of_a_volatile_market_raises_no_alert() -> None:
    wild = [100 * (1 + 0.01 * (-1) ** i) for i in range(120)]
    assert (
        raised(None, market_pass(SymbolInputs(symbol="XUSDT", ticker=ticker(104.0), candles={Timeframe.M1: minutes(wild)})))
        == []
    )


def test_a_move_in_the_opposite_direction_raises_another_alert() -> None:
    up, down = (
        market_pass(SymbolInputs(symbol="XUSDT", ticker=ticker(p), candles={Timeframe.M1: minutes(wobbling())}))
        for p in (103.0, 97.0)
    )
    (first,), (second,) = market_alerts(None, up), market_alerts(up, down)
    assert first.key != second.key


def test_a_bar_of_unusual_volume_raises_an_alert_when_it_closes() -> None:
    usual = [10.0 + i % 3 for i in range(300)]

    def at(volumes: Sequence[float], end: int = NOW) -> MarketPass:
        return market_pass(
            SymbolInputs(symbol="XUSDT", ticker=ticker(at=end), candles={Timeframe.M5: fives(volumes, end)}), now=end
        )

    quiet, spike = at(usual, NOW - 5 * MINUTE), at([*usual, 2_000.0])
    assert raised(quiet, spike) == [(K.VOLUME_SPIKE, AlertLevel.INFO)]
    (alert,) = market_alerts(quiet, spike)
    assert alert.reading == pytest.approx(2_000 / 11)
    assert raised(spike, spike) == []
    assert raised(quiet, at([*usual, 160.0])) == []
    assert raised(quiet, at([*(v / 100 for v in usual), 20.0])) == []  # a volume of twenty coins is too small for an alert
    assert raised(None, at([*usual[:100], 2_000.0])) == []  # the market is too new to have a usual volume


def test_the_fills_of_one_order_are_one_large_trade() -> None:
    before = market_pass(SymbolInputs(symbol="XUSDT", ticker=ticker(), trades=trades([(NOW - 9_000, 9_000.0, 1)])))
    fills = [(NOW - 9_000, 9_000.0, 1), (NOW - 500, 1_500.0, -1), (NOW - 500, 1_500.0, -1), (NOW - 400, 2_000.0, 1)]
    after = market_pass(SymbolInputs(symbol="XUSDT", ticker=ticker(), trades=trades(fills)))
    (alert,) = market_alerts(before, after)
    assert (alert.kind, alert.unit) == (K.LARGE_TRADE, "USDT")
    assert alert.reading == pytest.approx(300_000.0)
    assert "sold" in alert.text
    assert raised(after, after) == []
    assert raised(None, after) == []
    apart = [(NOW - 500 + i, 1_500.0, -1.0) for i in range(2)]
    assert raised(before, market_pass(SymbolInputs(symbol="XUSDT", ticker=ticker(), trades=trades(apart)))) == []
    busy = replace(ticker(), turnover_24h=1e9)  # in this market 300,000 USDT are a small amount
    assert raised(before, market_pass(SymbolInputs(symbol="XUSDT", ticker=busy, trades=trades(fills)))) == []


def test_extreme_funding_and_surging_open_interest_raise_alerts_when_they_begin() -> None:
    past = TimeSeries(
        symbol="XUSDT",
        time_ms=NOW - 8 * HOUR * np.arange(60, 0, -1, dtype=np.int64),
        values=1e-4 + 1e-5 * np.cos(np.arange(60)),
        stamp=Stamp(observed_ms=NOW, received_ms=NOW),
    )
    calm = SymbolInputs(
        symbol="XUSDT",
        ticker=replace(ticker(), funding_rate=1e-4, funding_interval_ms=8 * HOUR),
        funding=past,
        open_interest=interest([100.0] * 30),
    )
    dear = replace(calm, ticker=replace(ticker(), funding_rate=1.25e-4, funding_interval_ms=HOUR))
    (alert,) = market_alerts(market_pass(calm), market_pass(dear))
    assert (alert.kind, alert.level, alert.unit) == (K.FUNDING_EXTREME, AlertLevel.WARNING, "percent a day")
    assert alert.reading == pytest.approx(0.3)
    assert alert.text.startswith("XUSDT: longs pay 0.300 % a day (0.013 % every 1 h), z ")
    assert raised(market_pass(dear), market_pass(dear)) == []
    for newest, word in ((111.0, "rose"), (89.0, "fell")):
        surged = replace(calm, open_interest=interest([100.0] * 29 + [newest]))
        (alert,) = market_alerts(market_pass(calm), market_pass(surged))
        assert (alert.kind, word in alert.text) == (K.OPEN_INTEREST_SURGE, True)
        assert alert.reading == pytest.approx(newest - 100)
        assert raised(market_pass(surged), market_pass(surged)) == []
    old = replace(calm, open_interest=interest([100.0] * 29 + [120.0], NOW - 2 * HOUR))
    assert raised(market_pass(calm), market_pass(old)) == []


def test_without_inputs_or_with_broken_ones_no_alert_is_raised() -> None:
    assert raised(None, market_pass(SymbolInputs(symbol="XUSDT"))) == []
    broken = SymbolInputs(
        symbol="XUSDT",
        ticker=ticker(),
        candles={Timeframe.M1: minutes([np.nan] * 120), Timeframe.M5: fives([np.nan] * 300)},
        trades=trades([(NOW - 1, np.nan, 1.0)]),
        open_interest=interest([np.nan] * 30),
    )
    quiet = replace(broken, trades=trades([(NOW - 9_000, 1.0, 1.0)]))
    assert raised(market_pass(quiet), market_pass(broken)) == []
    worthless = SymbolInputs(symbol="AUSDT", ticker=ticker(0.0, "AUSDT"), candles={Timeframe.M1: minutes(wobbling())})
    moved = SymbolInputs(symbol="XUSDT", ticker=ticker(103.0), candles={Timeframe.M1: minutes(wobbling())})
    assert [a.symbol for a in market_alerts(None, market_pass(worthless, moved))] == ["XUSDT"]


def test_after_a_change_of_venue_current_conditions_raise_alerts() -> None:
    moved = SymbolInputs(symbol="XUSDT", ticker=ticker(103.0), candles={Timeframe.M1: minutes(wobbling())})
    assert raised(market_pass(moved), market_pass(moved, venue="binance")) == [(K.PRICE_MOVE, AlertLevel.WARNING)]
    bullish, bearish = RegimeState(regime=Regime.BULLISH, since_ms=NOW), RegimeState(regime=Regime.BEARISH, since_ms=NOW)
    before, after = replace(market_pass(), regime=bullish), replace(market_pass(venue="binance"), regime=bearish)
    assert raised(before, after) == []


def test_in_a_crash_the_largest_moves_raise_alerts_and_one_more_gives_their_number() -> None:
    bars = {Timeframe.M1: minutes(wobbling())}
    after = market_pass(
        *(SymbolInputs(symbol=f"C{i:02}USDT", ticker=ticker(97.0 - i / 10, f"C{i:02}USDT"), candles=bars) for i in range(30))
    )
    alerts = market_alerts(None, after)
    assert len(alerts) == MAX_ALERTS + 1
    assert [a.symbol for a in alerts[:3]] == ["C29USDT", "C28USDT", "C27USDT"]
    assert "30 markets" in alerts[-1].text
    assert alerts[-1].symbol == ""


def test_a_change_of_regime_names_the_old_regime() -> None:
    states = [RegimeState(regime=r, since_ms=NOW) for r in (Regime.BULLISH, Regime.BULLISH, Regime.RISK_OFF, Regime.NEUTRAL)]
    passes = [replace(market_pass(), regime=s) for s in states]
    alerts = [market_alerts(a, b) for a, b in pairwise(passes)]
    assert [len(a) for a in alerts] == [0, 1, 1]
    assert alerts[1][0].level is AlertLevel.WARNING
    assert alerts[1][0].text == "The market is risk-off; it was bullish."
    assert alerts[2][0].level is AlertLevel.INFO
    assert market_alerts(None, passes[2]) == ()


def signal(**more: object) -> Signal:
    opened = Signal(
        id="bybit-XUSDT-long-1",
        venue="bybit",
        symbol="XUSDT",
        side=Side.LONG,
        environment=LIVE,
        model_version="v1",
        opened_ms=NOW,
        entry=100.0,
        stop=99.0,
        targets=(101.5, 103.0, 105.0),
        sizes=(0.5, 0.3, 0.2),
        expires_ms=NOW + 24 * HOUR,
        score=74.0,
        confidence=0.8,
        drivers=(DimensionKind.ORDERFLOW,),
        judged_ms=NOW,
    )
    return replace(opened, **more)  # type: ignore[arg-type]  # fields are given by name


def test_a_signal_raises_alerts_only_when_it_opens_and_closes() -> None:
    opportunity = Opportunity(
        id="bybit-XUSDT-reversion-1",
        venue="bybit",
        symbol="XUSDT",
        kind=OpportunityKind.REVERSION,
        side=Side.SHORT,
        found_ms=NOW,
        expires_ms=NOW,
        price=1.0,
        confidence=0.5,
        sentence="It turns.",
    )
    closed = signal(id="a", status=SignalStatus.STOPPED, result_r=-1.0, closed_ms=NOW + 5)
    after = replace(
        market_pass(), opened=[signal()], changed=[closed, signal(id="b", targets_hit=1)], opportunities=[opportunity]
    )
    alerts = market_alerts(None, after)
    assert [(a.kind, a.reference) for a in alerts] == [
        (K.SIGNAL_OPENED, "bybit-XUSDT-long-1"),
        (K.SIGNAL_CLOSED, "a"),
        (K.OPPORTUNITY, "bybit-XUSDT-reversion-1"),
    ]
    assert alerts[0].text == "LONG XUSDT at 100, stop 99, score 74."
    assert alerts[1].text == "LONG XUSDT stopped: -1.00 R."
    assert alerts[1].observed_ms == NOW + 5
    assert len({a.key for a in alerts}) == 3
    assert market_alerts(after, after) == alerts  # after a restart they are raised again; the history recognises their keys


def test_every_kind_has_a_cooldown() -> None:
    assert set(COOLDOWNS_S) == set(AlertKind)


def source_events(before: SourceStatus | None, after: SourceStatus) -> list[tuple[str, AlertLevel, str]]:
    return [(a.venue, a.level, a.text) for a in source_alerts(before, after)]


def test_a_failing_venue_raises_an_alert_with_the_reason_and_another_when_it_works_again() -> None:
    well = SourceStatus(environment=LIVE, now_ms=NOW, venue="bybit", scored=50, expected=50)
    blocked = SourceStatus(
        environment=LIVE,
        now_ms=NOW + 1,
        venue="binance",
        fallback=Fallback(venue="bybit", reason=FallbackReason.VENUE_BLOCKED),
        failures={"bybit": FallbackReason.VENUE_BLOCKED},
        scored=50,
        expected=50,
    )
    assert source_events(None, well) == source_events(well, well) == []
    assert source_events(well, blocked) == [
        ("bybit", AlertLevel.CRITICAL, "bybit blocks this machine's location."),
        ("binance", AlertLevel.WARNING, "binance is used instead of bybit, which blocks this machine's location."),
    ]
    assert source_events(None, blocked) == source_events(well, blocked)  # a restart during the failure raises the alert too
    assert source_events(blocked, blocked) == []
    stale = replace(blocked, failures={"bybit": FallbackReason.VENUE_STALE})
    assert source_events(blocked, stale) == [("bybit", AlertLevel.WARNING, "bybit sends data whose clock does not advance.")]
    assert source_events(stale, well) == [
        ("bybit", AlertLevel.INFO, "bybit works again."),
        ("bybit", AlertLevel.INFO, "bybit is used again."),
    ]
    for alert in source_alerts(well, blocked):
        assert (alert.kind, alert.observed_ms, alert.environment) == (K.DATA_QUALITY, NOW + 1, LIVE)


def test_few_scores_raise_one_alert() -> None:
    states = [
        SourceStatus(environment=LIVE, now_ms=NOW, venue="bybit", scored=s, expected=50) for s in (None, 50, 24, 20, 40, 10)
    ]
    alerts: list[list[Alert]] = [list(source_alerts(a, b)) for a, b in pairwise(states)]
    assert [len(a) for a in alerts] == [0, 1, 0, 0, 1]
    assert alerts[1][0].text == "Only 24 of 50 symbols of bybit can be scored."
