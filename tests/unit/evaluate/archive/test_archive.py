"""Files as the venues publish them give the market that live data gives, day by day, and a run can be interrupted."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.unit.evaluate.archive.published import (
    DAY,
    DAY_MS,
    MINUTE,
    Trade,
    binance_bars,
    binance_depth,
    binance_funding,
    binance_metrics,
    binance_trades,
    bybit_book,
    bybit_trades,
    trades,
    zipped,
)
from virtuoso.domain.model import DimensionKind, Environment, Timeframe
from virtuoso.evaluate.archive import evaluation, store
from virtuoso.evaluate.archive.day import FEATURES, Carried, DayResult, replay_day
from virtuoso.evaluate.archive.evaluation import evaluate_archive
from virtuoso.evaluate.archive.files import FileKind, find_files, of_day
from virtuoso.evaluate.archive.rows import DamagedFile, lines, table, time_ms
from virtuoso.evaluate.archive.sources import banded_book
from virtuoso.evaluate.evaluate import Console, EvaluationSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from virtuoso.domain.model import Floats

BTC = "BTCUSDT"


def bars_of(rows: list[Trade], minutes: int, length: int = 60) -> list[tuple[float, ...]]:
    """Return (open_ms, open, high, low, close, volume, taker volume) of each bar, a second way."""
    found: list[tuple[float, ...]] = []
    for open_ms in range(DAY_MS, DAY_MS + length * MINUTE, minutes * MINUTE):
        inside = [one for one in rows if open_ms <= one.at_ms < open_ms + minutes * MINUTE]
        prices = [one.price for one in inside] or [found[-1][4]]  # no trade: the price before
        bought = float(sum(one.size for one in inside if one.bought))
        volume = float(sum(one.size for one in inside))
        found.append((open_ms, prices[0], max(prices), min(prices), prices[-1], volume, bought))
    return found


def replayed(folder: Path, symbol: str = BTC, before: Carried | None = None) -> DayResult:
    files = [one for one in find_files(folder) if one.symbol == symbol]
    return replay_day(symbol, DAY, files, before or Carried())


def measured(result: DayResult, step: int) -> dict[str, float]:
    column = result.directions[:, step]
    found = zip(FEATURES, column.tolist(), strict=True)
    return {f"{one.dimension}.{one.name}".lstrip("."): value for one, value in found if np.isfinite(value)}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2025-10-10_BTCUSDT_ob500.data.zip", ("bybit", "BTCUSDT", FileKind.BOOK, "2025-10-10", None)),
        ("2025-10-10_1000PEPEUSDT_ob200.data.zip", ("bybit", "1000PEPEUSDT", FileKind.BOOK, "2025-10-10", None)),
        ("BTCUSDT2025-10-10.csv.gz", ("bybit", "BTCUSDT", FileKind.TRADES, "2025-10-10", None)),
        ("BTCUSDT-30m-2025-10.zip", ("binance", "BTCUSDT", FileKind.BARS, "2025-10", Timeframe.M30)),
        ("BTCUSDT-aggTrades-2025-10-10.zip", ("binance", "BTCUSDT", FileKind.TRADES, "2025-10-10", None)),
        ("BTCUSDT-fundingRate-2025-10.zip", ("binance", "BTCUSDT", FileKind.FUNDING, "2025-10", None)),
        ("BTCUSDT-15m-2025-10-10.zip", None),
        ("BTCUSDT-5m-2025-10-10.zip.CHECKSUM", None),
        ("markPriceKlines/BTCUSDT-5m-2025-10-10.zip", None),
        ("spot/daily/klines/BTCUSDT-5m-2025-10-10.zip", None),
    ],
)
def test_a_file_is_known_by_the_name_that_the_venue_gives_it(tmp_path: Path, name: str, expected: object) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).touch()
    found = [(one.venue, one.symbol, one.kind, one.period, one.timeframe) for one in find_files(tmp_path)]
    assert found == ([expected] if expected else [])


def test_a_day_has_its_own_file_rather_than_that_of_its_month(tmp_path: Path) -> None:
    for name in ("BTCUSDT-5m-2025-10.zip", "BTCUSDT-5m-2025-10-10.zip", "BTCUSDT-4h-2025-10.zip"):
        (tmp_path / name).touch()
    files = find_files(tmp_path)
    assert sorted(one.path.name for one in of_day(files, "2025-10-10")) == [
        "BTCUSDT-4h-2025-10.zip",
        "BTCUSDT-5m-2025-10-10.zip",
    ]
    assert len(of_day(files, "2025-10-11")) == 2
    assert of_day(files, "2025-11-01") == []


def test_files_of_months_alone_have_all_days_of_these_months(tmp_path: Path) -> None:
    for month in ("2024-01", "2024-02"):
        (tmp_path / f"BTCUSDT-5m-{month}.zip").touch()
    days = evaluation.days_of(find_files(tmp_path))
    assert (days[0], days[-1], len(days)) == ("2024-01-01", "2024-02-29", 60)


def test_rows_are_read_with_and_without_a_header_and_times_of_each_form(tmp_path: Path) -> None:
    for head in ("", "price,id,extra\n"):
        file = zipped(tmp_path / "a.zip", head + ("1,7,2\n3,8,4\n" if head else "7,1\n8,3\n"))
        assert list(table(file, ("id", "price"), ("price", "id"))) == [("1", "7"), ("3", "8")]
        if head:
            with pytest.raises(DamagedFile, match="no column size"):
                list(table(file, (), ("size",)))
    assert time_ms("2025-10-10 00:00:01") == DAY_MS + 1000
    assert time_ms(f"{DAY_MS / 1000:.4f}") == time_ms(str(DAY_MS)) == DAY_MS
    file.write_bytes(file.read_bytes()[:60])
    with pytest.raises(DamagedFile, match=r"a\.zip"):
        list(lines(file))


def test_bars_that_are_made_of_bybits_trades_are_those_of_all_trades(tmp_path: Path) -> None:
    rows = [one for one in trades(61) if not 32 <= (one.at_ms - DAY_MS) / MINUTE < 33]
    bybit_trades(tmp_path, BTC, rows)
    candles = replayed(tmp_path).carried.candles
    for timeframe, minutes in ((Timeframe.M1, 1), (Timeframe.M5, 5), (Timeframe.M30, 30)):
        bars = candles[timeframe]
        first = int(np.searchsorted(bars.open_ms, DAY_MS))
        columns = (bars.open_ms, bars.open, bars.high, bars.low, bars.close, bars.volume, bars.taker_buy)
        found = np.array([column[first : first + 60 // minutes] for column in columns if column is not None]).T
        assert found == pytest.approx(np.array(bars_of(rows, minutes)))


def test_all_dimensions_but_sentiment_are_measured_from_bybits_books_and_trades(tmp_path: Path) -> None:
    bybit_trades(tmp_path, BTC, trades(61))
    bybit_book(tmp_path, BTC, 61)
    found = measured(replayed(tmp_path), 11)  # after an hour
    assert {"orderflow", "orderbook", "orderflow.taker_delta", "orderbook.microprice"} <= set(found)
    assert {"orderbook.order_flow_imbalance", "technical.rsi_1m", "volume"} <= set(found)
    assert found["orderflow.taker_delta"] > 0  # takers buy 60 %
    assert not any(name.startswith("sentiment") for name in found)


def test_after_a_missing_change_the_book_is_not_known(tmp_path: Path) -> None:
    bybit_trades(tmp_path, BTC, trades(21))
    bybit_book(tmp_path, BTC, 21, gap_at=120 * 12)
    result = replayed(tmp_path)
    assert "orderbook" in measured(result, 1)
    assert "orderbook" not in measured(result, 3)


def test_all_dimensions_are_measured_from_binances_files(tmp_path: Path) -> None:
    rows = trades(81)
    binance_trades(tmp_path, BTC, rows, head=False)
    history = np.random.default_rng(5).normal(0, 1e-3, (300, 2))
    close = 100 * np.exp(np.cumsum(history[:, 0])[::-1])
    month = [
        (DAY_MS - (n + 1) * 5 * MINUTE, close[n], close[n] * 1.002, close[n] / 1.002, close[n] * 1.0005, 9.0, 4.0)
        for n in reversed(range(300))
    ]
    binance_bars(tmp_path, BTC, "1m", bars_of(rows, 1, 80))
    binance_bars(tmp_path, BTC, "5m", bars_of(rows, 5, 80))
    binance_bars(tmp_path, BTC, "5m", month, period="2025-10", head=False)  # not read: the day has its own file
    binance_metrics(tmp_path, BTC)
    binance_depth(tmp_path, BTC, 81)
    binance_funding(tmp_path, BTC)
    result = replayed(tmp_path)
    found = measured(result, 14)  # after 75 minutes
    assert {kind.lower_name for kind in DimensionKind} <= set(found)
    assert {"sentiment.funding", "sentiment.open_interest", "sentiment.accounts", "orderflow.positioning"} <= set(found)
    assert found["orderbook.imbalance_wide"] > 0  # more bids than asks
    assert {"orderbook.microprice", "orderbook.slope", "orderbook.order_flow_imbalance"} & set(found) == set()
    assert result.price[0] == pytest.approx(bars_of(rows, 5)[0][4])
    bars = result.carried.candles[Timeframe.M5]
    assert bars.taker_buy is not None
    assert bars.taker_buy[:3].tolist() == pytest.approx([bar[6] for bar in bars_of(rows, 5)[:3]])


def test_bands_become_levels_at_the_mean_price_of_their_size() -> None:
    bands = [(-2.0, 30.0, 2_960.0), (-1.0, 10.0, 995.0), (1.0, 8.0, 804.0), (2.0, 20.0, 2_022.0)]
    book = banded_book(BTC, bands, 5)
    assert book is not None
    assert book.bids.tolist() == pytest.approx(np.array([[99.5, 10], [98.25, 20]]))
    assert book.asks.tolist() == pytest.approx(np.array([[100.5, 8], [101.5, 12]]))
    assert book.banded
    assert banded_book(BTC, [(-1.0, 10.0, 1_100.0), (1.0, 8.0, 804.0)], 5) is None  # crossed: a known fault of such files
    assert banded_book(BTC, [(-1.0, 10.0, 995.0)], 5) is None


def test_later_rows_change_nothing_before_them(tmp_path: Path) -> None:
    rows = trades(120)
    directions = []
    for name in ("known", "exchanged"):
        folder = tmp_path / name
        later = [
            Trade(one.at_ms, 3 * one.price, one.size, not one.bought) for one in rows if one.at_ms > DAY_MS + 60 * MINUTE
        ]
        kept = [one for one in rows if one.at_ms <= DAY_MS + 60 * MINUTE]
        binance_trades(folder, BTC, rows if name == "known" else [*kept, *later])
        binance_metrics(folder, BTC)
        directions.append(replayed(folder).directions)
    assert np.array_equal(directions[0][:, :12], directions[1][:, :12], equal_nan=True)
    assert not np.array_equal(directions[0][:, 12:20], directions[1][:, 12:20], equal_nan=True)


def test_a_damaged_day_has_no_readings_and_gives_its_reason(tmp_path: Path) -> None:
    file = bybit_trades(tmp_path, BTC, trades(60))
    file.write_bytes(file.read_bytes()[:-300])
    result = replayed(tmp_path)
    assert str(file) in result.reason
    assert not np.isfinite(result.directions).any()
    bybit_trades(tmp_path, BTC, reversed(trades(60)))
    assert "not in order of time" in replayed(tmp_path).reason


@asynccontextmanager
async def threads() -> AsyncIterator[ThreadPoolExecutor]:
    """Yield a pool as `worker_pool` does, without processes."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


