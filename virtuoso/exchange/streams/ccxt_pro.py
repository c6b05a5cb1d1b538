"""The streams of any further venue, through ccxt.pro. Use them only where the operator wants it: ccxt does not check
everything that our own readers check, and needs ten times their time for each message.

ccxt keeps order books, trades and tickers in caches. A task for each kind waits until ccxt has news, and hands what has
changed to the reader. A watchdog closes what is silent. After any error, everything is opened anew. Only bars and
liquidations may fail alone: the other kinds then go on, because requests replace bars, and nothing replaces liquidations.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import orjson

from virtuoso import metrics
from virtuoso.domain.clock import Clock
from virtuoso.domain.inputs import InputKind
from virtuoso.domain.model import Instrument, Timeframe
from virtuoso.domain.stream_updates import StreamLost, StreamUpdate
from virtuoso.domain.tasks import cancel_all
from virtuoso.exchange.streams.backoff import Backoff
from virtuoso.exchange.streams.connection import Listener
from virtuoso.exchange.streams.measures import StreamingTimes
from virtuoso.exchange.streams.port import KindStatus
from virtuoso.exchange.streams.reader import StreamReader, Topic
from virtuoso.exchange.venues import UNIFIED

# What ccxt's `has` says, and its method, by kind.
METHODS: Mapping[InputKind, tuple[str, str]] = {
    InputKind.ORDER_BOOK: ("watchOrderBookForSymbols", "watch_order_book_for_symbols"),
    InputKind.TRADES: ("watchTradesForSymbols", "watch_trades_for_symbols"),
    InputKind.TICKERS: ("watchTickers", "watch_tickers"),
    InputKind.CANDLES: ("watchOHLCVForSymbols", "watch_ohlcv_for_symbols"),
    InputKind.LIQUIDATIONS: ("watchLiquidationsForSymbols", "watch_liquidations_for_symbols"),
}
# Of liquidations, silence says nothing.
SILENCE_S = {
    InputKind.ORDER_BOOK: 15.0,
    InputKind.TRADES: 300.0,
    InputKind.TICKERS: 60.0,
    InputKind.CANDLES: 150.0,
}
MAY_FAIL = frozenset({InputKind.CANDLES, InputKind.LIQUIDATIONS})
# ccxt's ids of venues whose liquidations have the side of the order. ccxt does not unify it.
LIQUIDATION_VENUES = frozenset({"okx"})
MINUTE = Timeframe.M1.value
LEVELS = 50
PACE_S = 0.1  # between two readings of a cache; ccxt fills it meanwhile
WATCH_S = 1.0
FIRST_RETRY_S = 1.0
KIND_RETRY_S = 60.0  # of a kind that failed alone
STEADY_S = 60.0
CLOSE_S = 5.0

log = logging.getLogger(__name__)


def streamed_kinds(client: Any) -> frozenset[InputKind]:
    """Return the kinds that a client of ccxt.pro can stream for several symbols at once. `client` is None without one."""
    if client is None:
        return frozenset()
    kinds = {kind for kind, (name, _) in METHODS.items() if client.has.get(name) is True}
    return frozenset(kinds if client.id in LIQUIDATION_VENUES else kinds - {InputKind.LIQUIDATIONS})


class CcxtProStreams:
    """See port.Streams. `open_client` returns a new client of ccxt.pro that knows the markets."""

    def __init__(
        self, venue: str, reader: StreamReader, *, open_client: Callable[[], Any], clock: Clock, listener: Listener
    ) -> None:
        self._venue, self._reader = venue, reader
        self._open_client, self._clock, self._listener = open_client, clock, listener
        self._instruments: list[Instrument] = []
        self._numbers = itertools.count(1)
        self._number = 0  # of the connection
        self._opened_s: dict[Topic, float] = {}  # the open topics
        self._seen: dict[Topic, Any] = {}  # what was read from the cache last
        self._last_liquidation: Any = None  # the same of all symbols
        self._errors: dict[InputKind, str] = {}
        self._times = StreamingTimes(venue, clock)
        self._reset = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def set_symbols(self, instruments: Sequence[Instrument]) -> None:
        """See port.Streams."""
        self._instruments = list(instruments)
        self._reader.set_instruments(instruments)
        topics = self._topics()
        self._close([topic for topic in self._opened_s if topic not in topics], "unsubscribed")
        if self._number:
            self._open(topic for topic in topics if topic not in self._opened_s)

    def start(self) -> None:
        """See port.Streams."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """See port.Streams."""
        if self._task is not None:
            await cancel_all([self._task])
            self._task = None

    def status(self) -> Mapping[InputKind, KindStatus]:
        """See port.Streams."""
        return {
            kind: KindStatus(
                streaming=self._streaming(kind),
                expected=len(self._instruments),
                since_ms=self._times.since_ms(kind),
                last_error=self._errors.get(kind, ""),
            )
            for kind in sorted(self._reader.kinds)
        }

    def reset(self, kind: InputKind, symbol: str, reason: str) -> None:
        """See port.Streams. ccxt cannot drop the cache of one symbol, so everything is opened anew."""
        self._close([Topic(kind, symbol)], reason)
        self._reset.set()

    async def _run(self) -> None:
        backoff = Backoff(FIRST_RETRY_S)
        while not self._instruments:  # the markets are not known yet
            await self._clock.sleep(PACE_S)
        while True:
            began_s = self._clock.monotonic()
            reason = await self._stream()
            metrics.STREAM_RECONNECTS.labels(self._venue, reason).inc()
            if self._clock.monotonic() - began_s > STEADY_S:
                backoff.reset()
            await self._clock.sleep(backoff.next_s())

    async def _stream(self) -> str:
        """Stream all topics until something fails. Return the reason in one word."""
        try:
            client = self._open_client()
        except Exception:  # ccxt raises any class, and a venue that cannot stream is polled
            log.exception("%s: no client of ccxt.pro", self._venue)
            return "refused"
        self._number, self._seen, self._last_liquidation = next(self._numbers), {}, None
        self._reset.clear()
        self._open(self._topics())
        work = [self._follow(client, kind) for kind in sorted(self._reader.kinds)]
        tasks = [asyncio.create_task(each) for each in (*work, self._watch(), self._wait_for_reset())]
        reason = "stopped"
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            reason = next(iter(done)).result()
        finally:
            await cancel_all(tasks)
            self._close(list(self._opened_s), reason)
            self._number = 0
            self._update_status()
            await _close_client(client)
        return reason

    async def _follow(self, client: Any, kind: InputKind) -> str:
        """Hand over what changes in the caches of one kind, until ccxt raises an error. A kind that may fail is closed then,
        and tried again later."""
        while True:
            try:
                await self._hand_over(client, kind)
            except Exception as error:  # noqa: BLE001 - ccxt raises any class on what it cannot read
                text = f"{type(error).__name__}: {error}"[:200]
                if self._errors.get(kind) != text:
                    log.warning("%s: the stream of %s has failed: %s", self._venue, kind, text)
                self._errors[kind] = text
            if kind not in MAY_FAIL:
                return "closed"
            self._close([topic for topic in self._opened_s if topic.kind is kind], "closed")
            await self._clock.sleep(KIND_RETRY_S)

    async def _hand_over(self, client: Any, kind: InputKind) -> None:
        read = {
            InputKind.ORDER_BOOK: self._read_books,
            InputKind.TRADES: self._read_trades,
            InputKind.TICKERS: self._read_tickers,
            InputKind.CANDLES: self._read_bars,
            InputKind.LIQUIDATIONS: self._read_liquidations,
        }[kind]
        watch = getattr(client, METHODS[kind][1])
        while True:
            if symbols := [each.venue_symbol for each in self._instruments]:
                await watch([[symbol, MINUTE] for symbol in symbols] if kind is InputKind.CANDLES else symbols)
                read(client)
            await self._clock.sleep(PACE_S)

    async def _watch(self) -> str:
        """Close what is silent. Return when a whole kind is."""
        while True:
            await self._clock.sleep(WATCH_S)
            for kind in self._reader.kinds & SILENCE_S.keys():
                topics = [topic for topic in self._opened_s if topic.kind is kind]
                silent = [topic for topic in topics if self._quiet_s(topic) > SILENCE_S[kind]]
                if silent and len(silent) == len(topics) and kind not in MAY_FAIL:
                    self._errors[kind] = "silent"
                    return "silent"
                self._close(silent, "silent")
            self._update_status()

    async def _wait_for_reset(self) -> str:
        await self._reset.wait()
        return "reset"

    def _topics(self) -> list[Topic]:
        return [Topic(kind, each.symbol) for kind in sorted(self._reader.kinds) for each in self._instruments]

    def _open(self, topics: Iterable[Topic]) -> None:
        new = list(topics)
        self._opened_s |= dict.fromkeys(new, self._clock.monotonic())
        self._deliver(self._reader.opened(self._number, new, self._clock.now_ms()))

    def _close(self, topics: Sequence[Topic], reason: str) -> None:
        for topic in topics:
            self._opened_s.pop(topic, None)
        if topics:
            self._deliver(self._reader.closed(self._number, topics, reason))

    def _deliver(self, updates: Sequence[StreamUpdate]) -> None:
        for update in updates:
            if isinstance(update, StreamLost):
                metrics.STREAM_LOST.labels(self._venue, update.kind, update.reason).inc()
        if updates:
            self._listener(updates)

    def _read(self, topics: Iterable[Topic], message: Mapping[str, Any]) -> None:
        """Hand a frame to the reader. A topic that was silent is open again."""
        if closed := [topic for topic in topics if topic not in self._opened_s]:
            self._open(closed)
        self._deliver(self._reader.frame(self._number, orjson.dumps(message), self._clock.now_ms()))

    def _read_books(self, client: Any) -> None:
        for each in self._instruments:
            book, topic = client.orderbooks.get(each.venue_symbol), Topic(InputKind.ORDER_BOOK, each.symbol)
            if book is None:
                if self._seen.pop(topic, None) is not None:  # ccxt has found it wrong
                    self._close([topic], "gap")
                continue
            version = book.get("nonce"), book.get("timestamp")
            sides = {side: [level[:2] for level in book[side][:LEVELS]] for side in ("bids", "asks")}
            if (seen := (version, sides)) == self._seen.get(topic):
                continue
            self._seen[topic] = seen
            about = {"symbol": each.symbol, "contract": _contract(client, each), "time": book.get("timestamp")}
            self._read([topic], {"kind": "book", **about, **sides})

    def _read_trades(self, client: Any) -> None:
        names = UNIFIED.trade
        fields = (names.id, names.time, names.price, names.size, names.side)
        for each in self._instruments:
            rows: list[Any] = []
            topic = Topic(InputKind.TRADES, each.symbol)
            last, contiguous = self._seen.get(topic), False
            for row in reversed(client.trades.get(each.venue_symbol) or ()):
                if row[names.id] == last:
                    contiguous = True
                    break
                rows.append({name: row[name] for name in fields})
            if rows:
                self._seen[topic] = rows[0][names.id]
                about = {"symbol": each.symbol, "contract": _contract(client, each), "contiguous": contiguous}
                self._read([topic], {"kind": "trades", **about, "rows": rows[::-1]})

    def _read_tickers(self, client: Any) -> None:
        rows, topics = [], []
        for each in self._instruments:
            row, topic = client.tickers.get(each.venue_symbol), Topic(InputKind.TICKERS, each.symbol)
            if row is not None and row is not self._seen.get(topic):
                self._seen[topic] = row
                topics.append(topic)
                rows.append({name: value for name, value in row.items() if name != "info"})
        if rows:
            contracts = {each.symbol: _contract(client, each) for each in self._instruments}
            self._read(topics, {"kind": "tickers", "contracts": contracts, "rows": rows})

    def _read_bars(self, client: Any) -> None:
        """Tell the bars that have ended: those with a later one."""
        for each in self._instruments:
            topic = Topic(InputKind.CANDLES, each.symbol)
            bars: Sequence[Any] = (client.ohlcvs.get(each.venue_symbol) or {}).get(MINUTE) or ()
            ended = [list(bar) for bar in bars[:-1]]
            last = self._seen.get(topic, ended[-2][0] if len(ended) > 1 else 0)
            if rows := [bar for bar in ended if bar[0] > last]:
                self._seen[topic] = rows[-1][0]
                self._read([topic], {"kind": "bars", "symbol": each.symbol, "time": bars[-1][0], "rows": rows})

    def _read_liquidations(self, client: Any) -> None:
        rows: list[Any] = []
        for row in reversed(client.liquidations or ()):
            if row is self._last_liquidation:
                break
            rows.append({name: value for name, value in row.items() if name != "info"})
        if rows:
            self._last_liquidation = client.liquidations[-1]
            topics = [Topic(InputKind.LIQUIDATIONS, each.symbol) for each in self._instruments]
            contracts = {each.symbol: _contract(client, each) for each in self._instruments}
            self._read(topics, {"kind": "liquidations", "contracts": contracts, "rows": rows[::-1]})

    def _quiet_s(self, topic: Topic) -> float:
        heard_ms = self._reader.heard_ms(self._number, topic)
        open_s = self._clock.monotonic() - self._opened_s[topic]
        return open_s if heard_ms is None else min(open_s, (self._clock.now_ms() - heard_ms) / 1000)

    def _streaming(self, kind: InputKind) -> int:
        topics = [topic for topic in self._opened_s if topic.kind is kind]
        return sum(self._reader.heard_ms(self._number, topic) is not None for topic in topics)

    def _update_status(self) -> None:
        for kind in self._reader.kinds:
            self._times.update(kind, self._streaming(kind), len(self._instruments))


async def _close_client(client: Any) -> None:
    """Release the sockets of a client. A connection that hangs may not keep the others."""
    for _ in range(2):
        with suppress(Exception):  # nothing can be done about an error while closing
            async with asyncio.timeout(CLOSE_S):
                await client.close()
        client.clients = {}  # those that hang are left out the second time


def _contract(client: Any, instrument: Instrument) -> float:
    return float(client.market(instrument.venue_symbol).get("contractSize") or 1)
