"""The outlooks that were said, and what came of them."""

import sqlalchemy as sa
from alembic import op

revision = "4"
down_revision = "3"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "outlooks",
        sa.Column("id", NAME, primary_key=True),
        sa.Column("venue", NAME, nullable=False),
        sa.Column("symbol", NAME, nullable=False),
        sa.Column("environment", sa.SmallInteger, nullable=False),
        sa.Column("bar_ms", sa.BigInteger, nullable=False),
        sa.Column("odds", sa.Double, nullable=False),
        sa.Column("low_percent", sa.Double, nullable=False),
        sa.Column("high_percent", sa.Double, nullable=False),
        sa.Column("move_percent", sa.Double),
        sa.Column("beat", sa.Double),
    )
    op.create_index("outlooks_order", "outlooks", ["bar_ms", "id"])
