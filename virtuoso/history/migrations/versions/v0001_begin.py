"""The first schema. Written out, not taken from `tables`: a migration stays as it was when tables change."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SCORES = ("score", "confidence", "technical", "volume", "orderflow", "orderbook", "price_structure", "sentiment")


def _given(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, autoincrement=False)


def upgrade() -> None:
    """From nothing."""
    op.create_table(
        "series",
        sa.Column("id", sa.Integer, primary_key=True),
        _given("venue", NAME),
        _given("symbol", NAME),
        sa.UniqueConstraint("venue", "symbol", name="series_name"),
    )
    op.create_table(
        "points",
        _given("series", sa.Integer),
        _given("observed_ms", sa.BigInteger),
        _given("price", sa.Double),
        *(sa.Column(name, sa.Integer) for name in SCORES),
        sa.PrimaryKeyConstraint("series", "observed_ms"),
        sqlite_with_rowid=False,
    )
    _signals()
    op.create_table(
        "opportunities",
        _given("id", NAME),
        _given("venue", NAME),
        _given("symbol", NAME),
        _given("kind", sa.SmallInteger),
        _given("side", sa.SmallInteger),
        _given("found_ms", sa.BigInteger),
        _given("expires_ms", sa.BigInteger),
        _given("price", sa.Double),
        _given("confidence", sa.Double),
        _given("sentence", sa.Text),
        sa.Column("alpha_percent", sa.Double),
        sa.Column("z_score", sa.Double),
        sa.Column("reading", sa.Double),
        _given("unit", sa.Text),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("opportunities_order", "opportunities", ["found_ms", "id"])
    _alerts()


def _signals() -> None:
    op.create_table(
        "signals",
        _given("id", NAME),
        _given("venue", NAME),
        _given("symbol", NAME),
        _given("side", sa.SmallInteger),
        _given("environment", sa.SmallInteger),
        _given("model_version", sa.Text),
        _given("opened_ms", sa.BigInteger),
        _given("entry", sa.Double),
        _given("stop", sa.Double),
        _given("targets", sa.Text),
        _given("sizes", sa.Text),
        _given("expires_ms", sa.BigInteger),
        _given("score", sa.Double),
        _given("confidence", sa.Double),
        _given("drivers", sa.Text),
        _given("judged_ms", sa.BigInteger),
        _given("status", sa.SmallInteger),
        _given("targets_hit", sa.Integer),
        _given("result_r", sa.Double),
        sa.Column("closed_ms", sa.BigInteger),
        sa.Column("exit_price", sa.Double),
        _given("rearmed", sa.Boolean),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("signals_order", "signals", ["opened_ms", "id"])
    active = sa.text("status = 1")
    op.create_index("signals_active", "signals", ["opened_ms", "id"], sqlite_where=active, postgresql_where=active)


def _alerts() -> None:
    op.create_table(
        "alerts",
        _given("cursor", sa.BigInteger),
        _given("key", NAME),
        _given("venue", NAME),
        _given("kind", sa.SmallInteger),
        _given("level", sa.SmallInteger),
        _given("observed_ms", sa.BigInteger),
        _given("text", sa.Text),
        _given("symbol", NAME),
        sa.Column("reading", sa.Double),
        _given("unit", sa.Text),
        _given("reference", sa.Text),
        sa.Column("environment", sa.SmallInteger),
        sa.PrimaryKeyConstraint("cursor"),
        sa.UniqueConstraint("key", "observed_ms", name="alerts_once"),
    )
    newest = op.create_table(
        "newest", _given("only", sa.SmallInteger), _given("cursor", sa.BigInteger), sa.PrimaryKeyConstraint("only")
    )
    op.bulk_insert(newest, [{"only": 1, "cursor": 0}])
