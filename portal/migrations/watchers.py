"""The triggers of every room, which stand while no migration runs."""

from sqlalchemy import Connection

from provision.rendered import watching as configurations
from storage.db import Database
from support.reports import watching as repairs


def watch(database: Database) -> None:
    """Put in those that are missing; twice is once."""
    configurations.watch(database)
    repairs.watch(database)


def unwatch(connection: Connection) -> None:
    """Take all of them out: a migration may rebuild tables that they name."""
    configurations.unwatch(connection)
    repairs.unwatch(connection)
