"""The instant score of a point, and what ends an opportunity."""

import sqlalchemy as sa
from alembic import op

revision = "5"
down_revision = "4"


def upgrade() -> None:
    """Add the columns. In earlier rows they are null or empty: not known."""
    op.add_column("points", sa.Column("instant_score", sa.Integer))
    op.add_column("opportunities", sa.Column("invalidation", sa.Text, nullable=False, server_default=""))
    op.add_column("opportunities", sa.Column("invalidation_price", sa.Double))
