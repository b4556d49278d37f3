"""Alembic's entry: runs over the connection it is handed, with every slice's tables known."""

from alembic import context

from portal.migrations.unmapped import include_object
from portal.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    include_object=include_object,
)
with context.begin_transaction():
    context.run_migrations()
