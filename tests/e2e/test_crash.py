"""Outcomes of signals during the recorded crash of 10 October 2025, from a collector that started after the crash."""

from __future__ import annotations

import asyncio
import math
import signal as signals
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.product import Product
from tests.programs import Market, Replay
from virtuoso.domain.model import DimensionKind, Environment
from virtuoso.domain.records import AlertKind, Side, Signal, SignalStatus
from virtuoso.history.factory import open_history_writer

pytestmark = pytest.mark.timeout(300)

CRASH_MS = (21 * 60 + 15) * 60_000  # time of day (UTC) at which the worst part began
DAY_MS = 86_400_000
MINUTE_MS = 60_000
SYMBOLS = ("SOLUSDT", "XRPUSDT", "DOGEUSDT")


@pytest.fixture
def exchange(replay: Market) -> Iterator[Replay]:
    """Return the exchange on the day after the crash. The crash is within the last 24 hours."""
    if not isinstance(replay, Replay):
        pytest.skip("RECORDED TRAFFIC IS NOT HERE: tests on it are skipped (../shared/replay beside the project)")
    replay.fault("ok", tape_date="2025-10-11")
    yield replay
    replay.fault("ok", tape_date=Replay.TODAY)


def bars(exchange: Replay, symbol: str, start_ms: int) -> list[tuple[int, float, float, float]]:
    """Return (open time, open, high, low) of closed 5m bars from `start_ms` on, as the exchange itself returns them."""
    path = f"/v5/market/kline?category=linear&symbol={symbol}&interval=5&limit=1000"
    rows = exchange.get(path)["result"]["list"]
    made = sorted((int(row[0]), float(row[1]), float(row[2]), float(row[3])) for row in rows)
    return [row for row in made if start_ms <= row[0] < time.time() * 1000 - 5 * MINUTE_MS]


def stored_signal(symbol: str, side: Side, opened_ms: int, entry: float, distance: float) -> Signal:
    """Return a signal like those of a collector."""
    sign = side.sign
    return Signal(
        id=f"bybit-{symbol}-{side.lower_name}-{opened_ms}",
        venue="bybit",
        symbol=symbol,
        side=side,
        environment=Environment.REPLAY,
        model_version="v1",
        opened_ms=opened_ms,
        entry=entry,
        stop=entry * math.exp(-sign * distance),
        targets=tuple(entry * math.exp(sign * r * distance) for r in (1.5, 3.0, 5.0)),
        sizes=(0.5, 0.3, 0.2),
        expires_ms=opened_ms + DAY_MS,
        score=75.0 if sign > 0 else 25.0,
        confidence=0.8,
        drivers=(DimensionKind.ORDERFLOW,),
        judged_ms=opened_ms,
    )


def expected_outcome(signal: Signal, rows: list[tuple[int, float, float, float]]) -> tuple[SignalStatus, int, float]:
    """Return the outcome by a simple method: bar by bar, with the stop before the targets."""
    sign, distance = signal.side.sign, abs(math.log(signal.stop / signal.entry))
    hits, result = 0, 0.0
    for _, opened, high, low in rows:
        worst, best = (low, high) if sign > 0 else (high, low)
        open_part = sum(signal.sizes[hits:])
        if sign * (worst - signal.stop) <= 0:
            price = opened if sign * (opened - signal.stop) < 0 else signal.stop
            return SignalStatus.STOPPED, hits, result + open_part * sign * math.log(price / signal.entry) / distance
        while hits < 3 and sign * (best - signal.targets[hits]) >= 0:
            result += signal.sizes[hits] * (1.5, 3.0, 5.0)[hits]
            hits += 1
        if hits == 3:
            return SignalStatus.TARGETS_REACHED, hits, result
    return SignalStatus.ACTIVE, hits, result


async def test_active_signals_are_evaluated_through_the_crash_with_one_alert_each(exchange: Replay, tmp_path: Path) -> None:
    now = int(time.time() * 1000)
    crash = now // DAY_MS * DAY_MS + CRASH_MS
    crash -= DAY_MS if crash > now - 30 * MINUTE_MS else 0  # the last one of which half an hour is known
    opened = crash - 30 * MINUTE_MS
    stored, expected = {}, {}
    for symbol in SYMBOLS:
        rows = [row for row in bars(exchange, symbol, opened) if row[0] < opened + DAY_MS]
        for side, distance in ((Side.LONG, 0.02), (Side.SHORT, 0.02)):
            if (side is Side.LONG) == (symbol == "XRPUSDT"):  # one active signal for each symbol
                continue
            made = stored_signal(symbol, side, opened, rows[0][1], distance)
            stored[made.id], outcome = made, expected_outcome(made, rows)
            if outcome[0] is not SignalStatus.ACTIVE:
                expected[made.id] = outcome
    assert expected
    product = Product(tmp_path, exchange.url, symbols="BTCUSDT,ETHUSDT")  # neither of the two is scored
    history = open_history_writer(product.env["VIRTUOSO_HISTORY"], timeout_s=20)
    await history.write(signals=list(stored.values()))
    try:
        for _ in range(2):
            worker = product.start("collect")
            async with asyncio.timeout(120):
                while not {s.id for s in await history.signals("bybit", active=False)} >= set(expected):
                    await asyncio.sleep(0.2)
                while len(await history.alerts(kinds=[AlertKind.SIGNAL_CLOSED])) < len(expected):
                    await asyncio.sleep(0.2)
            worker.send_signal(signals.SIGKILL)
            worker.wait()
        closed = {s.id: s for s in await history.signals("bybit", active=False) if s.id in stored}
        for name, (status, hits, result) in expected.items():
            assert (closed[name].status, closed[name].targets_hit) == (status, hits), name
            assert closed[name].result_r == pytest.approx(result, abs=1e-9), name
        alerts = await history.alerts(kinds=[AlertKind.SIGNAL_CLOSED])
        assert sorted(alert.reference for alert in alerts if alert.reference in expected) == sorted(expected)
    finally:
        product.close()
        await history.close()
