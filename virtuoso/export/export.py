"""The export: read records page by page, and write them as rows. Memory holds one page and one batch, whatever the range."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from virtuoso.domain.errors import HistoryError
from virtuoso.domain.files import replacing
from virtuoso.domain.tasks import run_until
from virtuoso.export.csv_file import CsvFile
from virtuoso.export.parquet_file import ParquetFile
from virtuoso.export.tables import MOVES_MS, TABLES, FollowedSignal, cells

if TYPE_CHECKING:
    from virtuoso.domain.outlook import SaidOutlook
    from virtuoso.domain.ports import HistoryReader
    from virtuoso.domain.progress import Progress
    from virtuoso.domain.records import Alert, ScorePoint, Signal

FORMATS: dict[str, Callable[..., CsvFile | ParquetFile]] = {"csv": CsvFile, "parquet": ParquetFile}
PAGE = 2_000
"""The number of records of one read."""
BATCH = 10_000
"""The number of rows of one write, and of one row group of a Parquet file."""
NEAR_MS = 300_000
"""A stored price counts for a time up to this much later."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """What to export. `table` is a key of TABLES, `form` one of FORMATS. The range is half open (epoch ms). Without
    `symbols`, all of them. With `venue` empty, all venues."""

    table: str
    form: str
    path: Path
    start_ms: int
    end_ms: int
    symbols: tuple[str, ...] = ()
    venue: str = ""


async def run_export(history: HistoryReader, request: ExportRequest, progress: Progress, stop: asyncio.Event) -> int:
    """Write the file. Return the exit code: 0, or 1 when the history or the file failed, or 130 when `stop` was set. After 1
    and 130, the file is unchanged."""
    try:
        rows = await run_until(stop, _write(history, request, progress))
    except (HistoryError, OSError) as error:
        log.error("%s: %s", type(error).__name__, error)  # noqa: TRY400 - a traceback would not help the user
        return 1
    if rows is None:
        return 130
    progress.write(f"{rows} rows written to {request.path}")
    return 0


async def _write(history: HistoryReader, request: ExportRequest, progress: Progress) -> int:
    columns, count = TABLES[request.table], 0
    with replacing(request.path) as stream:
        file = FORMATS[request.form](stream, columns)
        batch: list[Sequence[Any]] = []
        async for page in _READERS[request.table](history, request, progress):
            batch += [cells(columns, record) for record in page]
            count += len(page)
            if len(batch) >= BATCH:
                file.add(batch)
                batch = []
        file.add(batch)
        file.finish()
    return count


async def _scores(history: HistoryReader, request: ExportRequest, progress: Progress) -> AsyncIterator[Sequence[ScorePoint]]:
    """Yield the points by venue, by symbol and oldest first."""
    venues = [request.venue] if request.venue else await history.scored_venues()
    series = [(venue, symbol) for venue in venues for symbol in await history.scored_symbols(venue)]
    series = [each for each in series if not request.symbols or each[1] in request.symbols]
    for count, (venue, symbol) in enumerate(series, 1):
        start_ms = request.start_ms
        while page := await history.all_score_points(venue, symbol, start_ms=start_ms, end_ms=request.end_ms, limit=PAGE):
            yield page
            start_ms = page[-1].observed_ms + 1
        progress.advance("symbols", count, len(series))


async def _signals(
    history: HistoryReader, request: ExportRequest, progress: Progress
) -> AsyncIterator[Sequence[FollowedSignal]]:
    """Yield the signals, newest first."""

    def read(before: tuple[int, str]) -> Awaitable[Sequence[Signal]]:
        return history.signals(request.venue, symbols=request.symbols, before=before, limit=PAGE)

    before = (request.end_ms, "")
    count = 0
    while page := await read(before):
        found = [signal for signal in page if signal.opened_ms >= request.start_ms]
        yield [FollowedSignal(signal, await _moves(history, signal)) for signal in found]
        count += len(found)
        progress.write(f"signals: {count}")
        before = (page[-1].opened_ms, page[-1].id)
        if len(found) < len(page):
            return


async def _moves(history: HistoryReader, signal: Signal) -> dict[str, float | None]:
    """Return the moves of the price after the signal in its direction, percent, by the names of MOVES_MS."""
    moves: dict[str, float | None] = {}
    for name, after_ms in MOVES_MS.items():
        start_ms = signal.opened_ms + after_ms
        points = await history.all_score_points(
            signal.venue, signal.symbol, start_ms=start_ms, end_ms=start_ms + NEAR_MS, limit=1
        )
        moves[name] = 100 * signal.side.sign * (points[0].price / signal.entry - 1) if points else None
    return moves


async def _alerts(history: HistoryReader, request: ExportRequest, progress: Progress) -> AsyncIterator[Sequence[Alert]]:
    """Yield the alerts, oldest cursor first."""
    newest, cursor = await history.newest_cursor(), 0
    while page := await history.alerts(after=cursor, symbols=request.symbols, limit=PAGE):
        yield [
            alert
            for alert in page
            if request.start_ms <= alert.observed_ms < request.end_ms and request.venue in ("", alert.venue)
        ]
        cursor = page[-1].cursor or newest
        progress.advance("alerts", min(cursor, newest), newest)


async def _outlooks(
    history: HistoryReader, request: ExportRequest, progress: Progress
) -> AsyncIterator[Sequence[SaidOutlook]]:
    """Yield the outlooks, oldest first."""
    after: tuple[int, str] | None = None
    count = 0
    while page := await history.said_outlooks(request.venue, start_ms=request.start_ms, after=after, limit=PAGE):
        found = [each for each in page if each.bar_ms < request.end_ms]
        chosen = [each for each in found if not request.symbols or each.symbol in request.symbols]
        yield chosen
        count += len(chosen)
        progress.write(f"outlooks: {count}")
        after = (page[-1].bar_ms, page[-1].id)
        if len(found) < len(page):
            return


_READERS: dict[str, Callable[..., AsyncIterator[Sequence[Any]]]] = {
    "scores": _scores,
    "signals": _signals,
    "alerts": _alerts,
    "outlooks": _outlooks,
}
