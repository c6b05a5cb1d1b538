"""Recorder: what exchanges reply and what the collector does with it, noted in the order in which it takes effect."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import platform
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from virtuoso.analysis.weights import DEFAULT_WEIGHTS, Weights
from virtuoso.domain.clock import Clock
from virtuoso.domain.errors import ExchangeError
from virtuoso.domain.model import Environment
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.exchange.replies import RECORDED_REPLIES, Reply
from virtuoso.recording.recording import FORMAT, Event, RecordingFile
from virtuoso.wire import snapshots

if TYPE_CHECKING:
    from virtuoso.collector.one_pass import PassRequest
    from virtuoso.domain.model import (
        Candles,
        Instrument,
        OrderBook,
        Snapshot,
        Ticker,
        Timeframe,
        TimeSeries,
        Trades,
    )
    from virtuoso.exchange.premiums import Rows
    from virtuoso.market_data.universe import UniverseRules

log = logging.getLogger(__name__)

FLUSH_S = 1.0
REPORT_S = 60.0
HEADERS = frozenset(("content-type", "date", "timenow", "retry-after", "x-bapi-limit-reset-timestamp"))  # that are read
LIBRARIES = ("virtuoso", "ccxt", "numpy", "ta-lib")  # on whose arithmetic and reading the bytes of a score depend


def digest(snapshot: Snapshot) -> str:
    """Of the bytes of a snapshot, as they are when it is played again."""
    return snapshots.checksum(snapshots.encode_snapshot(replace(snapshot, environment=Environment.REPLAY))).hex()


def made_by() -> Mapping[str, str]:
    """What here decides, beside our model, on the last bit of a score."""
    return {name: version(name) for name in LIBRARIES} | {"machine": platform.machine()}


class Recorder:
    """One session on a tape: the collector's `PassObserver`, and where `RecordedExchange` notes replies. `opportunities` and
    `weights`: as the engine's."""

    def __init__(
        self,
        tape: RecordingFile,
        *,
        venues: Sequence[str],
        rules: UniverseRules,
        opportunities: bool = True,
        weights: Weights = DEFAULT_WEIGHTS,
        clock: Clock,
    ) -> None:
        self._tape, self._clock = tape, clock
        self._header = {
            "tape": FORMAT,
            "at": clock.now_ms(),
            "model": weights.version,
            "weights": weights.told(),
            "made_by": made_by(),
            "venues": list(venues),
            "rules": asdict(rules),
            "opportunities": opportunities,
        }
        self._noted: list[tuple[dict[str, Any], Snapshot | None]] = []
        self._begun = self._full = False
        self._passes = 0
        self.replies = 0
        self.snapshots: Counter[str] = Counter()  # published, by venue

    # ------------------------------------------------------------------------------------------------- what is noted

    def operation(self, op: str, venue: str, which: Mapping[str, Any], replies: Sequence[Reply]) -> None:
        """An exchange was asked and its answer, or failure, is taken in at this moment."""
        self.replies += len(replies)
        self._note({"op": op, "venue": venue, **which, "replies": [_kept(reply) for reply in replies]})

    def started(self, venue: str, request: PassRequest) -> int:
        """See `virtuoso.collector.one_pass.PassObserver`."""
        self._passes += 1
        said: dict[str, Any] = {"pass": self._passes, "venue": venue, "trading": request.trading}
        if (fallback := request.fallback) is not None:
            said["fallback"] = [fallback.venue, fallback.reason]
        if (dominance := request.dominance) is not None:
            said["dominance"] = [dominance.percent, dominance.basis, dominance.observed_ms]
        self._note(said)
        return self._passes

    def scored(self, number: int, snapshot: Snapshot) -> None:
        """See `virtuoso.collector.one_pass.PassObserver`."""
        self._note({"scored": number, "id": snapshot.id, "computed_ms": snapshot.computed_ms}, snapshot)

    def published(self, snapshot: Snapshot) -> None:
        """See `virtuoso.collector.one_pass.PassObserver`."""
        self.snapshots[snapshot.venue] += 1
        self._note({"published": snapshot.id, "venue": snapshot.venue})

    def _note(self, event: dict[str, Any], snapshot: Snapshot | None = None) -> None:
        event["at"] = self._clock.now_ms()
        self._noted.append((event, snapshot))

    # ------------------------------------------------------------------------------------------------ what is written

    async def flush(self) -> bool:
        """Write what was noted since the last time; False when the tape is full, and from then on: what came later would
        make no sense without what was left out. OSError when the disk does not take it."""
        noted, self._noted = self._noted, []
        if noted and not self._full:
            self._full = not await asyncio.to_thread(self._write, noted)
        return not self._full

    def _write(self, noted: Sequence[tuple[dict[str, Any], Snapshot | None]]) -> bool:
        events: list[Event] = [] if self._begun else [self._header]
        for event, snapshot in noted:
            if snapshot is not None:
                event["digest"] = digest(snapshot)
            events.append(event)
        self._begun |= (written := self._tape.append(events))
        return written


