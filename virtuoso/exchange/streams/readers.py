"""The readers of all venues that have an entry in `facts`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from virtuoso.exchange.streams.binance_reader import BinanceReader
from virtuoso.exchange.streams.bybit_reader import BybitReader

if TYPE_CHECKING:
    from virtuoso.exchange.streams.reader import StreamReader

_READERS: Mapping[str, Callable[[], StreamReader]] = {"bybit": BybitReader, "binance": BinanceReader}


def new_reader(venue: str) -> StreamReader | None:
    """Return a reader of the streams of a venue by its lower-case name. Return None when it has none."""
    reader = _READERS.get(venue)
    return None if reader is None else reader()
