"""What can be made wrong with a simulated venue, and what its replies look like then.

    down        the connection is cut                429, bybit_10006   too many requests, and the sterner kind: Bybit's
    slow        answers after `latency_ms` (15 s)                       code with HTTP 200, Binance's ban 418
    garbage     HTML with status 200                 html_403, 451      blocked by location
    truncated   half of the body                     nan, nulls         a third of the numbers are none
    stale       clock and data stand still           empty              good replies without rows

`path` (a regular expression on path and query) and `prob` (0..1) narrow a fault; `latency_ms` goes with any of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random

MODES = (
    *("ok", "down", "slow", "429", "bybit_10006", "garbage", "html_403", "451", "truncated", "nan", "nulls", "stale"),
    "empty",
)
SLOW_MS = 15_000
STALE_S = 600.0
TIMES_AND_NAMES = re.compile(
    r"symbol|s|category|side|.*time.*|.*id|ts|cts|seq|u|status|.*Type|.*Ccy|.*Coin|period", re.IGNORECASE
)
NUMBER = re.compile(r"-?[\d.]+(e-?\d+)?")
NO_NUMBERS = {"nan": ("NaN", "", None, "nan", "-1", "0", "inf", "1e309", "abc"), "nulls": ("", None, "0", "-1", "")}
BLOCK_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>ERROR: The request could not be satisfied</title></head><body>"
    "<h1>403 ERROR</h1><h2>The request could not be satisfied.</h2><hr>"
    "The Amazon CloudFront distribution is configured to block access from your country.</body></html>"
)
WELCOME_PAGE = "<!DOCTYPE html>\n<html><head><title>Welcome</title></head><body>Please sign in to the network.</body></html>"
LOCATION = {"code": 0, "msg": "Service unavailable from a restricted location according to the terms of use."}


@dataclass(frozen=True)
class Fault:
    """What is wrong with one venue."""

    mode: str = "ok"
    latency_ms: float = 0.0
    path: re.Pattern[str] | None = None
    prob: float = 1.0
    frozen_ms: int | None = None  # where its clock stands

    def mode_for(self, path_and_query: str, chance: float) -> str:
        """The mode that a request meets; `chance` is a random number in [0, 1)."""
        hit = (self.path is None or self.path.search(path_and_query)) and chance < self.prob
        return self.mode if hit else "ok"

    @property
    def told(self) -> dict[str, object]:
        """As JSON."""
        known = {"mode": self.mode, "latency_ms": self.latency_ms, "prob": self.prob, "frozen_ms": self.frozen_ms}
        return {**known, "path": self.path.pattern if self.path else None}


@dataclass
class Faults:
    """The faults of all venues."""

    venues: Iterable[str]
    current: dict[str, Fault] = field(init=False)

    def __post_init__(self) -> None:
        self.current = {venue: Fault() for venue in self.venues}

    def set(self, wish: object, now_ms: int) -> None:
        """Do as the body of POST /__admin wishes: {"mode", "exchange", "latency_ms", "path", "prob", "stale_s"}, all but
        the mode optional. ValueError names what is not allowed; then nothing changes."""
        if not isinstance(wish, Mapping) or not all(isinstance(v, str | int | float | None) for v in wish.values()):
            raise ValueError(f"{wish!r}: allowed is a JSON object")
        if unknown := sorted(set(wish) - {"mode", "exchange", "latency_ms", "path", "prob", "stale_s"}):
            raise ValueError(f"unknown: {', '.join(unknown)}")
        mode, venue = wish.get("mode", "ok"), wish.get("exchange", "all")
        if mode not in MODES:
            raise ValueError(f"mode {mode!r}: allowed are {', '.join(MODES)}")
        if venue != "all" and venue not in self.current:
            raise ValueError(f"exchange {venue!r}: allowed are {', '.join(self.current)}, all")
        latency_ms = _number(wish, "latency_ms", SLOW_MS if mode == "slow" else 0, 600_000)
        stale_s = _number(wish, "stale_s", STALE_S, 86_400)
        try:
            path = re.compile(wish["path"]) if wish.get("path") else None
        except (re.error, TypeError) as error:
            raise ValueError(f"path {wish['path']!r}: allowed is a regular expression: {error}") from error
        frozen = now_ms - round(stale_s * 1000) if mode == "stale" else None
        fault = Fault(mode, latency_ms, path, _number(wish, "prob", 1, 1), frozen)
        self.current.update(dict.fromkeys(self.current if venue == "all" else (venue,), fault))


def _number(wish: Mapping[str, object], name: str, default: float, most: float) -> float:
    value = wish.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise ValueError(f"{name} {value!r}: allowed is a number from 0 to {most:g}")
    return float(value)


def hollow(body: object) -> object:
    """A reply of the same shape without any rows."""
    if isinstance(body, list):
        return []
    if isinstance(body, dict):
        return {key: {} if key == "data" and isinstance(value, dict) else hollow(value) for key, value in body.items()}
    return body


def poisoned(body: object, mode: str) -> object:
    """The reply with a third of the numbers of its rows (every seventh cell of rows that are lists) replaced by what is no
    number: for "nan" whatever venues have sent, for "nulls" what a client's parser lets pass. The same ones each time."""
    chance, spoilt = Random(7), NO_NUMBERS[mode]  # noqa: S311 - not a secret

    def spoil(value: object, name: str = "") -> object:
        if isinstance(value, dict):
            return {key: spoil(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [_row(item) if isinstance(item, list) else spoil(item, name) for item in value]
        known = isinstance(value, float) or (isinstance(value, str) and NUMBER.fullmatch(value))
        doomed = known and not TIMES_AND_NAMES.fullmatch(name) and chance.random() < 1 / 3
        return chance.choice(spoilt) if doomed else value

    def _row(cells: list[object]) -> list[object]:
        return [c if place == 0 or chance.random() > 1 / 7 else chance.choice(spoilt) for place, c in enumerate(cells)]

    return spoil(body)
