"""Read what collectors publish: the heads in the repositories, and the snapshots that the heads announce."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from virtuoso.domain.errors import CorruptValue, RepositoryError
from virtuoso.market.v1 import provenance_pb2
from virtuoso.service import admission
from virtuoso.service.view import SnapshotDetails, SnapshotView
from virtuoso.service.view_builder import build
from virtuoso.wire import snapshots

if TYPE_CHECKING:
    from virtuoso.store.v1 import snapshot_head_pb2

MAX_PROCESSED = 256
log = logging.getLogger(__name__)


class Source(Protocol):
    """The part of a tiered repository that the service uses. Each method raises RepositoryError when no tier answers."""

    async def get(self, key: str) -> bytes | None:
        """Return the value from the first tier that has it, or None when no tier has it."""
        ...

    async def get_all(self, key: str) -> Sequence[tuple[str, bytes]]:
        """Return (name of the tier, value) for every tier that has a value. Tiers may have different heads."""
        ...


class Keys(Protocol):
    """The keys of stored values."""

    HEAD: str

    def snapshot(self, snapshot_id: str, /) -> str:
        """Return the key of a snapshot."""
        ...

    def markets(self, venue: str, /) -> str:
        """Return the key of the list of a venue's markets."""
        ...

    def series(self, venue: str, symbol: str, /) -> str:
        """Return the key of the series of one market."""
        ...

    def candles(self, venue: str, symbol: str, timeframe: str, /) -> str:
        """Return the key of a series of candles. `timeframe` is text such as "5m"."""
        ...


class SnapshotReader:
    """A reader of heads and snapshots. `available` is False while no repository answers. `works` is False while the heads or
    a new snapshot cannot be read. `refusal` is why the last invalid one was refused. `environment`: see SnapshotCache."""

    def __init__(self, source: Source, keys: Keys, environment: provenance_pb2.Environment.ValueType | None = None) -> None:
        self._source, self._keys, self._environment = source, keys, environment
        self._processed: OrderedDict[tuple[str, int], None] = OrderedDict()  # (snapshot id, delay of its market in ms)
        self._blobs: Sequence[tuple[str, bytes]] = ()  # the last heads as they are stored
        self._heads: list[snapshot_head_pb2.SnapshotHead] = []
        self.available = self.works = True
        self.refusal = ""

    async def heads(self) -> list[snapshot_head_pb2.SnapshotHead]:
        """Return the valid heads of all tiers, newest first, or an empty list when no repository answers."""
        try:
            blobs = await self._source.get_all(self._keys.HEAD)
        except RepositoryError as error:
            if self.available:
                log.warning("no repository answers: %s", error)
            self.available = self.works = False
            return []
        self.available = self.works = True
        if blobs != self._blobs:  # nearly all polls find the same heads
            self._blobs, self._heads = blobs, _read_heads(blobs)
        return self._heads

    async def load(self, head: snapshot_head_pb2.SnapshotHead) -> tuple[SnapshotView, SnapshotDetails] | None:
        """Return the checked snapshot of this head, or None when it is missing, partly written or invalid."""
        try:
            blob = await self._source.get(self._keys.snapshot(head.snapshot_id))
        except RepositoryError as error:
            self.works = False
            log.warning("cannot read snapshot %s: %s", head.snapshot_id, error)
            return None
        if blob is None:
            self.works = False
            return None
        try:
            # This takes tens of milliseconds for 500 symbols.
            return await asyncio.to_thread(_decode, head, blob, self._environment)
        except _TornValue:
            self.works = False
            admission.count_refused("checksum")  # it may be partly written; the next poll reads it again
            return None
        except CorruptValue as error:
            admission.count_refused("snapshot")
            log.warning("snapshot refused: %s", error)
            self.refusal = str(error)
            self.mark_processed(head)
            return None

    def mark_processed(self, head: snapshot_head_pb2.SnapshotHead) -> None:
        """Do not read the snapshot of this head again."""
        self._processed[_identity(head)] = None
        if len(self._processed) > MAX_PROCESSED:
            self._processed.popitem(last=False)

    def is_processed(self, head: snapshot_head_pb2.SnapshotHead) -> bool:
        """Return True for a head whose snapshot must not be read again."""
        return _identity(head) in self._processed


def _read_heads(blobs: Sequence[tuple[str, bytes]]) -> list[snapshot_head_pb2.SnapshotHead]:
    """Return the valid heads, newest first. Count the others."""
    heads = []
    for tier, blob in blobs:
        try:
            heads.append(admission.read_head(blob))
        except CorruptValue as error:
            admission.count_refused("head")
            log.warning("%s: %s", tier, error)
    return sorted(heads, key=admission.observed_ms, reverse=True)


def _identity(head: snapshot_head_pb2.SnapshotHead) -> tuple[str, int]:
    return head.snapshot_id, snapshots.behind_ms(head)


class _TornValue(CorruptValue):
    """An error for bytes that do not match their head."""


def _decode(
    head: snapshot_head_pb2.SnapshotHead, blob: bytes, environment: provenance_pb2.Environment.ValueType | None
) -> tuple[SnapshotView, SnapshotDetails]:
    if not admission.matches(head, blob):
        raise _TornValue(f"snapshot {head.snapshot_id} does not match its head")
    view, details = build(admission.read_snapshot(blob), behind_ms=snapshots.behind_ms(head))
    if view.id != head.snapshot_id:
        raise CorruptValue(f"snapshot {head.snapshot_id} has the id {view.id} inside")
    if environment is not None and view.provenance.environment != environment:
        names = [provenance_pb2.Environment.Name(each) for each in (view.provenance.environment, environment)]
        raise CorruptValue(f"snapshot {head.snapshot_id} is of {names[0]}, and this server of {names[1]}")
    return view, details
