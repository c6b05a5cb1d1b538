"""Alerts on trades, funding, open interest and liquidations over recorded markets: every word and number is true.

Thresholds are lower than usual, so that there is something to tell.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import pytest

from tests.recorded_flow import AMOUNT, ComputedInterest, CrashLiquidations, RecordedFunding, RecordedTrades
from tests.recorded_hours import DATA
from virtuoso.analysis.alert_groups import NO_ALERTS
from virtuoso.analysis.alert_rules import MarketPass, market_alerts
from virtuoso.domain.model import Environment

if TYPE_CHECKING:
    from tests.recorded_flow import Source
    from virtuoso.domain.records import Alert

MINUTE = 60_000
WAIT_MS = 17 * MINUTE  # the longest time from a reading to its alert


def shows(text: str, value: float) -> bool:
    """Return True if a number in a text, such as 0.15 or 1.2 M, is `value` with the digits that it has."""
    number, *unit = text.split()
    digits = len(number.partition(".")[2])
    of_unit = {"k": 1e3, "M": 1e6}.get("".join(unit), 1.0)
    return abs(float(number) - value / of_unit) <= 0.5001 / 10.0**digits


def is_true_alone(alert: Alert, source: Source) -> bool:
    match = re.fullmatch(source.single, alert.text)
    assert match is not None, alert.text
    symbol, subject = match["symbol"], match["subject"]
    shown = [one for one in match.groups() if one not in (symbol, subject)]
    return any(
        math.isclose(abs(alert.reading or 0.0), figures[0], rel_tol=1e-9)
        and len(shown) == len(figures)
        and all(map(shows, shown, figures))
        for now_ms in passes_before(alert, source)
        for figures in source.figures(symbol, subject, now_ms)
    )


def is_true_together(alert: Alert, source: Source) -> bool:
    match = re.fullmatch(source.many, alert.text)
    assert match is not None, alert.text
    readings = {one.symbol: abs(one.reading or 0.0) for one in alert.markets}
    count, subject, *least, listed = match.groups()
    items, _, more = listed.partition(", and ")
    named = dict(re.findall(r"(\w+) [-+]?([\d.]+(?: [kM])?)(?: USDT| %)?(?:, |$)", items))
    return (
        int(count) == len(readings) == len(named) + int(more.split()[0] if more else 0)
        and all(shows(text, readings[symbol]) for symbol, text in named.items())
        and all(float(text) <= min(readings.values()) + 1e-6 for text in least)
        and all(
            any(
                math.isclose(reading, figures[0], rel_tol=1e-9)
                for now_ms in passes_before(alert, source)
                for figures in source.figures(symbol, subject, now_ms)
            )
            for symbol, reading in readings.items()
        )
    )


def passes_before(alert: Alert, source: Source) -> list[int]:
    return [now_ms for now_ms in source.times if alert.observed_ms - WAIT_MS <= now_ms <= alert.observed_ms]


def alerts_of(source: Source, count: int | None = None) -> list[Alert]:
    """Return the alerts of the first markets, or of all."""
    before, state, alerts = None, NO_ALERTS, []
    for now_ms in source.times:
        inputs = {one.symbol: one for one in source.inputs(now_ms)[:count]}
        one = MarketPass(venue="bybit", environment=Environment.REPLAY, now_ms=now_ms, inputs=inputs)
        before, raised, state = market_alerts(before, one, state)
        alerts += [alert for alert in raised if alert.kind is source.kind]
    return alerts


@pytest.fixture(params=[RecordedTrades, RecordedFunding, ComputedInterest, CrashLiquidations])
def source(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Source:
    if not (DATA / "binance_5m.npz").exists():
        pytest.skip("RECORDED TRAFFIC IS NOT HERE: tests on it are skipped (../shared/replay beside the project)")
    for module, values in request.param.thresholds.items():
        for name, value in values.items():
            monkeypatch.setattr(module, name, value)
    found: Source = request.param()
    return found


def test_every_word_and_number_of_an_alert_is_true_to_the_rows(source: Source) -> None:
    alerts = alerts_of(source)
    alone = [alert for alert in (*alerts, *alerts_of(source, 2)) if alert.symbol]
    together = [alert for alert in alerts if len(alert.markets) > 1]
    assert len(alone) >= 2
    assert together
    assert [alert.text for alert in alone if not is_true_alone(alert, source)] == []
    assert [alert.text for alert in together if not is_true_together(alert, source)] == []
    if isinstance(source, CrashLiquidations):
        whole = [alert for alert in alerts if not alert.symbol and len(alert.markets) == 1]
        assert whole
        assert [alert.text for alert in whole if not is_true_of_all_markets(alert, source)] == []


def is_true_of_all_markets(alert: Alert, source: CrashLiquidations) -> bool:
    words = (
        rf"{AMOUNT} of (longs|shorts) were liquidated in (\d+) markets within 5 minutes, "
        r"([\d.]+) % of the day's turnover of all tracked markets\. Most in (.*)\."
    )
    match = re.fullmatch(words, alert.text)
    assert match is not None, alert.text
    amount, subject, count, share, listed = match.groups()
    now_ms = alert.observed_ms
    counted = {s: usd for s, usd in source.closed(subject, now_ms).items() if 0 < usd <= source.traded(s, now_ms)}
    total = math.fsum(counted.values())
    largest = sorted(counted.items(), key=lambda one: -one[1])[:3]
    named = re.findall(rf"(\w+) {AMOUNT}", listed)
    return (
        shows(amount, total)
        and int(count) == len(counted)
        and shows(share, 100 * total / math.fsum(source.turnover(s, now_ms) for s in source.rows))
        and [symbol for symbol, _ in named] == [symbol for symbol, _ in largest]
        and all(shows(text, usd) for (_, text), (_, usd) in zip(named, largest, strict=True))
    )
