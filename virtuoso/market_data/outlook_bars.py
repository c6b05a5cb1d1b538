"""The 4h bars of the most traded symbols of one venue, for the outlook. They are kept in a file, so that a restart requests
only the new ones.

The requests have the lowest priority: one at a time, with a pause after each, and only while the feed is filled. A first
round reads 1,000 bars of 200 symbols and takes some minutes; a later one reads the new bars once in 4 hours."""

from __future__ import annotations

import asyncio
import logging
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from virtuoso.domain.errors import BadData, EmptyData, ExchangeError, Unsupported
from virtuoso.domain.files import replace_file
from virtuoso.domain.model import ANCHOR, CANDLE_COLUMNS, Candles, Stamp, Timeframe
from virtuoso.domain.plausibility import MAX_OUTLOOK_SYMBOLS
from virtuoso.market_data.merge import merge_candles

if TYPE_CHECKING:
    from virtuoso.domain.clock import Clock
    from virtuoso.domain.model import Instrument
    from virtuoso.domain.ports import Exchange

log = logging.getLogger(__name__)

FIRST_BARS = 1_000
KEPT_BARS = 1_860
"""Training, record, the longest horizon and the longest feature need so many bars at most."""
CANDIDATES = 220
"""The symbols with the highest turnover of 24 hours. The universe has the 200 with the highest turnover of 7 days."""
PAUSE_S = 0.25
MAX_FAILURES = 5
"""After this number of consecutive failures, the round ends."""
STEP_MS = Timeframe.H4.ms
SYMBOL_ERRORS = (BadData, EmptyData)
"""Errors of one symbol and not of the venue."""


class OutlookBars:
    """Bars by symbol, kept in the file at `path`. The file must belong to one venue and environment. None: not kept."""

    def __init__(self, exchange: Exchange, path: Path | None, clock: Clock) -> None:
        self._exchange = exchange
        self._path = path
        self._clock = clock
        self.candles: dict[str, Candles] = {}
        self.unread: frozenset[str] = frozenset()  # symbols that the last round could not read

    async def load(self) -> None:
        """Read the file. A file that is missing or cannot be read is the same as no bars."""
        if self._path is not None:
            self.candles = await asyncio.to_thread(_read, self._path)

    async def save(self) -> None:
        """Write the file. A failure is logged: the bars are then requested again after a restart."""
        if self._path is None or not self.candles:
            return
        try:
            await asyncio.to_thread(_write, self._path, dict(self.candles))
        except OSError as error:
            log.warning("the bars of the outlook cannot be kept: %s", error)

    async def read_round(
        self, instruments: Iterable[Instrument], tracked: frozenset[str], turnover: Mapping[str, float], now_ms: int
    ) -> bool:
        """Read the missing bars of the tracked symbols, of BTC, and of those with the highest turnover of 24 hours. Return
        False if the venue failed.

        `now_ms` is the exchange's time. Symbols that are no longer listed, and those beyond MAX_OUTLOOK_SYMBOLS, are
        discarded."""
        listed = {item.symbol: item for item in instruments}
        first = tracked | {ANCHOR}
        ranked = sorted(listed, key=lambda symbol: (symbol not in first, -turnover.get(symbol, 0.0), symbol))
        wanted = list(dict.fromkeys([*ranked[:CANDIDATES], *(symbol for symbol in ranked if symbol in self.candles)]))
        wanted = wanted[:MAX_OUTLOOK_SYMBOLS]
        self.candles = {symbol: self.candles[symbol] for symbol in wanted if symbol in self.candles}
        unread, failures, changed = set(wanted), 0, False
        for symbol in wanted:
            try:
                changed |= await self._read_symbol(listed[symbol], now_ms)
            except Unsupported:
                break
            except SYMBOL_ERRORS as error:
                log.debug("outlook: %s: %s", symbol, error)
            except ExchangeError as error:
                failures += 1
                if failures >= MAX_FAILURES:
                    log.info("outlook: %s does not answer: %s", self._exchange.venue, error)
                    break
            else:
                failures = 0
                unread.discard(symbol)
        self.unread = frozenset(unread)
        if changed:
            await self.save()
        return failures < MAX_FAILURES

    async def _read_symbol(self, instrument: Instrument, now_ms: int) -> bool:
        """Read the missing bars of one symbol. Return False if there is none to read."""
        old = self.candles.get(instrument.symbol)
        newest_ms = now_ms // STEP_MS * STEP_MS - STEP_MS  # the opening time of the newest closed bar
        missing = FIRST_BARS if old is None else min((newest_ms - int(old.open_ms[-1])) // STEP_MS, FIRST_BARS)
        if missing <= 0:
            return False
        bars = await self._page(instrument, min(missing + 1, FIRST_BARS))
        while len(bars) < missing and (older := await self._older(instrument, bars, missing)) is not None:
            bars = merge_candles(older, bars, limit=KEPT_BARS)
        merged = merge_candles(old, bars, limit=KEPT_BARS)
        self.candles[instrument.symbol] = merged.cut(merged.run_start())
        return True

    async def _older(self, instrument: Instrument, bars: Candles, wanted: int) -> Candles | None:
        """Return the bars before `bars`, or None if there are none."""
        try:
            older = await self._page(instrument, wanted - len(bars), before_ms=int(bars.open_ms[0]))
        except EmptyData:
            return None
        return older if int(older.open_ms[0]) < int(bars.open_ms[0]) else None

    async def _page(self, instrument: Instrument, limit: int, *, before_ms: int | None = None) -> Candles:
        try:
            return await self._exchange.candles(instrument, Timeframe.H4, limit=limit, before_ms=before_ms)
        finally:
            await self._clock.sleep(PAUSE_S)


def _write(path: Path, candles: Mapping[str, Candles]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(bars, name) for bars in candles.values()]) for name in CANDLE_COLUMNS
    }
    lengths = [len(bars) for bars in candles.values()]
    stamps = [(bars.stamp.observed_ms, bars.stamp.received_ms) for bars in candles.values()]
    replace_file(path, lambda file: np.savez(file, symbols=list(candles), lengths=lengths, stamps=stamps, **columns))


def _read(path: Path) -> dict[str, Candles]:
    """Return the content of the file. Return {} when it is missing or damaged."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            columns: dict[str, Any] = {name: np.ascontiguousarray(file[name]) for name in CANDLE_COLUMNS}
            symbols, lengths, stamps = file["symbols"].tolist(), file["lengths"].tolist(), file["stamps"].tolist()
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return {}
    ends = np.cumsum([0, *lengths])
    prices = np.array([columns[name] for name in ("open", "high", "low", "close")])
    if {len(values) for values in columns.values()} != {int(ends[-1])} or not (np.isfinite(prices) & (prices > 0)).all():
        return {}
    result = {}
    for symbol, first, end, (observed_ms, received_ms) in zip(symbols, ends[:-1], ends[1:], stamps, strict=True):
        whole = Candles(
            symbol=symbol,
            timeframe=Timeframe.H4,
            stamp=Stamp(observed_ms=observed_ms, received_ms=received_ms),
            **columns,
        )
        bars = whole.cut(int(first), int(end))
        if len(bars) and not bars.run_start() and not (bars.open_ms % STEP_MS).any():
            result[symbol] = bars
    return result