class RecordedExchange(CcxtExchange):
    """An exchange that notes every operation with its replies just before the answer is handed on, and so takes effect."""

    def __init__(self, venue: str, recording: Recorder, *, url: str | None = None) -> None:
        super().__init__(venue, url=url)
        self._recording = recording

    async def instruments(self) -> Sequence[Instrument]:
        """See the port."""
        async with self._noting("instruments"):
            return await super().instruments()

    async def tickers(self) -> Mapping[str, Ticker]:
        """See the port."""
        async with self._noting("tickers"):
            return await super().tickers()

    async def premium_rows(self) -> tuple[Rows, int]:
        """See CcxtExchange. They come beside the tickers, in a task of their own."""
        async with self._noting("premiums"):
            return await super().premium_rows()

    async def candles(
        self, instrument: Instrument, timeframe: Timeframe, *, limit: int, before_ms: int | None = None
    ) -> Candles:
        """See the port. Pages of the past are nothing that a collector asks for, and are not noted."""
        if before_ms is not None:
            return await super().candles(instrument, timeframe, limit=limit, before_ms=before_ms)
        async with self._noting("candles", symbol=instrument.symbol, timeframe=timeframe.value, bars=limit):
            return await super().candles(instrument, timeframe, limit=limit)

    async def order_book(self, instrument: Instrument) -> OrderBook:
        """See the port."""
        async with self._noting("book", symbol=instrument.symbol):
            return await super().order_book(instrument)

    async def trades(self, instrument: Instrument) -> Trades:
        """See the port."""
        async with self._noting("trades", symbol=instrument.symbol):
            return await super().trades(instrument)

    async def funding(self, instrument: Instrument) -> TimeSeries:
        """See the port."""
        async with self._noting("funding", symbol=instrument.symbol):
            return await super().funding(instrument)

    async def open_interest(self, instrument: Instrument) -> TimeSeries:
        """See the port."""
        async with self._noting("open_interest", symbol=instrument.symbol):
            return await super().open_interest(instrument)

    async def long_short(self, instrument: Instrument) -> TimeSeries:
        """See the port."""
        async with self._noting("long_short", symbol=instrument.symbol):
            return await super().long_short(instrument)

    @contextlib.asynccontextmanager
    async def _noting(self, op: str, **which: Any) -> AsyncIterator[None]:
        """Note what the body asked, once it has ended. What was cancelled, or failed without a reply, changed nothing;
        except that a list of markets that cannot be read makes the feed rank those it has anew."""
        replies: list[Reply] = []
        before = RECORDED_REPLIES.set(replies)
        try:
            yield
        except ExchangeError:
            if replies or op == "instruments":
                self._recording.operation(op, self.venue, which, replies)
            raise
        else:
            self._recording.operation(op, self.venue, which, replies)
        finally:
            RECORDED_REPLIES.reset(before)


def _kept(reply: Reply) -> list[Any]:
    """A reply as on the tape."""
    parts = urlsplit(reply.url)
    place = f"{parts.path}?{parts.query}" if parts.query else parts.path
    headers = {name.lower(): value for name, value in reply.headers.items() if name.lower() in HEADERS}
    return [place, reply.status, headers, reply.text, reply.received_ms]


async def record(
    recording: Recorder,
    tape: RecordingFile,
    collecting: Coroutine[Any, Any, None],
    *,
    stop: asyncio.Event,
    minutes: float | None = None,
) -> int:
    """Write what `collecting`, the run of a collector observed by `recording`, brings, until `stop` is set, `minutes` are
    over or the tape is full. Closes the tape. Exit code 0; 1 when the disk takes no more."""
    began = reported = time.monotonic()
    work, asked = asyncio.create_task(collecting), asyncio.create_task(stop.wait())
    ends = math.inf if minutes is None else began + 60 * minutes
    there = f", after the {tape.size / 1e6:.1f} MB that are on it" if tape.size else ""
    log.info("recording to %s%s; Ctrl-C ends it", tape.path, there)
    why = "stopped"
    try:
        while not asked.done():
            wait = max(0.0, min(FLUSH_S, ends - time.monotonic()))
            await asyncio.wait({work, asked}, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()  # it never ends by itself: this raises what ended it
            if not await recording.flush():
                why = f"the largest size, {tape.max_bytes / 1e6:g} MB, is reached"
                break
            if time.monotonic() >= ends:
                why = f"{minutes:g} minutes are over"
                break
            if time.monotonic() - reported > REPORT_S:
                reported = time.monotonic()
                log.info("%s", _sum(recording, tape, began))
        work.cancel()
        await asyncio.wait({work})
        await recording.flush()
        log.info("%s: %s. %s", tape.path, why, _sum(recording, tape, began))
        return 0
    except OSError as error:
        log.error("%s cannot be written on: %s. What is on it is whole", tape.path, error.strerror)  # noqa: TRY400 - no bug
        return 1
    finally:
        asked.cancel()
        work.cancel()
        await asyncio.wait({work, asked})
        tape.close()


def _sum(recording: Recorder, tape: RecordingFile, began: float) -> str:
    minutes = (time.monotonic() - began) / 60
    counts = f"{recording.snapshots.total()} snapshots and {recording.replies} replies in {minutes:.1f} minutes"
    return f"{counts}; the tape has {tape.size / 1e6:.1f} MB"
