"""Runs Alembic from code, over a connection of ours: no ini file to keep in step."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from portal.migrations import unmapped, watchers
from storage.db import Database
from storage.refusals import ConflictError

_LOCK_NUMBER = 4_751_020  # any constant: PostgreSQL's advisory lock of our migrations


class BrokenReferenceError(ConflictError):
    code = "migration-broken-reference"
    ru = (
        "Обновление базы данных отменено: строки {table} указывают на отсутствующие строки {other}."
    )
    en = "The upgrade of the database was undone: rows of {table} point to missing rows of {other}."


def upgrade(database: Database) -> None:
    """Bring the database to the newest revision in one transaction."""
    with database.engine.connect() as connection, _references_checked_at_the_end(connection):
        connection.execution_options(sqlite_begin="IMMEDIATE")
        with connection.begin():
            if not database.is_sqlite:
                # Two processes may start at once; the second waits and finds nothing to do.
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK_NUMBER})"))
            watchers.unwatch(connection)
            command.upgrade(configuration(connection), "head")
            unmapped.put_computed(connection)
            _check_references(connection)


@contextlib.contextmanager
def _references_checked_at_the_end(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by making it anew: dropping the old one would break what refers to it.

    It takes this word between transactions only.
    """
    raw: Any = connection.connection.dbapi_connection
    if connection.dialect.name != "sqlite":
        yield
        return
    raw.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys = ON")


def _check_references(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.execute(text("PRAGMA foreign_key_check")).first()
        if broken is not None:
            raise BrokenReferenceError(table=broken[0], other=broken[2])


def configuration(connection: Connection) -> Config:
    """Alembic's configuration for work over this connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
