"""The mutations of one value in a reply, and the choice of the value."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

MISSING = object()
"""The result of a mutation that removes the value."""
DAY_MS = 86_400_000

Place = tuple[str | int, ...]
"""The keys and indices that lead to a value in a reply."""


def _scaled(factor: float) -> Callable[[Any], Any]:
    def scale(value: Any) -> Any:
        try:
            number = float(value) * factor
        except (TypeError, ValueError):
            return value
        result = int(number) if number == int(number) else number
        return str(result) if isinstance(value, str) else type(value)(result) if not isinstance(value, bool) else value

    return scale


def _moved(by_ms: float) -> Callable[[Any], Any]:
    def move(value: Any) -> Any:
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).isdigit():
            return type(value)(int(value) + int(by_ms))
        return value

    return move


def _other_type(value: Any) -> Any:
    """Return a number as text and text as a number, where possible."""
    if not isinstance(value, str):
        return str(value)
    try:
        return float(value)
    except ValueError:
        return 7


MUTATIONS: Mapping[str, Callable[[Any], Any]] = {
    "nan": lambda _: float("nan"),
    "nan_text": lambda _: "NaN",
    "infinity": lambda _: float("inf"),
    "minus_infinity_text": lambda _: "-Infinity",
    "negative": _scaled(-1),
    "zero": lambda value: "0" if isinstance(value, str) else 0,
    "thousandfold": _scaled(1_000),
    "millionfold": _scaled(1_000_000),
    "thousandth": _scaled(0.001),
    "tenfold": _scaled(10),
    "huge": lambda value: "9223372036854775807" if isinstance(value, str) else 2**63 - 1,
    "tiny": lambda value: "1e-320" if isinstance(value, str) else 1e-320,
    "overflow": lambda _: "1e309",
    "other_type": _other_type,
    "underscores": lambda _: "1_000",
    "true": lambda _: True,
    "false": lambda _: False,
    "null": lambda _: None,
    "empty": lambda _: "",
    "words": lambda _: "unknown\x00\n",
    "list": lambda value: [value],
    "object": lambda value: {"value": value},
    "missing": lambda _: MISSING,
    "past": _moved(-400 * DAY_MS),
    "yesterday": _moved(-DAY_MS),
    "ahead": _moved(4 * 60_000),
    "tomorrow": _moved(DAY_MS),
    "future": _moved(4_000 * DAY_MS),
}


class Mutation(NamedTuple):
    """One change of one value. `symbol` is the symbol of the row in the venue's words; "" outside of rows."""

    name: str
    place: Place
    symbol: str

    @property
    def field(self) -> str:
        """Return the field's path without row numbers."""
        return ".".join("*" if isinstance(key, int) and key > 7 else str(key) for key in self.place)


def choose(reply: Any, rng: random.Random, *, preferred: frozenset[str]) -> Mutation:
    """Return a random mutation of a reply: each field is equally likely, whatever the number of rows.

    In a list of rows with symbols, most choices fall on the rows of `preferred`."""
    fields: dict[tuple[str, ...], list[Place]] = {}
    for place in _leaves(reply, ()):
        fields.setdefault(tuple("*" if isinstance(key, int) else key for key in place), []).append(place)
    places = fields[rng.choice(sorted(fields))]
    known = [place for place in places if row_symbol(reply, place) in preferred]
    place = rng.choice(known if known and rng.random() < 0.8 else places)
    return Mutation(rng.choice(sorted(MUTATIONS)), place, row_symbol(reply, place))


def mutate(reply: Any, mutation: Mutation) -> Any:
    """Return a copy of `reply` with one value changed."""
    return _changed(reply, mutation.place, MUTATIONS[mutation.name])


def row_symbol(reply: Any, place: Place) -> str:
    """Return the symbol of the row that holds a value. Return "" when there is none."""
    symbol = ""
    for key in place:
        reply = reply[key]
        if isinstance(reply, dict):
            symbol = next((str(reply[name]) for name in ("symbol", "instId") if name in reply), symbol)
    return symbol


def _leaves(value: Any, place: Place) -> Iterator[Place]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not children and place:
        yield place
    for key, child in children:
        yield from _leaves(child, (*place, key))


def _changed(value: Any, place: Place, change: Callable[[Any], Any]) -> Any:
    copied = value.copy()
    key = place[0]
    changed = change(value[key]) if len(place) == 1 else _changed(value[key], place[1:], change)
    if changed is MISSING:
        del copied[key]
    else:
        copied[key] = changed
    return copied
