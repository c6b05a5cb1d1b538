"""The entry of Alembic. It runs the migrations on the connection of `schema.upgrade`, in its transaction."""

from alembic import context

from virtuoso.history.schema import VERSION_TABLE
from virtuoso.history.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
