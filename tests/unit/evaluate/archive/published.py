"""Small files as the venues publish them, made of a generated market: a few trades a minute, and a book that moves."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

DAY = "2025-10-10"
DAY_MS = int(datetime.fromisoformat(DAY).replace(tzinfo=UTC).timestamp() * 1000)
MINUTE = 60_000
KLINE_HEAD = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore"
)
METRICS_HEAD = (
    "create_time,symbol,sum_open_interest,sum_open_interest_value,count_toptrader_long_short_ratio,"
    "sum_toptrader_long_short_ratio,count_long_short_ratio,sum_taker_long_short_vol_ratio"
)


@dataclass(frozen=True)
class Trade:
    """One trade."""

    at_ms: int
    price: float
    size: float
    bought: bool


def trades(minutes: int, seed: int = 1, *, start_ms: int = DAY_MS, per_minute: int = 20) -> list[Trade]:
    """Return the trades of some minutes."""
    rng = np.random.default_rng(seed)
    count = minutes * per_minute
    times = np.sort(start_ms + rng.integers(0, minutes * MINUTE, count))
    prices = np.round(100 * np.exp(np.cumsum(rng.normal(0, 2e-4, count))), 2)
    rows = zip(times.tolist(), prices.tolist(), rng.lognormal(0, 1, count).round(3), rng.random(count) < 0.6, strict=True)
    return [Trade(at, price, float(size), bool(bought)) for at, price, size, bought in rows]


def zipped(path: Path, text: str) -> Path:
    """Write a zip with one file, as Binance publishes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(path.stem + ("" if path.stem.endswith(".data") else ".csv"), text)
    return path


def bybit_trades(folder: Path, symbol: str, rows: Iterable[Trade], day: str = DAY) -> Path:
    """Write BTCUSDT2025-10-10.csv.gz."""
    head = "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional,RPI"
    lines = [head]
    for number, one in enumerate(rows):
        side = "Buy" if one.bought else "Sell"
        at = f"{one.at_ms / 1000:.4f}"
        lines.append(f"{at},{symbol},{side},{one.size},{one.price},PlusTick,{symbol}-{number},1,{one.size},1,0")
    path = folder / "trading" / symbol / f"{symbol}{day}.csv.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("\n".join([*lines, ""]).encode()))
    return path


def bybit_book(folder: Path, symbol: str, minutes: int, seed: int = 2, *, gap_at: int | None = None) -> Path:
    """Write 2025-10-10_BTCUSDT_ob500.data.zip: a snapshot, then a change each half second. `gap_at` leaves one out."""
    rng = np.random.default_rng(seed)
    bids = [[f"{100 - 0.01 * (n + 1):.2f}", f"{size:.3f}"] for n, size in enumerate(rng.lognormal(1, 1, 60))]
    asks = [[f"{100 + 0.01 * (n + 1):.2f}", f"{size:.3f}"] for n, size in enumerate(rng.lognormal(1, 1, 60))]
    topic = f"orderbook.500.{symbol}"
    messages = []
    for number in range(minutes * 120):
        at_ms = DAY_MS + 100 + number * 500
        if number:
            side = asks if rng.random() < 0.5 else bids
            level = side[int(rng.integers(0, 50))]
            changed = [[level[0], f"{rng.lognormal(1, 1):.3f}"]]
            data = {"s": symbol, "b": changed if side is bids else [], "a": changed if side is asks else []}
        else:
            data = {"s": symbol, "b": bids, "a": asks}
        kind = "delta" if number else "snapshot"
        message = {"topic": topic, "type": kind, "ts": at_ms, "data": {**data, "u": 7 + number, "seq": 9 + number}}
        if number != gap_at:
            messages.append(json.dumps({**message, "cts": at_ms - 3}))
    return zipped(folder / f"{DAY}_{symbol}_ob500.data.zip", "\n".join([*messages, ""]))


