"""Puts the triggers of inputs.py into a database, and takes them out while it is migrated."""

from collections.abc import Mapping

from sqlalchemy import Connection, text

from provision.rendered import inputs
from storage.db import Database

_LOCK_NUMBER = 4_751_021  # any constant: PostgreSQL's advisory lock of this work
_EXISTING = {
    "sqlite": "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal",
}


def watch(database: Database) -> None:
    """Make the database count every change that a configuration is made of; twice is once."""
    wanted = inputs.triggers(database.url.get_backend_name())
    with database.engine.connect() as connection:
        if set(_existing(connection)) == set(wanted):
            return
    with database.writing() as session:
        connection = session.connection()
        if not database.is_sqlite:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK_NUMBER})"))
        for name, table in _existing(connection).items():
            if name not in wanted:
                _drop(connection, name, table)
        for name in wanted.keys() - _existing(connection).keys():
            for statement in wanted[name].statements:
                connection.exec_driver_sql(statement)
        # What was kept while nobody counted may be stale.
        connection.exec_driver_sql("DELETE FROM rendered")


def unwatch(connection: Connection) -> None:
    """Take the triggers out: a migration may rebuild tables that they name."""
    for name, table in _existing(connection).items():
        _drop(connection, name, table)


def _existing(connection: Connection) -> Mapping[str, str]:
    """Our triggers that stand in the database, each with its table."""
    rows = connection.exec_driver_sql(_EXISTING[connection.dialect.name])
    return {name: table for name, table in rows if name.startswith(inputs.PREFIX)}


def _drop(connection: Connection, name: str, table: str) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
        return
    connection.exec_driver_sql(f"DROP TRIGGER {name} ON {table}")
    connection.exec_driver_sql(f"DROP FUNCTION {name}()")
