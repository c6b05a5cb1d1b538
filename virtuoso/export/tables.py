"""The columns of each exported table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, NamedTuple

from virtuoso.domain.model import DimensionKind
from virtuoso.domain.records import Alert, Signal

MOVES_MS = {"1h": 3_600_000, "4h": 14_400_000, "24h": 86_400_000}
"""The times after a signal at which its move is told."""


class Kind(Enum):
    """The type of the values of a column. Each value may also be None."""

    TEXT = "text"
    NUMBER = "number"  # float
    WHOLE = "whole number"
    TIME = "time"  # epoch milliseconds, UTC


class Column(NamedTuple):
    """One column. `read` returns its value from a record; the value None means that there is none."""

    name: str
    kind: Kind
    unit: str
    meaning: str
    read: Callable[[Any], str | float | int | None]


class FollowedSignal(NamedTuple):
    """A signal and the moves of the price after it, by the names of MOVES_MS. None where no price was stored."""

    signal: Signal
    moves: dict[str, float | None]


def _score(name: str, meaning: str) -> Column:
    return Column(name, Kind.NUMBER, "0-100", meaning, lambda point: getattr(point, name))


SCORES: Sequence[Column] = (
    Column("venue", Kind.TEXT, "", "the exchange", lambda p: p.venue),
    Column("symbol", Kind.TEXT, "", "the market", lambda p: p.symbol),
    Column("observed_time", Kind.TIME, "UTC", "the exchange's time of the prices", lambda p: p.observed_ms),
    Column("price", Kind.NUMBER, "USDT", "the last price", lambda p: p.price),
    _score("score", "the confluence score, a mean over time; 50 is neutral"),
    _score("instant_score", "the score of that moment; absent for earlier releases"),
    Column("confidence", Kind.NUMBER, "0-1", "the confidence of the score", lambda p: p.confidence),
    *(_score(kind.lower_name, f"the dimension {kind.lower_name}") for kind in DimensionKind),
)


def _signal(name: str, kind: Kind, unit: str, meaning: str, field: str = "") -> Column:
    return Column(name, kind, unit, meaning, lambda each: getattr(each.signal, field or name))


def _member(name: str, meaning: str) -> Column:
    return Column(name, Kind.TEXT, "", meaning, lambda each: getattr(each.signal, name).name)


def _item(field: str, position: int) -> Callable[[FollowedSignal], float | None]:
    def read(each: FollowedSignal) -> float | None:
        values = getattr(each.signal, field)
        return values[position] if position < len(values) else None

    return read


def _cost(name: str, meaning: str) -> Column:
    def read(each: FollowedSignal) -> float | None:
        costs = each.signal.costs
        return None if costs is None else float(getattr(costs, name))

    return Column(name, Kind.NUMBER, "%", meaning, read)


def _move(name: str) -> Column:
    meaning = f"the move of the price within {name} of the opening in the signal's direction; above 0 is a gain"
    return Column(f"move_{name}_percent", Kind.NUMBER, "%", meaning, lambda each: each.moves[name])


SIGNALS: Sequence[Column] = (
    _signal("id", Kind.TEXT, "", "the signal's name in the API"),
    _signal("venue", Kind.TEXT, "", "the exchange"),
    _signal("symbol", Kind.TEXT, "", "the market"),
    _member("side", "LONG or SHORT"),
    _member("environment", "the origin of the prices: LIVE, SIMULATED or REPLAY"),
    _signal("model_version", Kind.TEXT, "", "the version of the score that opened it"),
    _signal("open_time", Kind.TIME, "UTC", "when it was opened", "opened_ms"),
    _signal("entry", Kind.NUMBER, "USDT", "the price at which it was opened"),
    _signal("stop", Kind.NUMBER, "USDT", "the price that ends it with a loss"),
    *(Column(f"target_{n + 1}", Kind.NUMBER, "USDT", f"the price of target {n + 1}", _item("targets", n)) for n in range(3)),
    *(
        Column(
            f"size_{n + 1}", Kind.NUMBER, "0-1", f"the share of the position that target {n + 1} closes", _item("sizes", n)
        )
        for n in range(3)
    ),
    *(
        Column(
            f"chance_{n + 1}",
            Kind.NUMBER,
            "0-1",
            f"the chance of target {n + 1} in a market without drift",
            _item("chances", n),
        )
        for n in range(3)
    ),
    _signal("expire_time", Kind.TIME, "UTC", "when it ends by itself", "expires_ms"),
    _signal("score", Kind.NUMBER, "0-100", "the score that opened it"),
    _signal("confidence", Kind.NUMBER, "0-1", "the confidence of that score"),
    Column(
        "market_symbols",
        Kind.TEXT,
        "",
        "for a call on the whole market: the symbols on its side, separated by spaces",
        lambda each: " ".join(each.signal.market_symbols),
    ),
    Column(
        "drivers",
        Kind.TEXT,
        "",
        "the dimensions behind that score, strongest first, separated by spaces",
        lambda each: " ".join(kind.lower_name for kind in each.signal.drivers),
    ),
    _member("status", "ACTIVE, STOPPED, TARGETS_REACHED, EXPIRED or REVERSED"),
    _signal("judge_time", Kind.TIME, "UTC", "the bars up to this time were compared with stop and targets", "judged_ms"),
    _signal("targets_hit", Kind.WHOLE, "", "the number of reached targets"),
    _signal("result_r", Kind.NUMBER, "R", "the result; 1 R is the distance from entry to stop"),
    _cost("taker_fee_percent", "the fee of each entry and exit"),
    _cost("spread_percent", "the distance from bid to ask; half of it is paid at entry and half at exit"),
    _cost("funding_day_percent", "the funding per day that this side pays; below 0 it receives it"),
    _signal("funding_r", Kind.NUMBER, "R", "the funding that was paid up to `judge_time`"),
    _signal("net_r", Kind.NUMBER, "R", "the result after fees, spread and funding"),
    _signal("baseline_r", Kind.NUMBER, "R", "the net result of a random entry of the same symbol, side and plan"),
    _signal("close_time", Kind.TIME, "UTC", "when it was closed; absent while ACTIVE", "closed_ms"),
    _signal("exit_price", Kind.NUMBER, "USDT", "the price of the last closed part"),
    *(_move(name) for name in MOVES_MS),
)


def _markets(alert: Alert) -> str:
    """Return the symbols with their figures, such as "BTCUSDT -3.1, ETHUSDT -4"."""
    pairs = ((one.symbol, one.reading) for one in alert.markets)
    return ", ".join(symbol if reading is None else f"{symbol} {reading:g}" for symbol, reading in pairs)


def _outlook(name: str, kind: Kind, unit: str, meaning: str, field: str = "") -> Column:
    return Column(name, kind, unit, meaning, lambda outlook: getattr(outlook, field or name))


OUTLOOKS: Sequence[Column] = (
    _outlook("id", Kind.TEXT, "", "its name in the history"),
    _outlook("venue", Kind.TEXT, "", "the exchange"),
    _outlook("symbol", Kind.TEXT, "", "the market"),
    Column("environment", Kind.TEXT, "", "the origin of the prices", lambda outlook: outlook.environment.name),
    _outlook("bar_time", Kind.TIME, "UTC", "the close of the bar from which the 24 hours count", "bar_ms"),
    _outlook("odds", Kind.NUMBER, "0-1", "the odds of beating the median, as they were said"),
    _outlook("low_percent", Kind.NUMBER, "%", "the low end of the interval that was said, against the median"),
    _outlook("high_percent", Kind.NUMBER, "%", "the high end of it"),
    _outlook("move_percent", Kind.NUMBER, "%", "the move of the 24 hours less the median; absent before their end"),
    _outlook("beat", Kind.NUMBER, "0-1", "1 above the median, 0 below, 0.5 for a tie; absent before the end"),
)


def _alert(name: str, kind: Kind, unit: str, meaning: str, field: str = "") -> Column:
    return Column(name, kind, unit, meaning, lambda alert: getattr(alert, field or name))


ALERTS: Sequence[Column] = (
    _alert("cursor", Kind.WHOLE, "", "its position among all alerts"),
    _alert("key", Kind.TEXT, "", "its subject; within a cooldown, a subject has one alert"),
    _alert("venue", Kind.TEXT, "", "the exchange"),
    Column("kind", Kind.TEXT, "", "what it is about, such as PRICE_MOVE", lambda alert: alert.kind.name),
    Column("level", Kind.TEXT, "", "INFO, WARNING or CRITICAL", lambda alert: alert.level.name),
    _alert("observed_time", Kind.TIME, "UTC", "when it happened, on the exchange's clock", "observed_ms"),
    _alert("text", Kind.TEXT, "", "the alert as it was shown"),
    _alert("symbol", Kind.TEXT, "", "the market; empty for the whole market or the system"),
    _alert("reading", Kind.NUMBER, "`unit`", "the figure that caused it"),
    _alert("unit", Kind.TEXT, "", "the unit of the reading; empty for a plain number"),
    _alert("reference", Kind.TEXT, "", "the id of its signal or opportunity"),
    Column("markets", Kind.TEXT, "", "the markets of which it tells, each with its own figure", _markets),
    Column(
        "environment",
        Kind.TEXT,
        "",
        "the origin of the data: LIVE, SIMULATED or REPLAY",
        lambda alert: None if alert.environment is None else alert.environment.name,
    ),
)

TABLES: dict[str, Sequence[Column]] = {"scores": SCORES, "signals": SIGNALS, "alerts": ALERTS, "outlooks": OUTLOOKS}
"""The columns by the name of the table."""


def cells(columns: Sequence[Column], record: object) -> list[str | float | int | None]:
    """Return the values of one row."""
    return [column.read(record) for column in columns]
