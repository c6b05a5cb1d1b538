"""The faults of a simulated venue and the replies that they cause.

    down        the connection is closed                 429           too many requests
    slow        replies after `latency_ms` (15 s)        bybit_10006   the stricter form of 429: Bybit's code with HTTP 200,
    garbage     HTML with status 200                                   Binance's ban 418
    truncated   half of the body                         html_403      blocked by location, with an HTML page
    stale       clock and data are frozen                451           blocked by location, in JSON
    empty       valid replies without rows               nan, nulls    a third of the numbers are bad values

`path` (a regular expression on path and query) and `prob` (0..1) restrict a fault to some requests. `latency_ms` delays the
replies under any fault.
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
BAD_NUMBERS = {"nan": ("NaN", "", None, "nan", "-1", "0", "inf", "1e309", "abc"), "nulls": ("", None, "0", "-1", "")}
BLOCK_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>ERROR: The request could not be satisfied</title></head><body>"
    "<h1>403 ERROR</h1><h2>The request could not be satisfied.</h2><hr>"
    "The Amazon CloudFront distribution is configured to block access from your country.</body></html>"
)
WELCOME_PAGE = "<!DOCTYPE html>\n<html><head><title>Welcome</title></head><body>Please sign in to the network.</body></html>"
RESTRICTED_LOCATION = {"code": 0, "msg": "Service unavailable from a restricted location according to the terms of use."}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """The fault of one venue."""

    mode: str = "ok"
    latency_ms: float = 0.0
    path: re.Pattern[str] | None = None
    prob: float = 1.0
    frozen_ms: int | None = None  # the time at which the venue's clock is frozen

    def mode_for(self, path_and_query: str, chance: float) -> str:
        """Return the mode for one request. `chance` is a random number in [0, 1)."""
        affected = (self.path is None or self.path.search(path_and_query)) and chance < self.prob
        return self.mode if affected else "ok"

    def to_json(self) -> dict[str, object]:
        """Return the fault as JSON."""
        fields = {"mode": self.mode, "latency_ms": self.latency_ms, "prob": self.prob, "frozen_ms": self.frozen_ms}
        return {**fields, "path": self.path.pattern if self.path else None}


@dataclass
class Faults:
    """The faults of all venues."""

    venues: Iterable[str]
    current: dict[str, Fault] = field(init=False)

    def __post_init__(self) -> None:
        self.current = {venue: Fault() for venue in self.venues}

    def set(self, request: object, now_ms: int) -> None:
        """Set a fault from the body of POST /__admin: {"mode", "exchange", "latency_ms", "path", "prob", "stale_s"}.

        All fields are optional. Without a mode the fault ends. If a value is invalid, change nothing and raise ValueError
        with the value.
        """
        if not isinstance(request, Mapping) or not all(isinstance(v, str | int | float | None) for v in request.values()):
            raise ValueError(f"{request!r}: expected a JSON object")
        if unknown := sorted(set(request) - {"mode", "exchange", "latency_ms", "path", "prob", "stale_s"}):
            raise ValueError(f"unknown: {', '.join(unknown)}")
        mode, venue = request.get("mode", "ok"), request.get("exchange", "all")
        if mode not in MODES:
            raise ValueError(f"mode {mode!r}: expected one of {', '.join(MODES)}")
        if venue != "all" and venue not in self.current:
            raise ValueError(f"exchange {venue!r}: expected one of {', '.join(self.current)}, all")
        latency_ms = _number(request, "latency_ms", SLOW_MS if mode == "slow" else 0, 600_000)
        stale_s = _number(request, "stale_s", STALE_S, 86_400)
        try:
            path = re.compile(request["path"]) if request.get("path") else None
        except (re.error, TypeError) as error:
            raise ValueError(f"path {request['path']!r}: expected a regular expression: {error}") from error
        frozen_ms = now_ms - round(stale_s * 1000) if mode == "stale" else None
        prob = _number(request, "prob", 1, 1)
        fault = Fault(mode=mode, latency_ms=latency_ms, path=path, prob=prob, frozen_ms=frozen_ms)
        self.current.update(dict.fromkeys(self.current if venue == "all" else (venue,), fault))


def _number(request: Mapping[str, object], name: str, default: float, maximum: float) -> float:
    value = request.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= maximum:
        raise ValueError(f"{name} {value!r}: expected a number from 0 to {maximum:g}")
    return float(value)


def without_rows(body: object) -> object:
    """Return a reply of the same shape without rows."""
    if isinstance(body, list):
        return []
    if isinstance(body, dict):
        return {key: {} if key == "data" and isinstance(value, dict) else without_rows(value) for key, value in body.items()}
    return body


def with_bad_numbers(body: object, mode: str) -> object:
    """Return the reply with about a third of its numbers replaced by bad values. In rows that are lists, about a seventh of
    the cells is replaced.

    "nan" uses all bad values that venues have sent. "nulls" uses only values that a client's parser accepts. The same reply
    always has the same bad values.
    """
    rng, bad_numbers = Random(7), BAD_NUMBERS[mode]  # noqa: S311 - not a secret

    def replace(value: object, name: str = "") -> object:
        if isinstance(value, dict):
            return {key: replace(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [replace_cells(item) if isinstance(item, list) else replace(item, name) for item in value]
        is_number = isinstance(value, float) or (isinstance(value, str) and NUMBER.fullmatch(value))
        hit = is_number and not TIMES_AND_NAMES.fullmatch(name) and rng.random() < 1 / 3
        return rng.choice(bad_numbers) if hit else value

    def replace_cells(cells: list[object]) -> list[object]:
        return [c if column == 0 or rng.random() > 1 / 7 else rng.choice(bad_numbers) for column, c in enumerate(cells)]

    return replace(body)