def binance_trades(folder: Path, symbol: str, rows: Iterable[Trade], *, head: bool = True, day: str = DAY) -> Path:
    """Write BTCUSDT-aggTrades-2025-10-10.zip."""
    lines = ["agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker"] if head else []
    for number, one in enumerate(rows):
        maker = "false" if one.bought else "true"
        lines.append(f"{number},{one.price},{one.size},{number},{number},{one.at_ms},{maker}")
    return zipped(folder / "aggTrades" / f"{symbol}-aggTrades-{day}.zip", "\n".join([*lines, ""]))


def binance_bars(
    folder: Path, symbol: str, timeframe: str, bars: Sequence[Sequence[float]], *, period: str = DAY, head: bool = True
) -> Path:
    """Write BTCUSDT-5m-2025-10-10.zip from (open_ms, open, high, low, close, volume, taker volume)."""
    lines = [KLINE_HEAD] if head else []
    for open_ms, opened, high, low, close, volume, bought in bars:
        lines.append(f"{int(open_ms)},{opened},{high},{low},{close},{volume},{int(open_ms) + 1},1,1,{bought},1,0")
    return zipped(folder / "klines" / symbol / timeframe / f"{symbol}-{timeframe}-{period}.zip", "\n".join([*lines, ""]))


def binance_metrics(folder: Path, symbol: str, day_ms: int = DAY_MS, day: str = DAY) -> Path:
    """Write BTCUSDT-metrics-2025-10-10.zip. Its rows are not in order of time."""
    rng = np.random.default_rng(8)
    interest = 1e5 * np.exp(np.cumsum(rng.normal(0, 0.003, 288)))
    ratio = np.exp(0.3 + np.cumsum(rng.normal(0, 0.01, 288)))
    rows = []
    for step in range(288):
        at = datetime.fromtimestamp((day_ms + (step + 1) * 5 * MINUTE) / 1000, UTC)
        rows.append(f"{at:%Y-%m-%d %H:%M:%S},{symbol},{interest[step]:.3f},1,1.5,1.6,{ratio[step]:.6f},1.1")
    rows = [*rows[::2], *rows[1::2]]
    return zipped(folder / "metrics" / f"{symbol}-metrics-{day}.zip", "\n".join([METRICS_HEAD, *rows, ""]))


def binance_depth(folder: Path, symbol: str, minutes: int) -> Path:
    """Write BTCUSDT-bookDepth-2025-10-10.zip: two snapshots a minute of a book with more bids than asks."""
    lines = ["timestamp,percentage,depth,notional"]
    for number in range(2 * minutes):
        at = datetime.fromtimestamp((DAY_MS + 7_000 + 30_000 * number) / 1000, UTC)
        for percentage in (-5, -4, -3, -2, -1, -0.2, 0.2, 1, 2, 3, 4, 5):
            share = abs(percentage) / 5
            depth = 1000 * share * (1.5 if percentage < 0 else 1.0)
            notional = depth * 100 * (1 + percentage / 200)
            lines.append(f"{at:%Y-%m-%d %H:%M:%S},{percentage:.2f},{depth:.3f},{notional:.3f}")
    return zipped(folder / "bookDepth" / f"{symbol}-bookDepth-{DAY}.zip", "\n".join([*lines, ""]))


def binance_funding(folder: Path, symbol: str, month: str = "2025-10") -> Path:
    """Write BTCUSDT-fundingRate-2025-10.zip: a payment every 8 hours, some ms after the hour."""
    rng = np.random.default_rng(3)
    times = [DAY_MS + (number - 30) * 8 * 60 * MINUTE + 3 for number in range(40)]
    rows = [f"{at_ms},8,{rng.normal(1e-4, 5e-5):.8f}" for at_ms in times]
    lines = ["calc_time,funding_interval_hours,last_funding_rate", *rows]
    return zipped(folder / "fundingRate" / f"{symbol}-fundingRate-{month}.zip", "\n".join([*lines, ""]))
