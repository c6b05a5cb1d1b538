"""The markets of an alert, and the further markets of an opportunity."""

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"


def upgrade() -> None:
    """Add a column to alerts and to opportunities. Earlier rows have null, which means none."""
    op.add_column("alerts", sa.Column("markets", sa.Text))
    op.add_column("opportunities", sa.Column("also", sa.Text))
