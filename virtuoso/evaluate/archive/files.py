"""The files of an archive folder. Their names are those under which the venues publish them; folders do not matter.

| venue | file | from |
|---|---|---|
| Bybit | `2025-10-10_BTCUSDT_ob500.data.zip` | the venue's page of historical data, order book of derivatives |
| Bybit | `BTCUSDT2025-10-10.csv.gz` | public.bybit.com/trading |
| Binance | `BTCUSDT-1m-2025-10-10.zip` (also 5m, 30m, 4h, and months) | data.binance.vision/data/futures/um, klines |
| Binance | `BTCUSDT-aggTrades-2025-10-10.zip`, `…-bookDepth-…`, `…-metrics-…` | the same, daily |
| Binance | `BTCUSDT-fundingRate-2025-10.zip` | the same, monthly |
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from virtuoso.domain.model import Timeframe

SYMBOL, DAY, MONTH = r"(?P<symbol>[^\W_]{1,24}USDT)", r"(?P<period>\d{4}-\d\d-\d\d)", r"(?P<period>\d{4}-\d\d(?:-\d\d)?)"
OTHER_MARKETS = {"spot", "cm", "option", "markPriceKlines", "indexPriceKlines", "premiumIndexKlines"}
"""Folders of data.binance.vision whose files have the same names, but not the bars of a USDT perpetual."""


class FileKind(Enum):
    """What a file has."""

    BOOK = "order book"
    TRADES = "trades"
    BARS = "bars"
    DEPTH = "book depth"
    METRICS = "metrics"
    FUNDING = "funding"


class ArchiveFile(NamedTuple):
    """One file. `period` is its day (2025-10-10) or month (2025-10). `timeframe` is that of bars."""

    venue: str
    symbol: str
    kind: FileKind
    period: str
    path: Path
    timeframe: Timeframe | None = None


_NAMES: tuple[tuple[str, FileKind, re.Pattern[str]], ...] = (
    ("bybit", FileKind.BOOK, re.compile(rf"{DAY}_{SYMBOL}_ob\d+\.data(\.zip)?")),
    ("bybit", FileKind.TRADES, re.compile(rf"{SYMBOL}{DAY}\.csv(\.gz)?")),
    ("binance", FileKind.BARS, re.compile(rf"{SYMBOL}-(?P<timeframe>1m|5m|30m|4h)-{MONTH}\.(zip|csv)")),
    ("binance", FileKind.TRADES, re.compile(rf"{SYMBOL}-aggTrades-{DAY}\.(zip|csv)")),
    ("binance", FileKind.DEPTH, re.compile(rf"{SYMBOL}-bookDepth-{DAY}\.(zip|csv)")),
    ("binance", FileKind.METRICS, re.compile(rf"{SYMBOL}-metrics-{DAY}\.(zip|csv)")),
    ("binance", FileKind.FUNDING, re.compile(rf"{SYMBOL}-fundingRate-{MONTH}\.(zip|csv)")),
)


def find_files(folder: Path) -> list[ArchiveFile]:
    """Return the files of a folder and its subfolders that an evaluation can read, ordered by their path. Raise OSError when
    the folder cannot be read."""
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is no folder")
    found = []
    for path in sorted(folder.rglob("*")):
        if OTHER_MARKETS & set(path.relative_to(folder).parts[:-1]):
            continue
        for venue, kind, name in _NAMES:
            if match := name.fullmatch(path.name):
                parts = match.groupdict()
                timeframe = Timeframe(parts["timeframe"]) if "timeframe" in parts else None
                found.append(ArchiveFile(venue, parts["symbol"], kind, parts["period"], path, timeframe))
    return found


def of_day(files: Iterable[ArchiveFile], day: str) -> list[ArchiveFile]:
    """Return the files that cover a day. Where a day has a file of its own, that of its month is left out."""
    covering = [one for one in files if day.startswith(one.period)]
    daily = {(one.kind, one.timeframe) for one in covering if one.period == day}
    return [one for one in covering if one.period == day or (one.kind, one.timeframe) not in daily]
