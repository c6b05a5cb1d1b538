"""Record the replies of exchanges and the steps of the collector, in the order in which they take effect."""

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

from virtuoso.analysis.signal_rules import DEFAULT_RULES, CostRules
from virtuoso.analysis.weights import DEFAULT_WEIGHTS, Weights
from virtuoso.domain.clock import Clock
from virtuoso.domain.errors import ExchangeError
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import Environment
from virtuoso.exchange.adapter import CcxtExchange
from virtuoso.exchange.replies import RECORDED_REPLIES, Reply
from virtuoso.recording.file import FORMAT, RECORDING_KEY, Event, RecordingFile
from virtuoso.recording.streams import STREAM_KEY, RecordedReader
from virtuoso.wire import snapshots

if TYPE_CHECKING:
    from virtuoso.collector.one_pass import PassRequest
    from virtuoso.domain.model import (
        Candles,
        Instrument,
        OrderBook,
        Ticker,
        Timeframe,
        TimeSeries,
        Trades,
    )
    from virtuoso.domain.snapshot import Snapshot
    from virtuoso.exchange.premiums import Rows
    from virtuoso.exchange.streams.reader import StreamReader
    from virtuoso.market_data.universe import UniverseRules

log = logging.getLogger(__name__)

FLUSH_S = 5.0  # a crash loses at most the events of this time; longer batches are smaller
POLL_S = 0.5
FULL_BATCH = 4_000_000  # characters of replies and frames; a batch with more is written at once
BATCH_MS = 200  # the longest time between the first and the last frame of one event
REPORT_S = 60.0
# Only these headers of a reply are recorded, because the product reads no others.
HEADERS = frozenset(("content-type", "date", "timenow", "retry-after", "x-bapi-limit-reset-timestamp"))
# Another version of one of these libraries may change the bytes of a score.
LIBRARIES = ("virtuoso", "ccxt", "numpy", "ta-lib")


def digest(snapshot: Snapshot) -> str:
    """Return the checksum of a snapshot's bytes. The environment is REPLAY, as in a replay of the recording."""
    return snapshots.checksum(snapshots.encode_snapshot(replace(snapshot, environment=Environment.REPLAY))).hex()


def made_by() -> Mapping[str, str]:
    """Return the versions of all software, except the model, that can affect the last bit of a score."""
    return {name: version(name) for name in LIBRARIES} | {"machine": platform.machine()}


