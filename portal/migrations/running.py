"""Runs Alembic from code, over a connection of ours: no ini file to keep in step."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from provision.rendered import watching
from storage.db import Database

_LOCK_NUMBER = 4_751_020  # any constant: PostgreSQL's advisory lock of our migrations


def upgrade(database: Database) -> None:
    """Bring the database to the newest revision in one transaction."""
    with database.engine.connect() as connection:
        connection.execution_options(sqlite_begin="IMMEDIATE")
        with connection.begin():
            if not database.is_sqlite:
                # Two processes may start at once; the second waits and finds nothing to do.
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK_NUMBER})"))
            watching.unwatch(connection)
            command.upgrade(configuration(connection), "head")


def configuration(connection: Connection) -> Config:
    """Alembic's configuration for work over this connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
