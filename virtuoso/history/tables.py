"""The tables after the newest migration. A column has the same name as the record's field that it stores.

Most rows are points (500 symbols, one per minute, 30 days: 21.6 million), so these rows are small. One number identifies
venue and symbol. Scores are integers in ten-thousandths (see `points`). Points are read in the order of their primary key.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import IntEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from virtuoso.domain.model import DimensionKind, Environment
from virtuoso.domain.records import AlertKind, AlertLevel, AlertMarket, OpportunityKind, Side, SignalStatus, TradingCosts

E = TypeVar("E", bound=IntEnum)

_decode = json.JSONDecoder().raw_decode  # three times as fast as json.loads
# Text that is compared by bytes in every locale of the database. The order of pages depends on it.
Name = Text().with_variant(Text(collation="C"), "postgresql")


class Member(TypeDecorator[E], Generic[E]):
    """An enum member, stored as its number."""

    impl = SmallInteger
    cache_ok = True

    def __init__(self, kind: type[E]) -> None:
        super().__init__()
        self.kind = kind
        self._members = {int(member): member for member in kind}  # several times as fast as the call of an enum

    def process_bind_param(self, value: E | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Convert for the database."""
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> E | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Convert from the database. Raise KeyError for a number that this release does not know."""
        return None if value is None else self._members[value]


class Items(TypeDecorator[tuple[Any, ...]]):
    """A tuple of numbers or texts, stored as a JSON array. Each item is read as a `kind`. Null is read as no items."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[float] | type[IntEnum] | type[str]) -> None:
        super().__init__()
        self.kind = kind
        self._read: Callable[[Any], Any] = kind
        if issubclass(kind, IntEnum):
            self._read = {int(member): member for member in kind}.__getitem__

    def process_bind_param(self, value: tuple[Any, ...] | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - as above
        """Convert for the database."""
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[Any, ...]:  # noqa: ARG002 - as above
        """Convert from the database."""
        return () if value is None else tuple(map(self._read, _decode(value)[0]))


class AlertMarkets(TypeDecorator[tuple[AlertMarket, ...]]):
    """The markets of an alert, stored as a JSON array of arrays. Null means none."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[AlertMarket, ...] | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - as above
        """Convert for the database."""
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False) if value else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[AlertMarket, ...]:  # noqa: ARG002 - as above
        """Convert from the database."""
        return tuple(AlertMarket(*market) for market in json.loads(value)) if value else ()


class Costs(TypeDecorator[TradingCosts]):
    """The costs of a trade, stored as a JSON array."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: TradingCosts | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - as above
        """Convert for the database."""
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> TradingCosts | None:  # noqa: ARG002 - as above
        """Convert from the database."""
        return None if value is None else TradingCosts(*json.loads(value))


def _required(name: str, kind: Any, *, primary_key: bool = False) -> Column[Any]:
    return Column(name, kind, primary_key=primary_key, nullable=False, autoincrement=False)


metadata = MetaData()

series = Table(
    "series",
    metadata,
    Column("id", Integer, primary_key=True),
    _required("venue", Name),
    _required("symbol", Name),
    UniqueConstraint("venue", "symbol", name="series_name"),
)

SCORES = ("score", "confidence", *(kind.lower_name for kind in DimensionKind), "instant_score")

points = Table(
    "points",
    metadata,
    _required("series", Integer, primary_key=True),
    _required("observed_ms", BigInteger, primary_key=True),
    _required("price", Double),
    *(Column(name, Integer) for name in SCORES),
    sqlite_with_rowid=False,
)

signals = Table(
    "signals",
    metadata,
    _required("id", Name, primary_key=True),
    _required("venue", Name),
    _required("symbol", Name),
    _required("side", Member(Side)),
    _required("environment", Member(Environment)),
    _required("model_version", Text),
    _required("opened_ms", BigInteger),
    _required("entry", Double),
    _required("stop", Double),
    _required("targets", Items(float)),
    _required("sizes", Items(float)),
    _required("expires_ms", BigInteger),
    _required("score", Double),
    _required("confidence", Double),
    _required("drivers", Items(DimensionKind)),
    _required("judged_ms", BigInteger),
    _required("status", Member(SignalStatus)),
    _required("targets_hit", Integer),
    _required("result_r", Double),
    Column("closed_ms", BigInteger),
    Column("exit_price", Double),
    _required("rearmed", Boolean),
    _required("chances", Items(float)),
    _required("market_symbols", Items(str)),
    Column("costs", Costs),
    _required("funding_r", Double),
    Column("baseline_r", Double),
    Index("signals_order", "opened_ms", "id"),
    Index("signals_active", "opened_ms", "id", sqlite_where=text("status = 1"), postgresql_where=text("status = 1")),
)

opportunities = Table(
    "opportunities",
    metadata,
    _required("id", Name, primary_key=True),
    _required("venue", Name),
    _required("symbol", Name),
    _required("kind", Member(OpportunityKind)),
    _required("side", Member(Side)),
    _required("found_ms", BigInteger),
    _required("expires_ms", BigInteger),
    _required("price", Double),
    _required("confidence", Double),
    _required("sentence", Text),
    Column("alpha_percent", Double),
    Column("z_score", Double),
    Column("reading", Double),
    _required("unit", Text),
    Column("also", Items(str)),
    _required("invalidation", Text),
    Column("invalidation_price", Double),
    Index("opportunities_order", "found_ms", "id"),
)

alerts = Table(
    "alerts",
    metadata,
    _required("cursor", BigInteger, primary_key=True),
    _required("key", Name),
    _required("venue", Name),
    _required("kind", Member(AlertKind)),
    _required("level", Member(AlertLevel)),
    _required("observed_ms", BigInteger),
    _required("text", Text),
    _required("symbol", Name),
    Column("reading", Double),
    _required("unit", Text),
    _required("reference", Text),
    Column("environment", Member(Environment)),
    Column("markets", AlertMarkets),
    UniqueConstraint("key", "observed_ms", name="alerts_once"),
)

outlooks = Table(
    "outlooks",
    metadata,
    _required("id", Name, primary_key=True),
    _required("venue", Name),
    _required("symbol", Name),
    _required("environment", Member(Environment)),
    _required("bar_ms", BigInteger),
    _required("odds", Double),
    _required("low_percent", Double),
    _required("high_percent", Double),
    Column("move_percent", Double),
    Column("beat", Double),
    Index("outlooks_order", "bar_ms", "id"),
)

newest = Table(  # one row with the largest cursor ever used; the row stays after its alert is deleted
    "newest",
    metadata,
    _required("only", SmallInteger, primary_key=True),
    _required("cursor", BigInteger),
)