class Recorder:
    """Records one session. It is the collector's PassObserver, and RecordedExchange adds the replies.

    `opportunities`, `weights` and `costs` are those of the engine.
    """

    def __init__(
        self,
        file: RecordingFile,
        *,
        venues: Sequence[str],
        rules: UniverseRules,
        opportunities: bool = True,
        weights: Weights = DEFAULT_WEIGHTS,
        costs: CostRules = DEFAULT_RULES.costs,
        clock: Clock,
    ) -> None:
        self._file, self._clock = file, clock
        self._streams: dict[str, list[str]] = {}
        self._header: dict[str, Any] = {
            RECORDING_KEY: FORMAT,
            "at": clock.now_ms(),
            "model": weights.version,
            "weights": weights.as_dict(),
            "made_by": made_by(),
            "venues": list(venues),
            "rules": asdict(rules),
            "opportunities": opportunities,
            "costs": asdict(costs),
            "streams": self._streams,  # the kinds that stream, by venue
        }
        self._pending: list[tuple[dict[str, Any], Snapshot | None]] = []
        self._frames: dict[str, Any] | None = None  # the last pending event, if frames can be added to it
        self._header_written = self._full = False
        self._passes = 0
        self._flushed_at = clock.monotonic()
        self._pending_size = 0  # characters of replies and frames
        self.replies = 0
        self.snapshots: Counter[str] = Counter()  # published, by venue

    def operation(self, op: InputKind, venue: str, which: Mapping[str, Any], replies: Sequence[Reply]) -> None:
        """Record that the feed processes the replies to a request, or its failure, now."""
        self.replies += len(replies)
        self._pending_size += sum(len(reply.text) for reply in replies)
        self._add_event({"op": op, "venue": venue, **which, "replies": [_recorded(reply) for reply in replies]})

    def reader(self, venue: str, reader: StreamReader) -> StreamReader:
        """Return a reader of a venue's streams that records what `reader` reads. Call this before the first event."""
        self._streams[venue] = sorted(reader.kinds)

        def record(event: dict[str, Any]) -> None:
            frames, now_ms = self._frames, self._clock.now_ms()
            self._pending_size += sum(len(frame[2]) for frame in event.get("frames", ()))
            if frames is None or "frames" not in event or frames[STREAM_KEY] != venue or now_ms - frames["at"] > BATCH_MS:
                self._add_event({STREAM_KEY: venue, **event})
                self._frames = self._pending[-1][0] if "frames" in event else None
            else:
                frames["frames"] += event["frames"]

        return RecordedReader(reader, record)

    def started(self, venue: str, request: PassRequest) -> int:
        """See PassObserver."""
        self._passes += 1
        event: dict[str, Any] = {"pass": self._passes, "venue": venue, "trading": request.trading}
        if (fallback := request.fallback) is not None:
            event["fallback"] = [fallback.venue, fallback.reason.name]
        if (dominance := request.dominance) is not None:
            event["dominance"] = [dominance.percent, dominance.basis, dominance.observed_ms]
        self._add_event(event)
        return self._passes

    def scored(self, number: int, snapshot: Snapshot) -> None:
        """See PassObserver."""
        self._add_event({"scored": number, "id": snapshot.id, "computed_ms": snapshot.computed_ms}, snapshot)

    def published(self, snapshot: Snapshot) -> None:
        """See PassObserver."""
        self.snapshots[snapshot.venue] += 1
        self._add_event({"published": snapshot.id, "venue": snapshot.venue})

    def _add_event(self, event: dict[str, Any], snapshot: Snapshot | None = None) -> None:
        self._frames = None
        event["at"] = self._clock.now_ms()
        self._pending.append((event, snapshot))

    @property
    def due(self) -> bool:
        """Return True when it is time to write the events since the last flush."""
        return self._pending_size > FULL_BATCH or self._clock.monotonic() - self._flushed_at >= FLUSH_S

    async def flush(self) -> bool:
        """Write the events since the last flush. Raise OSError when the write fails.

        Return False when the file is full. No later events are written, because a replay needs all events before them.
        """
        pending, self._pending, self._frames = self._pending, [], None
        self._flushed_at, self._pending_size = self._clock.monotonic(), 0
        if pending and not self._full:
            self._full = not await asyncio.to_thread(self._write, pending)
        return not self._full

    def _write(self, pending: Sequence[tuple[dict[str, Any], Snapshot | None]]) -> bool:
        events: list[Event] = [] if self._header_written else [self._header]
        for event, snapshot in pending:
            if snapshot is not None:
                event["digest"] = digest(snapshot)
            events.append(event)
        self._header_written |= (written := self._file.append(events))
        return written


