"""Signals have costs, chances of their targets, the result of a random entry, and may be about the whole market.

Signals of the first schema have no costs. Their results after costs are not known."""

import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"


def upgrade() -> None:
    """Add the columns. Existing signals get empty values."""
    for name in ("chances", "market_symbols"):
        op.add_column("signals", sa.Column(name, sa.Text, nullable=False, server_default="[]"))
    op.add_column("signals", sa.Column("costs", sa.Text))
    op.add_column("signals", sa.Column("funding_r", sa.Double, nullable=False, server_default="0"))
    op.add_column("signals", sa.Column("baseline_r", sa.Double))
