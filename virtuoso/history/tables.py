"""The tables, as the newest migration leaves them. A column is named as the record's field that it keeps.

Points are by far the most rows (500 symbols, a minute apart, 30 days: 21.6 million), so theirs are narrow: a number for
venue and symbol, and whole ten-thousandths for scores (see `points`). Their primary key is the order they are read in.
"""

from __future__ import annotations

import json
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
from virtuoso.domain.records import AlertKind, AlertLevel, OpportunityKind, Side, SignalStatus

E = TypeVar("E", bound=IntEnum)

# Ordered by their bytes, whatever the database's language: pages follow one another by these.
Name = Text().with_variant(Text(collation="C"), "postgresql")


class Member(TypeDecorator[E], Generic[E]):
    """A member of an enumeration, as its number."""

    impl = SmallInteger
    cache_ok = True

    def __init__(self, kind: type[E]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: E | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        """To the database."""
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> E | None:  # noqa: ARG002 - SQLAlchemy's signature
        """From the database; ValueError for a number that this release does not know."""
        return None if value is None else self.kind(value)


class Items(TypeDecorator[tuple[Any, ...]]):
    """A tuple of numbers, as a JSON array; each is read back as a `kind`."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[float] | type[IntEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: tuple[Any, ...] | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - as above
        """To the database."""
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[Any, ...] | None:  # noqa: ARG002 - as above
        """From the database."""
        return None if value is None else tuple(self.kind(item) for item in json.loads(value))


def _given(name: str, kind: Any, *, primary_key: bool = False) -> Column[Any]:
    return Column(name, kind, primary_key=primary_key, nullable=False, autoincrement=False)


metadata = MetaData()

series = Table(
    "series",
    metadata,
    Column("id", Integer, primary_key=True),
    _given("venue", Name),
    _given("symbol", Name),
    UniqueConstraint("venue", "symbol", name="series_name"),
)

SCORES = ("score", "confidence", *(kind.lower_name for kind in DimensionKind))

points = Table(
    "points",
    metadata,
    _given("series", Integer, primary_key=True),
    _given("observed_ms", BigInteger, primary_key=True),
    _given("price", Double),
    *(Column(name, Integer) for name in SCORES),
    sqlite_with_rowid=False,
)

signals = Table(
    "signals",
    metadata,
    _given("id", Name, primary_key=True),
    _given("venue", Name),
    _given("symbol", Name),
    _given("side", Member(Side)),
    _given("environment", Member(Environment)),
    _given("model_version", Text),
    _given("opened_ms", BigInteger),
    _given("entry", Double),
    _given("stop", Double),
    _given("targets", Items(float)),
    _given("sizes", Items(float)),
    _given("expires_ms", BigInteger),
    _given("score", Double),
    _given("confidence", Double),
    _given("drivers", Items(DimensionKind)),
    _given("judged_ms", BigInteger),
    _given("status", Member(SignalStatus)),
    _given("targets_hit", Integer),
    _given("result_r", Double),
    Column("closed_ms", BigInteger),
    Column("exit_price", Double),
    _given("rearmed", Boolean),
    Index("signals_order", "opened_ms", "id"),
    Index("signals_active", "opened_ms", "id", sqlite_where=text("status = 1"), postgresql_where=text("status = 1")),
)

opportunities = Table(
    "opportunities",
    metadata,
    _given("id", Name, primary_key=True),
    _given("venue", Name),
    _given("symbol", Name),
    _given("kind", Member(OpportunityKind)),
    _given("side", Member(Side)),
    _given("found_ms", BigInteger),
    _given("expires_ms", BigInteger),
    _given("price", Double),
    _given("confidence", Double),
    _given("sentence", Text),
    Column("alpha_percent", Double),
    Column("z_score", Double),
    Column("reading", Double),
    _given("unit", Text),
    Index("opportunities_order", "found_ms", "id"),
)

alerts = Table(
    "alerts",
    metadata,
    _given("cursor", BigInteger, primary_key=True),
    _given("key", Name),
    _given("venue", Name),
    _given("kind", Member(AlertKind)),
    _given("level", Member(AlertLevel)),
    _given("observed_ms", BigInteger),
    _given("text", Text),
    _given("symbol", Name),
    Column("reading", Double),
    _given("unit", Text),
    _given("reference", Text),
    Column("environment", Member(Environment)),
    UniqueConstraint("key", "observed_ms", name="alerts_once"),
)

newest = Table(  # one row: the newest cursor ever given, which outlives the alert itself
    "newest",
    metadata,
    _given("only", SmallInteger, primary_key=True),
    _given("cursor", BigInteger),
)