class RecordedExchange(CcxtExchange):
    """An exchange that records every operation with its replies, immediately before it takes effect."""

    def __init__(self, venue: str, recorder: Recorder, *, url: str | None = None) -> None:
        super().__init__(venue, url=url)
        self._recorder = recorder

    async def instruments(self) -> Sequence[Instrument]:
        """See the port."""
        async with self._recording(InputKind.INSTRUMENTS):
            return await super().instruments()

    async def tickers(self) -> Mapping[str, Ticker]:
        """See the port."""
        async with self._recording(InputKind.TICKERS):
            return await super().tickers()

    async def premium_rows(self) -> tuple[Rows, int]:
        """See CcxtExchange. A separate task reads these rows, concurrently with the tickers."""
        async with self._recording(InputKind.PREMIUMS):
            return await super().premium_rows()

    async def candles(
        self, instrument: Instrument, timeframe: Timeframe, *, limit: int, before_ms: int | None = None
    ) -> Candles:
        """See the port. Pages of the past are not recorded, because a collector does not request them."""
        if before_ms is not None:
            return await super().candles(instrument, timeframe, limit=limit, before_ms=before_ms)
        async with self._recording(InputKind.CANDLES, symbol=instrument.symbol, timeframe=timeframe.value, bars=limit):
            return await super().candles(instrument, timeframe, limit=limit)

    async def order_book(self, instrument: Instrument) -> OrderBook:
        """See the port."""
        async with self._recording(InputKind.ORDER_BOOK, symbol=instrument.symbol):
            return await super().order_book(instrument)

    async def trades(self, instrument: Instrument) -> Trades:
        """See the port."""
        async with self._recording(InputKind.TRADES, symbol=instrument.symbol):
            return await super().trades(instrument)

    async def funding(self, instrument: Instrument) -> TimeSeries:
        """See the port."""
        async with self._recording(InputKind.FUNDING, symbol=instrument.symbol):
            return await super().funding(instrument)

    async def open_interest(self, instrument: Instrument) -> TimeSeries:
        """See the port."""
        async with self._recording(InputKind.OPEN_INTEREST, symbol=instrument.symbol):
            return await super().open_interest(instrument)

    async def long_short(self, instrument: Instrument) -> TimeSeries:
        """See the port."""
        async with self._recording(InputKind.LONG_SHORT, symbol=instrument.symbol):
            return await super().long_short(instrument)

    @contextlib.asynccontextmanager
    async def _recording(self, op: InputKind, **which: Any) -> AsyncIterator[None]:
        """Record the operation of the body when it ends.

        An operation that was cancelled, or tickers or premiums that failed without a reply, changed nothing and are not
        recorded. When the list of instruments fails, the feed ranks its existing instruments again. When a symbol's input
        fails, the feed remembers that it was requested.
        """
        replies: list[Reply] = []
        before = RECORDED_REPLIES.set(replies)
        try:
            yield
        except ExchangeError:
            if replies or op not in {InputKind.TICKERS, InputKind.PREMIUMS}:
                self._recorder.operation(op, self.venue, which, replies)
            raise
        else:
            self._recorder.operation(op, self.venue, which, replies)
        finally:
            RECORDED_REPLIES.reset(before)


def _recorded(reply: Reply) -> list[Any]:
    """Return a reply in the format of the file."""
    headers = {name.lower(): value for name, value in reply.headers.items() if name.lower() in HEADERS}
    return [path_and_query(reply.url), reply.status, headers, reply.text, reply.received_ms]


def path_and_query(url: str) -> str:
    """Return the path and query of a URL. They identify the request in a recording."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


async def record(
    recorder: Recorder,
    file: RecordingFile,
    collecting: Coroutine[Any, Any, None],
    *,
    stop: asyncio.Event,
    minutes: float | None = None,
) -> int:
    """Record `collecting` until `stop` is set, `minutes` have passed or the file is full. Then close the file.

    `collecting` is the run of a collector that `recorder` observes. Return the exit code: 0, or 1 when a write failed.
    """
    started = reported = time.monotonic()
    collector_task, stop_task = asyncio.create_task(collecting), asyncio.create_task(stop.wait())
    deadline = math.inf if minutes is None else started + 60 * minutes
    existing = f", after the {file.size / 1e6:.1f} MB that it already holds" if file.size else ""
    log.info("recording to %s%s; press Ctrl-C to stop", file.path, existing)
    reason = "stopped"
    try:
        while not stop_task.done():
            wait = max(0.0, min(POLL_S, deadline - time.monotonic()))
            await asyncio.wait({collector_task, stop_task}, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
            if collector_task.done():
                collector_task.result()  # raises its error; a collector ends only on an error
            if recorder.due and not await recorder.flush():
                reason = f"the maximum size of {file.max_bytes / 1e6:g} MB is reached"
                break
            if time.monotonic() >= deadline:
                reason = f"{minutes:g} minutes are over"
                break
            if time.monotonic() - reported > REPORT_S:
                reported = time.monotonic()
                log.info("%s", _progress(recorder, file, started))
        collector_task.cancel()
        await asyncio.wait({collector_task})
        await recorder.flush()
        log.info("%s: %s. %s", file.path, reason, _progress(recorder, file, started))
        return 0
    except OSError as error:
        log.error("%s cannot be written: %s. Its data is complete", file.path, error.strerror)  # noqa: TRY400 - not a bug
        return 1
    finally:
        stop_task.cancel()
        collector_task.cancel()
        await asyncio.wait({collector_task, stop_task})
        file.close()


def _progress(recorder: Recorder, file: RecordingFile, started: float) -> str:
    minutes = (time.monotonic() - started) / 60
    counts = f"{recorder.snapshots.total()} snapshots and {recorder.replies} replies in {minutes:.1f} minutes"
    return f"{counts}; the file has {file.size / 1e6:.1f} MB"
