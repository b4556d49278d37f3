"""`python -m portal.migrations "what changed"`: write the next revision from the models."""

import sys
import tempfile
from pathlib import Path

from alembic import command

from portal import migrations
from portal.migrations import running
from portal.tables import metadata
from storage.db import Database, sqlite_url


def main(message: str) -> None:
    """Compare a freshly migrated database with the models and write what differs."""
    assert metadata.tables, "the slices' tables are loaded"
    number = f"{int(migrations.head() or 0) + 1:04d}"
    with tempfile.TemporaryDirectory() as folder:
        database = Database(sqlite_url(Path(folder) / "empty.sqlite"))
        if migrations.head():
            migrations.upgrade(database)
        with database.engine.connect() as connection, connection.begin():
            configuration = running.configuration(connection)
            configuration.set_main_option("file_template", "%%(rev)s_%%(slug)s")
            command.revision(configuration, message, autogenerate=True, rev_id=number)
        database.dispose()


if __name__ == "__main__":
    main(sys.argv[1])
