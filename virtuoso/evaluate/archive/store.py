"""The finished days of an archive evaluation in a folder. They are reused while their files, the days before them and the
model are the same."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from virtuoso.analysis.weights import MODEL_VERSION
from virtuoso.domain.files import replace_file
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import CANDLE_COLUMNS, Candles, Stamp, Timeframe, TimeSeries
from virtuoso.evaluate.archive.day import DAY_STEPS, FEATURES, SERIES, Carried, replay_day
from virtuoso.evaluate.archive.files import ArchiveFile, of_day

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from virtuoso.evaluate.panel import Feature, Table

FIRST = ""
"""The key before the first day of a symbol."""
CANDLE_FIELDS = (*CANDLE_COLUMNS, "taker_buy")


def key_of(day: str, files: Sequence[ArchiveFile], before: str) -> str:
    """Return a text that is the same while the files of a day, the day before and the model are the same. Raise OSError when
    a file is gone."""
    parts = [MODEL_VERSION, str(hash_of_features()), day, before]
    for one in of_day(files, day):
        status = one.path.stat()
        parts += [one.path.name, str(status.st_size), str(status.st_mtime_ns)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def hash_of_features() -> str:
    """Return a text that changes when the features change."""
    return hashlib.sha256(repr(FEATURES).encode()).hexdigest()


def stored_reason(folder: Path, symbol: str, day: str, key: str) -> str | None:
    """Return why a finished day could not be read, or "" for a day that was read. None when the day is not finished."""
    content = _load(folder / f"{symbol}-{day}.npz")
    return str(content["reason"]) if content is not None and str(content["key"]) == key else None


class DayRequest(NamedTuple):
    """A day to replay. `day_before` is the finished day before it, or ""."""

    folder: Path
    symbol: str
    day: str
    files: Sequence[ArchiveFile]
    key: str
    day_before: str


def finish_day(request: DayRequest) -> str:
    """Replay a day and store it. Return why it could not be read, or "". Raise OSError when it cannot be stored."""
    folder, symbol, day, files, key, day_before = request
    before = _load(folder / f"{symbol}-{day_before}.npz") if day_before else None
    result = replay_day(symbol, day, files, Carried() if before is None else _carried(symbol, before))
    carried = _carried(symbol, before) if result.reason and before is not None else result.carried
    arrays: dict[str, Any] = {"key": key, "reason": result.reason, "price": result.price, "turnover": result.turnover}
    for timeframe, bars in carried.candles.items():
        taker_buy = np.full(len(bars), np.nan) if bars.taker_buy is None else bars.taker_buy
        arrays |= {f"{timeframe.value} {name}": getattr(bars, name) for name in CANDLE_COLUMNS}
        arrays[f"{timeframe.value} taker_buy"] = taker_buy
    for kind, series in carried.series.items():
        arrays |= {f"{kind.value} time_ms": series.time_ms, f"{kind.value} values": series.values}
    replace_file(folder / f"{symbol}-{day}.npy", partial(np.save, arr=result.directions))
    replace_file(folder / f"{symbol}-{day}.npz", lambda stream: np.savez_compressed(stream, **arrays))
    return result.reason


def _carried(symbol: str, content: Mapping[str, Any]) -> Carried:
    candles: dict[Timeframe, Candles] = {}
    for timeframe in Timeframe:
        if f"{timeframe.value} open_ms" in content:
            columns: dict[str, Any] = {name: content[f"{timeframe.value} {name}"] for name in CANDLE_FIELDS}
            stamp = _stamp(int(columns["open_ms"][-1]) + timeframe.ms)
            candles[timeframe] = Candles(symbol=symbol, timeframe=timeframe, stamp=stamp, **columns)
    series: dict[InputKind, TimeSeries] = {}
    for kind in SERIES:
        if f"{kind.value} time_ms" in content:
            times, values = content[f"{kind.value} time_ms"], content[f"{kind.value} values"]
            series[kind] = TimeSeries(symbol=symbol, time_ms=times, values=values, stamp=_stamp(int(times[-1])))
    return Carried(candles=candles, series=series)


def _stamp(at_ms: int) -> Stamp:
    return Stamp(observed_ms=at_ms, received_ms=at_ms)


def _load(path: Path) -> dict[str, Any] | None:
    """Return the content of a stored day, or None when it is missing or damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return dict(file)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


@dataclass(frozen=True, slots=True)
class _StoredFeature:
    """The readings of one feature. Rows are read from the files of their days."""

    folder: Path
    days: Sequence[str]
    symbols: Sequence[str]
    feature: int

    @property
    def shape(self) -> tuple[int, ...]:
        """See Table."""
        return len(self.days) * DAY_STEPS, len(self.symbols)

    def __getitem__(self, rows: slice) -> NDArray[np.float32]:
        """See Table."""
        start, end, _ = rows.indices(self.shape[0])
        first = start // DAY_STEPS
        days = self.days[first : -(-end // DAY_STEPS)]
        result = np.full((len(days) * DAY_STEPS, len(self.symbols)), np.nan, dtype=np.float32)
        for column, symbol in enumerate(self.symbols):
            for number, day in enumerate(days):
                path = self.folder / f"{symbol}-{day}.npy"
                if path.exists():
                    result[_rows_of(number), column] = np.load(path, mmap_mode="r")[self.feature]
        return result[start - first * DAY_STEPS : end - first * DAY_STEPS]


@dataclass(frozen=True, slots=True)
class _StoredArray:
    """A table in a file of its own."""

    path: Path

    @property
    def shape(self) -> tuple[int, ...]:
        """See Table."""
        shape: tuple[int, ...] = np.load(self.path, mmap_mode="r").shape
        return shape

    def __getitem__(self, rows: slice) -> NDArray[Any]:
        """See Table. The file is opened for each block, so that the pages that were read are free again."""
        return np.array(np.load(self.path, mmap_mode="r")[rows])


def stored_features(folder: Path, days: Sequence[str], symbols: Sequence[str]) -> dict[Feature, Table]:
    """Return the table of each feature. NaN where there is no reading."""
    return {feature: _StoredFeature(folder, days, symbols, row) for row, feature in enumerate(FEATURES)}


def write_prices(
    folder: Path, days: Sequence[str], symbols: Sequence[str], min_turnover_usd: float, temporary: Path
) -> tuple[Table, Table]:
    """Write the price of each symbol at each step, and whether it counts there, into files in `temporary`. Return both."""
    shape = len(days) * DAY_STEPS, len(symbols)
    paths = {temporary / "price.npy": np.float64, temporary / "counted.npy": np.bool_}
    for path, kind in paths.items():
        np.lib.format.open_memmap(path, "w+", kind, shape)
    for number, day in enumerate(days):
        price, turnover = np.full((2, DAY_STEPS, len(symbols)), np.nan)
        for column, symbol in enumerate(symbols):
            if (content := _load(folder / f"{symbol}-{day}.npz")) is not None:
                price[:, column], turnover[:, column] = content["price"], content["turnover"]
        counted = np.isfinite(price) & ~(turnover < min_turnover_usd)
        for path, values in zip(paths, (price, counted), strict=True):
            np.lib.format.open_memmap(path, "r+")[_rows_of(number)] = values
    one, other = (_StoredArray(path) for path in paths)
    return one, other


def _rows_of(day: int) -> slice:
    return slice(day * DAY_STEPS, (day + 1) * DAY_STEPS)