async def evaluated(folder: Path, tmp_path: Path, out: str, **given: Any) -> tuple[int, str, str]:
    """Return (exit code, report, progress)."""
    console = Console(out=io.StringIO(), err=io.StringIO())
    settings = EvaluationSettings(
        environment=Environment.REPLAY, days=30, symbols=20, output=tmp_path / out, seed=1, **given
    )
    code = await evaluate_archive(folder, "binance", settings, min_turnover_usd=0, cache=tmp_path / "cache", console=console)
    assert isinstance(console.out, io.StringIO)
    assert isinstance(console.err, io.StringIO)
    return code, console.out.getvalue(), console.err.getvalue()


async def test_an_interrupted_run_goes_on_and_gives_the_same_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "worker_pool", threads)
    days = (DAY, "2025-10-11")
    for number, day in enumerate(days):
        for symbol in ("BTCUSDT", "ETHUSDT"):
            start_ms = DAY_MS + number * 86_400_000
            rows = trades(30, seed=number + 5 * (symbol == "BTCUSDT"), start_ms=start_ms)
            binance_trades(tmp_path / "files" / day, symbol, rows, day=day)
    calls: list[str] = []
    finish = store.finish_day

    def counted(request: store.DayRequest) -> str:
        calls.append(f"{request.symbol} {request.day}")
        if len(calls) == 4:
            raise OSError("interrupted")
        return finish(request)

    monkeypatch.setattr(evaluation, "finish_day", counted)
    with pytest.raises(ExceptionGroup):
        await evaluated(tmp_path / "files", tmp_path, "interrupted")
    interrupted = len(calls)
    code, report, progress = await evaluated(tmp_path / "files", tmp_path, "out")
    assert len(calls) == interrupted + 1
    assert "days replayed: 4 of 4" in progress
    assert code == 1  # two symbols are too few for a verdict
    assert "orderflow" in report
    assert "no step has 20 symbols" in report
    files = [one for one in find_files(tmp_path / "files") if one.symbol == BTC]
    before: Carried = Carried()
    for day in days:
        result = replay_day(BTC, day, files, before)
        before = result.carried
        stored: Floats = np.load(tmp_path / "cache" / "archive-binance" / f"{BTC}-{day}.npy")
        assert np.array_equal(stored, result.directions, equal_nan=True)
    key = store.key_of(DAY, files, store.FIRST)
    later = store.key_of(days[1], files, key)
    binance_trades(tmp_path / "files" / DAY, BTC, trades(29, seed=3), day=DAY)
    assert store.key_of(DAY, files, store.FIRST) != key
    assert store.key_of(days[1], files, store.key_of(DAY, files, store.FIRST)) != later  # a day depends on the one before
