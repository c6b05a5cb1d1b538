"""The first schema. It repeats the table definitions, because a migration must not change when `tables` changes."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SCORES = ("score", "confidence", "technical", "volume", "orderflow", "orderbook", "price_structure", "sentiment")


def _required(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, autoincrement=False)


def upgrade() -> None:
    """Create all tables."""
    op.create_table(
        "series",
        sa.Column("id", sa.Integer, primary_key=True),
        _required("venue", NAME),
        _required("symbol", NAME),
        sa.UniqueConstraint("venue", "symbol", name="series_name"),
    )
    op.create_table(
        "points",
        _required("series", sa.Integer),
        _required("observed_ms", sa.BigInteger),
        _required("price", sa.Double),
        *(sa.Column(name, sa.Integer) for name in SCORES),
        sa.PrimaryKeyConstraint("series", "observed_ms"),
        sqlite_with_rowid=False,
    )
    _signals()
    op.create_table(
        "opportunities",
        _required("id", NAME),
        _required("venue", NAME),
        _required("symbol", NAME),
        _required("kind", sa.SmallInteger),
        _required("side", sa.SmallInteger),
        _required("found_ms", sa.BigInteger),
        _required("expires_ms", sa.BigInteger),
        _required("price", sa.Double),
        _required("confidence", sa.Double),
        _required("sentence", sa.Text),
        sa.Column("alpha_percent", sa.Double),
        sa.Column("z_score", sa.Double),
        sa.Column("reading", sa.Double),
        _required("unit", sa.Text),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("opportunities_order", "opportunities", ["found_ms", "id"])
    _alerts()


def _signals() -> None:
    op.create_table(
        "signals",
        _required("id", NAME),
        _required("venue", NAME),
        _required("symbol", NAME),
        _required("side", sa.SmallInteger),
        _required("environment", sa.SmallInteger),
        _required("model_version", sa.Text),
        _required("opened_ms", sa.BigInteger),
        _required("entry", sa.Double),
        _required("stop", sa.Double),
        _required("targets", sa.Text),
        _required("sizes", sa.Text),
        _required("expires_ms", sa.BigInteger),
        _required("score", sa.Double),
        _required("confidence", sa.Double),
        _required("drivers", sa.Text),
        _required("judged_ms", sa.BigInteger),
        _required("status", sa.SmallInteger),
        _required("targets_hit", sa.Integer),
        _required("result_r", sa.Double),
        sa.Column("closed_ms", sa.BigInteger),
        sa.Column("exit_price", sa.Double),
        _required("rearmed", sa.Boolean),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("signals_order", "signals", ["opened_ms", "id"])
    active = sa.text("status = 1")
    op.create_index("signals_active", "signals", ["opened_ms", "id"], sqlite_where=active, postgresql_where=active)


def _alerts() -> None:
    op.create_table(
        "alerts",
        _required("cursor", sa.BigInteger),
        _required("key", NAME),
        _required("venue", NAME),
        _required("kind", sa.SmallInteger),
        _required("level", sa.SmallInteger),
        _required("observed_ms", sa.BigInteger),
        _required("text", sa.Text),
        _required("symbol", NAME),
        sa.Column("reading", sa.Double),
        _required("unit", sa.Text),
        _required("reference", sa.Text),
        sa.Column("environment", sa.SmallInteger),
        sa.PrimaryKeyConstraint("cursor"),
        sa.UniqueConstraint("key", "observed_ms", name="alerts_once"),
    )
    newest = op.create_table(
        "newest", _required("only", sa.SmallInteger), _required("cursor", sa.BigInteger), sa.PrimaryKeyConstraint("only")
    )
    op.bulk_insert(newest, [{"only": 1, "cursor": 0}])
