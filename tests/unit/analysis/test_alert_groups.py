"""What grows is told again, what many markets have is one alert with their list, and a restart tells nothing twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from random import Random

import pytest

from tests.unit.analysis.test_alert_conditions import LIVE, MINUTE, NOW, K, market_pass, minutes, ticker
from tests.unit.analysis.test_alert_rules import signal
from virtuoso.analysis.alert_groups import NO_ALERTS, AlertState, Finding, finding, restore, select_alerts
from virtuoso.analysis.alert_rules import MarketPass, market_alerts
from virtuoso.domain.model import SymbolInputs, Timeframe
from virtuoso.domain.prices import price_text
from virtuoso.domain.records import Alert, AlertKind, AlertLevel, SignalStatus

CALM = [100 * (1 + 0.0001 * (-1) ** i) for i in range(120)]
CLOSE, BARS = CALM[-15], {Timeframe.M1: minutes(CALM)}


def moved(seconds: float, percents: dict[str, float]) -> MarketPass:
    """Return a pass `seconds` after NOW with markets that moved so many percent within 15 minutes."""
    at = NOW + int(1000 * seconds)
    one = [
        SymbolInputs(symbol=symbol, ticker=ticker(CLOSE * (1 + percent / 100), symbol, at), candles=BARS)
        for symbol, percent in percents.items()
    ]
    return market_pass(*one, now=at)


def alerts_of(passes: Iterable[MarketPass], state: AlertState = NO_ALERTS) -> tuple[list[list[Alert]], AlertState]:
    """Return (the alerts of each pass, the state)."""
    before, raised = None, []
    for one in passes:
        before, alerts, state = market_alerts(before, one, state)
        raised.append(list(alerts))
    return raised, state


def changes(alerts: Sequence[Alert]) -> list[tuple[AlertLevel, float]]:
    return [(alert.level, round(alert.reading or 0.0, 1)) for alert in alerts]


@pytest.mark.parametrize(
    ("symbol", "path", "expected"),
    [
        ("XUSDT", (-2.1, -3.0, -4.2, -5.0, -3.0, -6.0, -8.5, -10.5, -12, -16.5), (-2.1, -4.2, -8.5, -10.5, -16.5)),
        ("XUSDT", (2.1, 5.0, 9.0, 11.0), (2.1, 5.0, 9.0, 11.0)),
        ("BTCUSDT", (-1.1, -2.1, -4.3, -9.8), (-1.1, -2.1, -4.3, -9.8)),
    ],
)
def test_a_move_that_grows_is_told_again_at_each_doubling_and_when_it_becomes_critical(
    symbol: str, path: Sequence[float], expected: Sequence[float]
) -> None:
    seconds, passes = 0.0, []
    for percent in path:
        passes += [moved(seconds, {symbol: percent}), moved(seconds + 3, {symbol: percent})]
        seconds += 6
    raised, _ = alerts_of(passes)
    found = changes([alert for alerts in raised for alert in alerts])
    critical = 4 if symbol == "BTCUSDT" else 10
    levels = (AlertLevel.CRITICAL if abs(value) >= critical else AlertLevel.WARNING for value in expected)
    assert found == list(zip(levels, expected, strict=True))


def test_one_wrong_price_during_a_fall_is_never_told() -> None:
    path = (-2.5, -2.5, -60.0, -2.6, -2.6, -60.0, -2.6, -2.6)
    raised, _ = alerts_of(moved(3.0 * n, {"XUSDT": percent}) for n, percent in enumerate(path))
    assert changes([alert for alerts in raised for alert in alerts]) == [(AlertLevel.WARNING, -2.5)]
    first = alerts_of(moved(3.0 * n, {"XUSDT": percent}) for n, percent in enumerate((-2.5, -60.0, -2.6)))[0]
    assert changes([alert for alerts in first for alert in alerts]) == [(AlertLevel.WARNING, -2.5)]


def market_of(count: int, percent: float, **more: float) -> dict[str, float]:
    return {**{f"C{n:02}USDT": percent - n / 10 for n in range(count)}, **more}


def test_a_fall_of_many_markets_is_one_alert_with_its_list() -> None:
    fall = market_of(30, -3.0, BTCUSDT=-1.5)
    (_, (alert,), none), state = alerts_of([moved(0, fall), moved(3, fall), moved(6, fall)])
    assert none == []
    assert (alert.symbol, alert.level, alert.reading, alert.unit) == ("", AlertLevel.WARNING, 31.0, "markets")
    assert {market.symbol for market in alert.markets} == set(fall)
    assert [market.symbol for market in alert.markets[:2]] == ["BTCUSDT", "C29USDT"]
    assert alert.text.startswith("31 of 31 markets fell at least 1.5 % within 15 minutes: BTCUSDT -1.5 %, C29USDT -5.9 %, ")
    assert alert.text.endswith(" more.")
    assert len(alert.text) <= 300
    worse = market_of(30, -11.0, BTCUSDT=-1.5)
    later = [*(moved(9 + 3 * n, worse) for n in range(2)), moved(61, worse), moved(304, worse), moved(307, worse)]
    before, raised = None, []
    for one in (moved(0, fall), moved(3, fall), *later):
        before, alerts, state = market_alerts(before, one, state if before else NO_ALERTS)
        raised.append([(len(each.markets), each.level) for each in alerts])
    assert raised == [[], [(31, AlertLevel.WARNING)], [], [], [], [(30, AlertLevel.CRITICAL)], []]


def test_markets_that_follow_are_told_five_minutes_after_the_last_alert_when_one_is_critical_else_after_five() -> None:
    held, now, raised = market_of(20, -3.0), 0.0, []
    before, state = None, NO_ALERTS
    for second in range(0, 480, 10):
        if second == 60:
            held |= {"LATEUSDT": -2.5, "LATERUSDT": -2.6}
        if second == 120:
            held |= {"DEEPUSDT": -12.0}
        now = float(second)
        before, alerts, state = market_alerts(before, moved(now, held), state)
        raised += [(second, alert.symbol, [market.symbol for market in alert.markets]) for alert in alerts]
    assert [(second, len(names)) for second, _, names in raised] == [(10, 20), (310, 3)]
    assert raised[1][2] == ["DEEPUSDT", "LATERUSDT", "LATEUSDT"]
    held, before, state, raised = market_of(20, -3.0), None, NO_ALERTS, []
    for second in range(0, 480, 10):
        if second == 60:
            held |= {"LATEUSDT": -2.5}
        before, alerts, state = market_alerts(before, moved(float(second), held), state)
        raised += [(second, alert.symbol, [market.symbol for market in alert.markets]) for alert in alerts]
    assert raised[1:] == [(370, "LATEUSDT", ["LATEUSDT"])]


def found(kind: AlertKind, subject: str, symbol: str, *, step: int = 1, level: AlertLevel = AlertLevel.INFO) -> Finding:
    alert = Alert(key=f"{symbol}:{step}", venue="bybit", kind=kind, level=level, observed_ms=NOW, text="One.", symbol=symbol)
    return finding(alert, subject, "20", step=step)


def listed(alerts: Iterable[Alert]) -> list[list[str]]:
    return [[market.symbol for market in alert.markets] for alert in alerts]


def test_volume_and_liquidations_of_a_market_are_not_told_within_their_cooldown_after_its_price_move() -> None:
    _, state = alerts_of([moved(0, {"XUSDT": -3.0}), moved(3, {"XUSDT": -3.0})])
    spikes = [found(K.VOLUME_SPIKE, "volume", symbol) for symbol in ("XUSDT", "YUSDT")]
    forced = [found(K.LIQUIDATION, "longs", symbol) for symbol in ("XUSDT", "YUSDT")]
    for seconds, of_volume, of_liquidations in (
        (6, ["YUSDT"], ["YUSDT"]),
        (1_810, ["YUSDT"], ["XUSDT", "YUSDT"]),
        (3_610, ["XUSDT", "YUSDT"], ["XUSDT", "YUSDT"]),
    ):
        raised = select_alerts(state, [*spikes, *forced], 50, NOW + 1000 * seconds)[1]
        assert listed(raised) == [of_volume, of_liquidations]
    fall = found(K.PRICE_MOVE, "fell", "XUSDT")
    assert listed(select_alerts(NO_ALERTS, [spikes[0], forced[0], fall], 50, NOW)[1]) == [["XUSDT"]]  # the fall alone


def test_an_opportunity_of_a_market_is_not_told_within_half_an_hour_after_its_price_move() -> None:
    _, state = alerts_of([moved(0, {"XUSDT": -3.0}), moved(3, {"XUSDT": -3.0})])
    for seconds, expected in ((6, [["YUSDT"]]), (1_810, [["XUSDT"], ["YUSDT"]])):
        opened = [found(K.OPPORTUNITY, "beta_expansion", symbol, step=0) for symbol in ("XUSDT", "YUSDT")]
        assert listed(select_alerts(state, opened, 50, NOW + 1000 * seconds)[1]) == expected


def test_liquidations_of_a_market_are_not_told_after_those_of_all_markets_on_the_same_side() -> None:
    state, (alert,) = select_alerts(NO_ALERTS, [found(K.LIQUIDATION, "all longs", "")], 50, NOW)
    assert alert.symbol == ""
    for side, seconds, count in (("shorts", 60, 1), ("longs", 60, 0), ("longs", 1_810, 1)):
        assert len(select_alerts(state, [found(K.LIQUIDATION, side, "XUSDT")], 50, NOW + 1000 * seconds)[1]) == count


def test_liquidations_of_the_other_side_of_a_market_have_an_alert_when_they_are_larger() -> None:
    state, _ = select_alerts(NO_ALERTS, [found(K.LIQUIDATION, "longs", "XUSDT", step=2)], 50, NOW)
    for step, seconds, count in ((2, 60, 0), (3, 60, 1), (2, 1_810, 1)):
        shorts = found(K.LIQUIDATION, "shorts", "XUSDT", step=step)
        assert len(select_alerts(state, [shorts], 50, NOW + 1000 * seconds)[1]) == count


def test_growing_liquidations_have_another_alert_after_five_minutes_with_their_newest_size() -> None:
    state, raised = NO_ALERTS, []
    for minute in range(12):
        new = [found(K.LIQUIDATION, "longs", "XUSDT", step=minute + 1)] if minute < 4 else []
        state, alerts = select_alerts(state, new, 50, NOW + minute * MINUTE)
        raised += [(minute, alert.markets[0].step) for alert in alerts]
    assert raised == [(0, 1), (5, 4)]


def test_rises_and_falls_of_one_pass_are_two_alerts() -> None:
    both = {"AUSDT": -3.0, "BUSDT": -4.0, "CUSDT": 3.0}
    raised, _ = alerts_of([moved(0, both), moved(3, both)])
    assert [alert.text for alert in raised[1]] == [
        "2 of 3 markets fell at least 3.0 % within 15 minutes: BUSDT -4.0 %, AUSDT -3.0 %.",
        f"CUSDT rose 3.0 % within 15 minutes, to {price_text(CLOSE * 1.03)}.",
    ]


def test_rises_in_a_falling_market_belong_to_its_event() -> None:
    both, raised, before, state = market_of(8, -3.0), [], None, NO_ALERTS
    for second in range(0, 480, 10):
        if second == 60:
            both |= {"UPUSDT": 12.0}
        if second == 120:
            both |= {"HIGHUSDT": 14.0, "LOWUSDT": -14.0}
        before, alerts, state = market_alerts(before, moved(float(second), both), state)
        raised += [(second, names) for names in listed(alerts)]
    assert [(second, len(names)) for second, names in raised[:1]] == [(10, 8)]
    assert raised[1:] == [(310, ["HIGHUSDT", "UPUSDT"]), (310, ["LOWUSDT"])]


def test_other_conditions_of_an_event_are_told_when_they_begin_it_then_after_15_minutes_and_those_of_btc_at_once() -> None:
    names = {0: "AB", 1: "CDEF", 3: "GHIJKLMNO", 20: "P", 21: ["BTC"]}
    state, raised = NO_ALERTS, []
    for minute in range(40):
        spikes = [found(K.VOLUME_SPIKE, "volume", f"{name}USDT") for name in names.get(minute, ())]
        state, alerts = select_alerts(state, spikes, 50, NOW + minute * MINUTE)
        raised += [(minute, len(alert.markets)) for alert in alerts]
    assert raised == [(0, 2), (1, 4), (15, 9), (21, 2)]


@pytest.mark.parametrize("seed", range(20))
def test_each_market_and_line_is_told_once_within_five_minutes_and_those_of_btc_at_once(seed: int) -> None:
    random, state, steps = Random(seed), NO_ALERTS, dict[tuple[str, str], int]()
    since, last = dict[tuple[str, str], int](), dict[tuple[str, str], int]()
    for now in range(NOW, NOW + 25 * MINUTE, 20_000):
        new = []
        for number in random.sample(range(30), random.choice((0, 0, 1, 4, 12))):
            symbol, side = f"C{number}USDT" if number else "BTCUSDT", random.choice(("rose", "fell"))
            steps[symbol, side] = steps.get((symbol, side), 0) + random.randint(1, 2)
            since.setdefault((symbol, side), now)
            new.append(found(K.PRICE_MOVE, side, symbol, step=steps[symbol, side]))
        state, alerts = select_alerts(state, new, 50, now)
        for alert in alerts:
            for market in alert.markets:
                key = market.symbol, alert.key.split(":")[1]
                assert market.step == steps[key] > last.get(key, 0)
                last[key] = market.step
                del since[key]
        assert all(now - since_ms < 5 * MINUTE for since_ms in since.values())
        assert not any(symbol == "BTCUSDT" for symbol, _ in since)


def test_after_a_restart_stored_alerts_tell_what_was_told() -> None:
    fall = market_of(30, -3.0, BTCUSDT=-1.5)
    fallen = [moved(0, fall), moved(3, fall)]
    (_, stored), _ = alerts_of(fallen)
    state = restore(NO_ALERTS, stored)
    assert alerts_of([moved(20, fall), moved(23, fall)], state)[0] == [[], []]
    deeper = fall | {"C07USDT": -12.0, "NEWUSDT": -3.0}
    alerts = alerts_of([moved(20, deeper), moved(83, deeper), moved(400, deeper)], state)[0]
    assert [sorted(market.symbol for market in alert.markets) for each in alerts for alert in each] == [
        ["C07USDT", "NEWUSDT"]
    ]
    late = [replace(each, now_ms=each.now_ms + 31 * MINUTE) for each in fallen]
    assert len(alerts_of(late, state)[0][1]) == 1


def test_signals_that_end_together_are_one_alert_which_is_not_repeated() -> None:
    ended = [
        signal(id=f"{n}", symbol=f"C{n}USDT", status=SignalStatus.STOPPED, result_r=-1.0, closed_ms=NOW) for n in range(6)
    ]
    opened = [signal(id=f"o{n}", symbol=f"C{n}USDT") for n in range(2)]
    one = replace(market_pass(), changed=ended, opened=opened)
    ((*singles, alert),), state = alerts_of([one])
    assert [each.reference for each in singles] == ["o0", "o1"]
    assert (alert.kind, len(alert.markets), alert.environment) == (K.SIGNAL_CLOSED, 6, LIVE)
    results = ", ".join(f"C{n}USDT -1.00 R before costs" for n in range(6))
    assert alert.text == f"6 LONG signals ended, with their results after costs: {results}."
    assert alerts_of([one], state)[0] == alerts_of([one], restore(NO_ALERTS, [*singles, alert]))[0] == [[]]
