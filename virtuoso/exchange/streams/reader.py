"""The interface of a reader: one class per venue. A reader has no I/O, clock or random numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from virtuoso.domain.inputs import InputKind
    from virtuoso.domain.model import BookFlow, Instrument, OrderBook
    from virtuoso.domain.stream_updates import StreamUpdate


class Topic(NamedTuple):
    """One subscription: a kind of data of one symbol. `symbol` is "" for a topic of the whole venue."""

    kind: InputKind
    symbol: str = ""


class StreamReader(Protocol):
    """A reader of the frames of one venue.

    `connection` is a number that no other connection of the process has. The reader drops everything that a connection sent
    when it closes. Frames that cannot be read are refused, counted by reason, and change nothing."""

    @property
    def kinds(self) -> frozenset[InputKind]:
        """Return the kinds that the venue streams."""
        ...

    def set_instruments(self, instruments: Sequence[Instrument]) -> None:
        """Set the instruments of the venue, by which symbols and contract sizes are known."""
        ...

    def opened(self, connection: int, topics: Sequence[Topic], received_ms: int) -> Sequence[StreamUpdate]:
        """Handle that these topics were subscribed on a connection. It may already have others."""
        ...

    def frame(self, connection: int, data: str | bytes, received_ms: int) -> Sequence[StreamUpdate]:
        """Handle one message. Return what it changes. Acknowledgements and pongs change nothing."""
        ...

    def shortened(self, data: str | bytes) -> str | bytes:
        """Return a message without what the reader never reads. It has the same effect. Recordings have it."""
        ...

    def heard_ms(self, connection: int, topic: Topic) -> int | None:
        """Return our time of the last message of a topic that could be read and whose venue time was newer than before.
        Return None when there was none. A watchdog finds silent topics by it."""
        ...

    def wanted_books(self) -> Mapping[str, int]:
        """Return the symbols whose order book the reader needs by request now, each with the number of levels a side. It may
        change with each frame. A symbol stays in it until `rest_book` brought a book that fits."""
        ...

    def rest_book(self, symbol: str, text: str, received_ms: int) -> Sequence[StreamUpdate]:
        """Handle the venue's reply to a request for an order book, for venues whose streams send only changes. A reply that
        cannot be read or is too old changes nothing."""
        ...

    def closed(self, connection: int, topics: Sequence[Topic], reason: str) -> Sequence[StreamUpdate]:
        """Handle the end of these topics on a connection. Return a StreamLost for each that no other connection has."""
        ...

    def book(self, symbol: str, levels: int) -> OrderBook | None:
        """Return the current order book with at most `levels` levels a side. Return None while it is not known."""
        ...

    def book_flow(self, symbol: str) -> BookFlow | None:
        """Return the changes of the best levels within the last minute. Return None while there is no order book."""
        ...
