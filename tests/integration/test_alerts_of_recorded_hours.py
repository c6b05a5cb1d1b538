"""Alerts of market conditions over recorded hours: few, and each fall past a line is in one of them."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

import numpy as np
import pytest

from tests.recorded_hours import DATA, RecordedMarket, epoch_ms, recorded_market
from virtuoso.analysis.alert_conditions import BTC_MOVE, CRITICAL_BTC_MOVE, CRITICAL_MOVE, MOVE
from virtuoso.analysis.alert_groups import NOTHING_TOLD
from virtuoso.analysis.alert_rules import MarketPass, market_alerts
from virtuoso.domain.model import ANCHOR, Environment
from virtuoso.domain.records import Alert, AlertKind, AlertLevel

MINUTE = 60_000
needs_recording = pytest.mark.skipif(
    not (DATA / "binance_5m.npz").exists(),
    reason="RECORDED TRAFFIC IS NOT HERE: tests on it are skipped (../shared/replay beside the project)",
)


def alerts_of(market: RecordedMarket, start_ms: int, minutes: int, step_s: int) -> list[Alert]:
    """Return the alerts of conditions: without signals and opportunities, which need scores."""
    before, told = None, NOTHING_TOLD
    alerts: list[Alert] = []
    for now_ms in range(start_ms, start_ms + minutes * MINUTE, 1000 * step_s):
        inputs = {one.symbol: one for one in market.at(now_ms).inputs}
        one = MarketPass(venue="binance", environment=Environment.REPLAY, now_ms=now_ms, inputs=inputs)
        before, raised, told = market_alerts(before, one, told)
        alerts += raised
    return alerts


def lines_reached(market: RecordedMarket, start_ms: int, minutes: int, step_s: int) -> dict[str, float]:
    """Return the largest fall of each symbol within 15 minutes that lasted for two passes, as expm1 of a log return."""
    times = range(start_ms, start_ms + minutes * MINUTE, 1000 * step_s)
    prices = np.array([[one.ticker.last for one in market.at(now).inputs if one.ticker] for now in times])
    lags = 15 * 60 // step_s
    falls = np.log(prices[:-lags] / prices[lags:])
    lasting = np.minimum(falls[1:], falls[:-1]).max(axis=0)
    return dict(zip(market.symbols, np.expm1(lasting).tolist(), strict=True))


@needs_recording
def test_the_crash_gives_few_alerts_and_no_line_that_a_market_fell_past_is_missing() -> None:
    start = epoch_ms("2025-10-10T20:50")
    market = recorded_market(start)
    alerts = alerts_of(market, start, 40, 15)
    counts = Counter(alert.kind for alert in alerts)
    assert counts[AlertKind.PRICE_MOVE] <= 30
    assert counts.total() <= 40
    told: defaultdict[str, list[float]] = defaultdict(list)
    for alert in alerts:
        if alert.kind is AlertKind.PRICE_MOVE:
            for each in alert.markets:
                told[each.symbol].append(math.expm1(-math.log1p((each.reading or 0) / 100)))
    fallen = lines_reached(market, start + 5 * MINUTE, 30, 15)
    assert sum(fall >= CRITICAL_MOVE for fall in fallen.values()) >= 40
    for symbol, fall in fallen.items():
        first, critical = (BTC_MOVE, CRITICAL_BTC_MOVE) if symbol == ANCHOR else (MOVE, CRITICAL_MOVE)
        lines = {critical, *(first * 2**n for n in range(8))}
        for line in sorted(line for line in lines if line <= 0.97 * fall):
            assert max(told[symbol], default=0) >= line, (symbol, line, fall)
    told_critical = {each.symbol for a in alerts if a.level is AlertLevel.CRITICAL for each in a.markets}
    assert told_critical >= {symbol for symbol, fall in fallen.items() if fall >= 0.11}


@needs_recording
@pytest.mark.parametrize(("day", "most"), [("2025-10-05T09:00", 12), ("2025-10-20T14:00", 8)])
def test_quiet_hours_give_few_alerts(day: str, most: int) -> None:
    start = epoch_ms(day)
    assert len(alerts_of(recorded_market(start), start, 120, 60)) <= most
