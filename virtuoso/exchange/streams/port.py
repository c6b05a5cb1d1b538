"""The interface of the streams of one venue, as a feed uses it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from virtuoso.domain.inputs import InputKind
    from virtuoso.domain.model import Instrument


@dataclass(frozen=True, slots=True, kw_only=True)
class KindStatus:
    """The state of one kind of data: how many of the `expected` symbols stream.

    `since_ms` is the time (epoch ms, our clock) since which all of them stream. It is None while one of them does not."""

    streaming: int
    expected: int
    since_ms: int | None = None
    last_error: str = ""  # why a topic was lost, or could not be opened, the last time


class Streams(Protocol):
    """The connections to the streams of one venue. Updates go to the listener that was given when they were created.

    Errors of the network never leave it: topics that are lost are opened again."""

    def set_symbols(self, instruments: Sequence[Instrument]) -> None:
        """Stream these symbols from now on, and no others. The first call may come before `start`."""
        ...

    def start(self) -> None:
        """Open the connections. Do nothing while they are open."""
        ...

    async def stop(self) -> None:
        """Close the connections. Idempotent."""
        ...

    def status(self) -> Mapping[InputKind, KindStatus]:
        """Return the state by kind. Kinds that the venue does not stream are left out."""
        ...

    def reset(self, kind: InputKind, symbol: str, reason: str) -> None:
        """Drop what was received of one topic, and subscribe it anew. `reason` is a word for metrics."""
        ...
