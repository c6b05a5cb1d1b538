"""The environment script of Alembic. It runs migrations in the transaction of `schema.upgrade`."""

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
