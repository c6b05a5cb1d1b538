"""The outlooks of one snapshot, ready for replies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from virtuoso.market.v1 import outlook_pb2
from virtuoso.service import encoding

if TYPE_CHECKING:
    from collections.abc import Iterable

FIELD = 30
"""The number of the field `outlook` in ConfluenceRow and in GetConfluenceResponse."""


@dataclass(frozen=True)
class Outlooks:
    """`chunks` are encoded Outlooks by symbol, highest odds first. `record` is an encoded OutlookRecord, or none.

    Nothing is said of a symbol that is not in `chunks`, because its bars are not read."""

    chunks: Mapping[str, bytes] = field(default_factory=dict)
    record: Sequence[bytes] = ()

    def bytes_of(self, symbol: str) -> bytes:
        """Return the encoded outlook of a symbol that is tracked or in the universe."""
        found = self.chunks.get(symbol)
        return self._unread(symbol) if found is None else found

    def in_row(self, symbol: str, row: bytes) -> bytes:
        """Return the chunk of a row, with the outlook of its symbol added."""
        return encoding.chunk(encoding.payload(row) + encoding.high_field(FIELD, self.bytes_of(symbol)))

    def in_confluence(self, symbol: str) -> bytes:
        """Return the outlook as a field of GetConfluenceResponse."""
        return encoding.high_field(FIELD, self.bytes_of(symbol))

    @staticmethod
    def _unread(symbol: str) -> bytes:
        return encoding.chunk_of(outlook_pb2.Outlook(symbol=symbol, absence=outlook_pb2.OUTLOOK_ABSENCE_BARS_UNREAD))


def encoded_outlooks(outlooks: Iterable[outlook_pb2.Outlook], record: outlook_pb2.OutlookRecord | None) -> Outlooks:
    """Return the outlooks in their order in lists."""
    ordered = sorted(outlooks, key=lambda one: (not one.HasField("odds"), -one.odds, one.symbol))
    return Outlooks({one.symbol: encoding.chunk_of(one) for one in ordered}, (encoding.chunk_of(record),) if record else ())
