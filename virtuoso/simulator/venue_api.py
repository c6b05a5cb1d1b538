"""What the venue modules have in common. A venue module turns the market into the replies of one venue's HTTP API."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Protocol

from virtuoso.simulator.market import SimulatedMarket

Query = Mapping[str, str]
Endpoint = Callable[[SimulatedMarket, Query, int], object]  # (market, query, now_ms) -> JSON body or a part of it
Refusal = tuple[int, object, dict[str, str]]  # status, body, headers


class ApiError(Exception):
    """The venue's error reply to an unknown endpoint, symbol or parameter."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(f"{status}: {body}")
        self.status, self.body = status, body


class VenueApi(Protocol):
    """A venue module."""

    @property
    def PREFIXES(self) -> tuple[str, ...]:  # noqa: N802 - a module's constant
        """The beginnings of its paths."""
        ...

    def answer(self, market: SimulatedMarket, path: str, query: Query, now_ms: int) -> object:
        """Return the JSON body of a good reply. Raise ApiError for what the venue would refuse."""
        ...

    def refusal(self, kind: str, now_ms: int) -> Refusal:
        """Return its reply to too many requests: `kind` is "429", or "ban" for its stricter form where it has one."""
        ...


def fixed(value: float, digits: int) -> str:
    """Return a number as venues write it: with fixed decimals, never with an exponent."""
    return f"{value:.{digits}f}"


def limit_of(query: Query, default: int, most: int) -> int:
    """Return the `limit` of a query, clamped to 1..most. Raise ValueError when it is not a whole number."""
    return max(1, min(most, int(query.get("limit") or default)))


def fixed_rows(rows: Sequence[Sequence[float]], *digits: int) -> list[list[str]]:
    """Return rows of numbers as `fixed` writes them, with decimals by column. It is much faster than one by one."""
    row = " ".join(f"%.{n}f" for n in digits)
    lines = "\n".join([row] * len(rows)) % tuple(chain.from_iterable(rows))
    return [line.split(" ") for line in lines.splitlines()]
