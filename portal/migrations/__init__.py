"""The one Alembic history of every slice's tables, run from code: no ini file to keep in step."""

from pathlib import Path

from sqlalchemy import inspect, text

from portal.migrations import watchers
from storage.db import Database
from storage.refusals import ConflictError


class NewerDatabaseError(ConflictError):
    code = "database-newer"
    ru = "База данных новее программы (ревизия {revision}). Обновите программу."
    en = "The database is newer than this program (revision {revision}). Update the program."


def head() -> str:
    """This code's revision: the history is linear and its files are numbered."""
    found = (Path(__file__).parent / "versions").glob("[0-9]*.py")
    return max((path.name[:4] for path in found), default="")


def upgrade(database: Database) -> None:
    """Bring the database to this code's revision; raises NewerDatabaseError and changes nothing."""
    current = revision(database)
    if current is not None and current > head():
        raise NewerDatabaseError(revision=current)
    if current != head():
        # Alembic costs every command a third of a second, and is needed once for each new version.
        from portal.migrations import running  # noqa: PLC0415

        running.upgrade(database)
    watchers.watch(database)


def revision(database: Database) -> str | None:
    """The revision that the database is at; None when it is empty."""
    with database.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found
