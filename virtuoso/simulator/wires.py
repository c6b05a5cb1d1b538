"""What the wire modules share. A wire module (bybit, binance, okx, coingecko) turns the market into one venue's replies:

PREFIXES                                the beginnings of its paths
answer(market, path, query, now_ms)     the JSON-able body of a good reply, or Unknown
refusal(kind, now_ms)                   the reply of a venue that refuses: "429" (too many requests) or "ban"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Protocol

from virtuoso.simulator.market import SimulatedMarket

Refusal = tuple[int, object, dict[str, str]]  # status, body, headers


class Unknown(Exception):
    """The venue does not know the endpoint, the symbol or a parameter: its reply of an error."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(f"{status}: {body}")
        self.status, self.body = status, body


class Wire(Protocol):
    """A wire module."""

    @property
    def PREFIXES(self) -> tuple[str, ...]:  # noqa: N802 - a module's constant
        """The beginnings of its paths."""
        ...

    def answer(self, market: SimulatedMarket, path: str, query: Mapping[str, str], now_ms: int) -> object:
        """The JSON-able body of a good reply; Unknown for what the venue refuses."""
        ...

    def refusal(self, kind: str, now_ms: int) -> Refusal:
        """What it says to too many requests: "429", or "ban" where it has a sterner word."""
        ...


def text(value: float, digits: int) -> str:
    """A number as venues write it: fixed decimals, never an exponent."""
    return f"{value:.{digits}f}"


def count(query: Mapping[str, str], default: int, most: int) -> int:
    """The `limit` of a query, kept within 1..most. ValueError when it is no whole number."""
    return max(1, min(most, int(query.get("limit") or default)))


def texts(rows: Sequence[Sequence[float]], *digits: int) -> list[list[str]]:
    """Rows of numbers as texts, with so many decimals by column; much quicker than one by one."""
    row = " ".join(f"%.{n}f" for n in digits)
    lines = "\n".join([row] * len(rows)) % tuple(chain.from_iterable(rows))
    return [line.split(" ") for line in lines.splitlines()]
