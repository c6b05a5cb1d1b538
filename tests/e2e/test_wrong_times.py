"""Wrong times in replies of exchanges, and in stored records, with real processes. Nothing lasting happens, and every reply
has a JSON form."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToJson

from tests.altered_exchange import AlteredExchange
from tests.contract.histories import alert, point, signal
from tests.e2e.product import SYMBOLS, DashboardMonitor, Product, eventually
from tests.programs import Market
from virtuoso.domain.clock import epoch_ms
from virtuoso.domain.model import Environment
from virtuoso.domain.records import Alert, ScorePoint, Signal, SignalStatus
from virtuoso.history.factory import open_history_writer
from virtuoso.market.v1 import market_service_pb2 as api

pytestmark = pytest.mark.timeout(300)

MINUTE, HOUR = 60_000, 3_600_000
BYBIT_TICKERS, BINANCE_TICKERS = "/v5/market/tickers", "/fapi/v1/ticker/24hr"


class WrongTimes:
    """Replies with wrong times: some always, and the time of the next Bybit tickers once."""

    def __init__(self) -> None:
        self._ahead_ms: int | None = None
        self._sent = threading.Event()

    def __call__(self, path: str, query: Mapping[str, str], body: Any) -> Any:
        if path == "/api/v3/global":
            body["data"]["updated_at"] *= 1000
        if path == "/v5/market/instruments-info":
            for row in body["result"]["list"][:40]:
                row["launchTime"] = str(int(row["launchTime"]) * 1000)
        if path == BYBIT_TICKERS and self._ahead_ms is not None:
            body["time"] += self._ahead_ms
            self._ahead_ms = None
            self._sent.set()
        return body

    def shift_once(self, ahead_ms: int) -> None:
        """Shift the time of the next Bybit tickers. Return once they were sent."""
        self._sent.clear()
        self._ahead_ms = ahead_ms
        assert self._sent.wait(30)


@pytest.fixture
def altered(replay: Market) -> Iterator[AlteredExchange]:
    with AlteredExchange(replay.url) as exchange:
        yield exchange


@pytest.fixture
def make(tmp_path: Path, altered: AlteredExchange) -> Iterator[Callable[..., Product]]:
    """Return a function that creates products on the altered exchange. They end with the test."""
    made: list[Product] = []

    def product(**settings: str) -> Product:
        made.append(Product(tmp_path, altered.url, **settings))
        return made[-1]

    yield product
    for each in made:
        each.close()


def store(folder: Path, signals: list[Signal], points: list[ScorePoint], alerts: list[Alert]) -> None:
    """Write records as another collector does, before the product starts."""

    async def write() -> None:
        writer = open_history_writer(f"sqlite:///{folder}/history.db", timeout_s=20)
        await writer.write(signals=signals, points=points)
        await writer.add_alerts(alerts, cooldown_s={})
        await writer.close()

    asyncio.run(write())


def signals_of(replay: Market) -> list[Signal]:
    """Return an active signal of each of three symbols. Neither stop nor targets are near."""
    now = epoch_ms()
    prices = {
        row["symbol"]: float(row["lastPrice"]) for row in replay.get(f"{BYBIT_TICKERS}?category=linear")["result"]["list"]
    }
    times = {"opened_ms": now - HOUR, "judged_ms": now - HOUR, "expires_ms": now + 23 * HOUR}
    return [
        signal(
            number,
            symbol=symbol,
            entry=(price := prices[symbol]),
            stop=price / 3,
            targets=(price * 3, price * 4, price * 5),
            environment=Environment.REPLAY,
            **times,
        )
        for number, symbol in enumerate(("BTCUSDT", "ETHUSDT", "SOLUSDT"))
    ]


def new_snapshot(node: Product) -> None:
    held = node.provenance().snapshot_id
    eventually(node.provenance, lambda p: p.snapshot_id != held, 15, "a new snapshot")


def test_one_reply_with_a_wrong_clock_closes_no_signal_and_stores_nothing(
    make: Callable[..., Product], altered: AlteredExchange, replay: Market, tmp_path: Path
) -> None:
    first, second, third = signals_of(replay)
    future = epoch_ms() + 31 * HOUR
    stored = [
        first,
        second,
        replace(third, status=SignalStatus.EXPIRED, closed_ms=future, exit_price=third.stop, result_r=-1.0),
    ]
    points = [point(symbol="BTCUSDT", observed_ms=future + n * MINUTE) for n in range(3)]
    store(tmp_path, stored, points, [alert("later", observed_ms=future)])
    altered.alter = wrong = WrongTimes()
    node = make(exchanges="bybit")
    node.start_collector_and_server()
    node.wait_ready()

    def active() -> set[str]:
        return {each.id for each in node.stub.ListSignals(api.ListSignalsRequest(active=True), timeout=2).signals}

    ids = {first.id, second.id, third.id}
    eventually(active, ids.__le__, 20, "the stored signals are active")
    with DashboardMonitor(node) as caller:
        for ahead_ms in (31 * HOUR, HOUR, 4 * MINUTE, 50_000):
            wrong.shift_once(ahead_ms)
            for _ in range(2):
                new_snapshot(node)
            provenance = node.provenance()
            assert provenance.observed_time.ToMilliseconds() <= epoch_ms() + 1000
            assert not provenance.stale, "newer snapshots are not held back"
            assert ids <= active()
    assert not caller.wrong
    assert set(caller.codes) == {"OK"}
    assert set(caller.venues) == {"bybit"}
    closed = node.stub.ListSignals(api.ListSignalsRequest(active=False), timeout=2)
    assert not closed.signals
    assert closed.record.all.count == 0
    request = api.GetScoreHistoryRequest(symbol="BTCUSDT")
    request.start_time.FromMilliseconds(epoch_ms() - HOUR)
    request.end_time.FromMilliseconds(future + HOUR)
    history = node.stub.GetScoreHistory(request, timeout=2)
    assert history.points
    assert all(each.observed_time.ToMilliseconds() <= epoch_ms() + 1000 for each in history.points)
    alerts = node.stub.ListAlerts(api.ListAlertsRequest(), timeout=2).alerts
    assert all(each.observed_time.ToMilliseconds() <= epoch_ms() + 1000 for each in alerts)
    for reply in (
        node.dashboard(),
        (overview := node.stub.GetOverview(api.GetOverviewRequest(), timeout=2)),
        (symbols := node.stub.ListSymbols(api.ListSymbolsRequest(), timeout=2)),
    ):
        MessageToJson(reply)
    assert overview.overview.btc_dominance_basis == 2  # the turnover, because CoinGecko's time is wrong
    assert len(symbols.symbols) == SYMBOLS
    assert "stored with a time in the future" in node.logs()


def test_rows_with_wrong_times_are_absent_and_the_venue_has_the_time_of_the_others(
    make: Callable[..., Product], altered: AlteredExchange
) -> None:
    def alter(path: str, query: Mapping[str, str], body: Any) -> Any:
        if path == BINANCE_TICKERS:
            rows = {row["symbol"]: row for row in body}
            fallen = rows["XRPUSDT"]
            fallen["closeTime"] -= 2 * HOUR
            fallen["openPrice"], fallen["priceChangePercent"] = str(2 * float(fallen["lastPrice"])), "-50.000"
            rows["SOLUSDT"]["closeTime"] *= 1000
            rows["DOGEUSDT"]["closeTime"] += 24 * HOUR
        return body

    altered.alter = alter
    node = make(exchanges="binance")
    node.start_collector_and_server()
    node.wait_ready()
    dashboard, absent = node.dashboard(), {"XRPUSDT", "SOLUSDT", "DOGEUSDT"}
    assert dashboard.provenance.coverage.present >= SYMBOLS - 4
    assert abs(dashboard.provenance.observed_time.ToMilliseconds() - epoch_ms()) < 30_000
    assert not absent & {row.symbol for row in dashboard.rows}
    movers = node.stub.ListMovers(api.ListMoversRequest(page_size=500), timeout=2)
    assert not absent & {mover.symbol for mover in (*movers.gainers, *movers.losers)}
    detail = node.stub.GetConfluence(api.GetConfluenceRequest(symbol="BTCUSDT"), timeout=2)
    assert detail.price_time.ToMilliseconds() <= detail.provenance.observed_time.ToMilliseconds()
    new_snapshot(node)
    assert not node.provenance().stale
