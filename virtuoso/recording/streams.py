"""The streams in a recording: every call of a reader, in the order in which it takes effect.

A recorder puts a RecordedReader before the reader of each venue. A frame lacks only what its reader never reads. A session
of a replay makes the same calls on a new reader and applies what it returns to the feed. Consecutive frames of a venue are
one event:

    {"stream": venue, "at", "frames": [[connection, received_ms, text], …]}     binary frames: base64 and a fourth element, 1
    {"stream": venue, "at", "opened": connection, "topics": [[kind, symbol], …], "received_ms"}
    {"stream": venue, "at", "closed": connection, "topics": [[kind, symbol], …], "reason"}
    {"stream": venue, "at", "book": symbol, "text", "received_ms"}              the reply to a request for an order book
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from virtuoso.domain.inputs import InputKind
from virtuoso.exchange.streams.ccxt_pro_reader import CcxtProReader
from virtuoso.exchange.streams.reader import StreamReader, Topic
from virtuoso.exchange.streams.readers import new_reader

if TYPE_CHECKING:
    from virtuoso.domain.model import BookFlow, Instrument, OrderBook
    from virtuoso.domain.stream_updates import StreamUpdate
    from virtuoso.recording.file import Event

STREAM_KEY = "stream"  # the key of an event of a stream; its value is the venue

Record = Callable[[dict[str, Any]], None]


class RecordedReader:
    """See StreamReader. `reader` reads the streams, and `record` gets an event of each call that can change its data."""

    def __init__(self, reader: StreamReader, record: Record) -> None:
        self._reader, self._record = reader, record

    @property
    def kinds(self) -> frozenset[InputKind]:
        """See StreamReader."""
        return self._reader.kinds

    def set_instruments(self, instruments: Sequence[Instrument]) -> None:
        """See StreamReader. A replay gets the instruments from the recorded list of markets."""
        self._reader.set_instruments(instruments)

    def opened(self, connection: int, topics: Sequence[Topic], received_ms: int) -> Sequence[StreamUpdate]:
        """See StreamReader."""
        self._record({"opened": connection, "topics": [list(topic) for topic in topics], "received_ms": received_ms})
        return self._reader.opened(connection, topics, received_ms)

    def frame(self, connection: int, data: str | bytes, received_ms: int) -> Sequence[StreamUpdate]:
        """See StreamReader."""
        shortened = self._reader.shortened(data)
        frame = (
            [connection, received_ms, shortened]
            if isinstance(shortened, str)
            else [connection, received_ms, _text(shortened), 1]
        )
        self._record({"frames": [frame]})
        return self._reader.frame(connection, data, received_ms)

    def shortened(self, data: str | bytes) -> str | bytes:
        """See StreamReader."""
        return self._reader.shortened(data)

    def heard_ms(self, connection: int, topic: Topic) -> int | None:
        """See StreamReader."""
        return self._reader.heard_ms(connection, topic)

    def wanted_books(self) -> Mapping[str, int]:
        """See StreamReader."""
        return self._reader.wanted_books()

    def rest_book(self, symbol: str, text: str, received_ms: int) -> Sequence[StreamUpdate]:
        """See StreamReader."""
        self._record({"book": symbol, "text": text, "received_ms": received_ms})
        return self._reader.rest_book(symbol, text, received_ms)

    def closed(self, connection: int, topics: Sequence[Topic], reason: str) -> Sequence[StreamUpdate]:
        """See StreamReader."""
        self._record({"closed": connection, "topics": [list(topic) for topic in topics], "reason": reason})
        return self._reader.closed(connection, topics, reason)

    def book(self, symbol: str, levels: int) -> OrderBook | None:
        """See StreamReader."""
        return self._reader.book(symbol, levels)

    def book_flow(self, symbol: str) -> BookFlow | None:
        """See StreamReader."""
        return self._reader.book_flow(symbol)


def replay_reader(venue: str, kinds: Sequence[str]) -> StreamReader:
    """Return a new reader for the recorded streams of a venue. `kinds` are those of the reader that was recorded."""
    return new_reader(venue) or CcxtProReader(venue, frozenset(map(InputKind, kinds)))


def repeat(reader: StreamReader, event: Event, apply: Callable[[Sequence[StreamUpdate]], None]) -> None:
    """Make the calls of a recorded event. `apply` gets the result of each call, as a feed gets it in live operation."""
    if "frames" in event:
        for connection, received_ms, data, *binary in event["frames"]:
            apply(reader.frame(connection, base64.b64decode(data) if binary else data, received_ms))
        return
    topics = [Topic(InputKind(kind), symbol) for kind, symbol in event.get("topics", ())]
    if "opened" in event:
        apply(reader.opened(event["opened"], topics, event["received_ms"]))
    elif "closed" in event:
        apply(reader.closed(event["closed"], topics, event["reason"]))
    else:
        apply(reader.rest_book(event["book"], event["text"], event["received_ms"]))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
