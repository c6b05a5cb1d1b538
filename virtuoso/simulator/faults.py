"""The faults of a simulated venue and the replies that they cause.

    down        the connection is closed                 429           too many requests
    slow        replies after `latency_ms` (15 s)        bybit_10006   the stricter form of 429: Bybit's code with HTTP 200,
    garbage     HTML with status 200                                   Binance's ban 418
    truncated   half of the body                         html_403      blocked by location, with an HTML page
    stale       clock and data are frozen                451           blocked by location, in JSON
    empty       valid replies without rows               nan, nulls    a third of the numbers are bad values

The faults of streams alone:

    ws_refuse   new connections get 503                  ws_garbage    half messages, text, HTML and bytes
    ws_drop     open connections are reset now           ws_nan        a third of the numbers of a message are bad
    ws_flap     they are reset every `every_s` (5 s)     ws_stale      messages go on, data and time are frozen
    ws_silent   connections are open, and nothing comes  ws_late       messages are late by `latency_ms` (3 s)
    ws_gap      each book omits one message, or one      ws_dup        messages are doubled or change their order
                every `every_s`                          ws_reject     a subscription is refused
    ws_crossed  a bid is above the best ask              ws_restart    books begin again: a snapshot with u=1 on Bybit,
                                                                       a broken chain of `pu` on Binance

A fault of requests means for streams: down, html_403 and 451 reset connections and refuse new ones; 429 and bybit_10006
refuse new ones; slow is ws_late; garbage and truncated are ws_garbage; nan and nulls are ws_nan; stale is ws_stale; under
empty, subscriptions are confirmed and nothing comes.

`transport` (rest, ws, all) says whether a fault is for requests, for streams or for both. `path` (a regular expression on
path and query, or on the name of a topic) and `prob` (0..1) restrict a fault to some requests or messages. `latency_ms`
delays replies and messages under any fault.
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
FIELDS = {"mode", "exchange", "latency_ms", "path", "prob", "stale_s", "every_s", "transport"}
STREAM_MODES = (
    *("ws_refuse", "ws_drop", "ws_flap", "ws_silent", "ws_gap", "ws_crossed", "ws_garbage", "ws_nan", "ws_stale", "ws_late"),
    *("ws_dup", "ws_reject", "ws_restart"),
)
TRANSPORTS = ("all", "rest", "ws")
LATENCY_MS = {"slow": 15_000, "ws_late": 3_000}
STALE_S = 600.0
FLAP_S = 5.0
# What the faults of requests are for streams.
AS_STREAM_MODE = {
    "slow": "ws_late",
    "garbage": "ws_garbage",
    "truncated": "ws_garbage",
    "nan": "ws_nan",
    "nulls": "ws_nan",
    "stale": "ws_stale",
}
# The share of messages that these faults disturb.
STREAM_PROBS = {"ws_garbage": 0.2, "ws_nan": 0.3, "ws_dup": 0.2}
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
    """The fault of one venue's requests or streams."""

    mode: str = "ok"
    latency_ms: float = 0.0
    path: re.Pattern[str] | None = None
    prob: float | None = None  # None: of all requests, and the usual share of messages
    every_s: float | None = None
    frozen_ms: int | None = None  # the time at which the venue's clock is frozen

    def mode_for(self, path_and_query: str, chance: float) -> str:
        """Return the mode for one request. `chance` is a random number in [0, 1)."""
        return self.mode if self.concerns(path_and_query) and chance < (1 if self.prob is None else self.prob) else "ok"

    @property
    def stream_mode(self) -> str:
        """Return the mode for streams."""
        return AS_STREAM_MODE.get(self.mode, self.mode)

    @property
    def stream_prob(self) -> float:
        """Return the share of messages that are disturbed."""
        return STREAM_PROBS.get(self.stream_mode, 1.0) if self.prob is None else self.prob

    def concerns(self, text: str) -> bool:
        """Return whether the fault concerns a path and query, or the name of a topic."""
        return self.path is None or self.path.search(text) is not None

    def to_json(self) -> dict[str, object]:
        """Return the fault as JSON."""
        fields = {"mode": self.mode, "latency_ms": self.latency_ms, "prob": self.prob, "frozen_ms": self.frozen_ms}
        return {**fields, "every_s": self.every_s, "path": self.path.pattern if self.path else None}


@dataclass
class Faults:
    """The faults of all venues: those of requests, and those of streams."""

    venues: Iterable[str]
    current: dict[str, Fault] = field(init=False)
    streams: dict[str, Fault] = field(init=False)

    def __post_init__(self) -> None:
        self.current = {venue: Fault() for venue in self.venues}
        self.streams = dict(self.current)

    def set(self, request: object, now_ms: int) -> tuple[str, ...]:
        """Set a fault from the body of POST /__admin: an object with FIELDS. Return the venues whose streams have a new one.

        All fields are optional. Without a mode the fault ends. If a value is invalid, change nothing and raise ValueError
        with the value.
        """
        if not isinstance(request, Mapping) or not all(isinstance(v, str | int | float | None) for v in request.values()):
            raise ValueError(f"{request!r}: expected a JSON object")
        if unknown := sorted(set(request) - FIELDS):
            raise ValueError(f"unknown: {', '.join(unknown)}")
        mode, venue = request.get("mode", "ok"), request.get("exchange", "all")
        transport = request.get("transport", "all")
        if mode not in MODES + STREAM_MODES:
            raise ValueError(f"mode {mode!r}: expected one of {', '.join(MODES + STREAM_MODES)}")
        transports = TRANSPORTS if mode in MODES else ("all", "ws")
        if transport not in transports:
            raise ValueError(f"transport {transport!r}: expected one of {', '.join(transports)}")
        if venue != "all" and venue not in self.current:
            raise ValueError(f"exchange {venue!r}: expected one of {', '.join(self.current)}, all")
        latency_ms = _number(request, "latency_ms", LATENCY_MS.get(mode, 0), 600_000)
        stale_s = _number(request, "stale_s", STALE_S if mode == "stale" else 0, 86_400)
        every_s = _number(request, "every_s", FLAP_S if mode == "ws_flap" else 0, 86_400) or None
        try:
            path = re.compile(request["path"]) if request.get("path") else None
        except (re.error, TypeError) as error:
            raise ValueError(f"path {request['path']!r}: expected a regular expression: {error}") from error
        frozen_ms = now_ms - round(stale_s * 1000) if mode in ("stale", "ws_stale") else None
        prob = None if request.get("prob") is None else _number(request, "prob", 1, 1)
        fault = Fault(mode=mode, latency_ms=latency_ms, path=path, prob=prob, every_s=every_s, frozen_ms=frozen_ms)
        venues = tuple(self.current) if venue == "all" else (venue,)
        if transport != "ws" and mode not in STREAM_MODES:
            self.current.update(dict.fromkeys(venues, fault))
        if transport == "rest":
            return ()
        self.streams.update(dict.fromkeys(venues, fault))
        return venues


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
