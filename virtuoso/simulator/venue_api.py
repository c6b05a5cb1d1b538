"""Common parts of the venue modules. A venue module converts market data into the replies of one venue's HTTP API."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Protocol

from virtuoso.simulator.market import SimulatedMarket

Query = Mapping[str, str]
Endpoint = Callable[[SimulatedMarket, Query, int], object]  # (market, query, now_ms) -> JSON body or part of it
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
        """The prefixes of the venue's paths."""
        ...

    def answer(self, market: SimulatedMarket, path: str, query: Query, now_ms: int) -> object:
        """Return the JSON body of a successful reply. Raise ApiError for a request that the venue would refuse."""
        ...

    def refusal(self, kind: str, now_ms: int) -> Refusal:
        """Return the reply to too many requests. `kind` is "429", or "ban" for a stricter form if the venue has one."""
        ...


def fixed(value: float, digits: int) -> str:
    """Return a number in the format of the venues: fixed decimals, no exponent."""
    return f"{value:.{digits}f}"


def limit_of(query: Query, default: int, maximum: int) -> int:
    """Return the `limit` of a query, clamped to 1..maximum. Raise ValueError when it is not a whole number."""
    return max(1, min(maximum, int(query.get("limit") or default)))


def fixed_rows(rows: Sequence[Sequence[float]], *digits: int) -> list[list[str]]:
    """Return rows of numbers in the format of `fixed`, with decimals by column. Many calls of `fixed` are slower."""
    row = " ".join(f"%.{n}f" for n in digits)
    lines = "\n".join([row] * len(rows)) % tuple(chain.from_iterable(rows))
    return [line.split(" ") for line in lines.splitlines()]
