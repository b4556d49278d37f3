"""Whatever migrations do to a table, each of its indexes is there afterwards, on both databases."""

from pathlib import Path
from typing import Any

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Index, UniqueConstraint, text

from portal import migrations
from portal.migrations import running, unmapped, watchers
from portal.tables import metadata
from storage.db import Database, sqlite_url
from storage.installation import Installation


def there(connection: Connection) -> set[str]:
    """The names of all indexes; of SQLite's as it stores them, as expressions cannot be read."""
    asked = "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()"
    if connection.dialect.name == "sqlite":
        asked = "SELECT name FROM sqlite_master WHERE type = 'index'"
    return set(connection.scalars(text(asked)))


def declared() -> set[str]:
    return {str(index.name) for table in metadata.tables.values() for index in table.indexes}


def unique_columns(connection: Connection, table: str) -> set[tuple[str, ...]]:
    """What is unique in a table of SQLite, whose constraints' indexes have no names of ours."""
    found = connection.exec_driver_sql(f"PRAGMA index_list('{table}')").all()
    names = [row[1] for row in found if row[2]]
    return {
        tuple(row[2] for row in connection.exec_driver_sql(f"PRAGMA index_info('{name}')"))
        for name in names
    }


def test_after_all_migrations_every_index_is_there(installation: Installation) -> None:
    database = installation.database
    with database.engine.connect() as connection:
        missing = (declared() | set(unmapped.COMPUTED)) - there(connection)
        assert missing == set()
        for table in metadata.tables.values():
            wanted = {
                tuple(column.name for column in one.columns)
                for one in table.constraints
                if isinstance(one, UniqueConstraint)
            }
            if database.is_sqlite:
                assert wanted <= unique_columns(connection, table.name), table.name
            else:
                names = {str(one.name) for one in table.constraints if one.name}
                unique = {name for name in names if name.startswith("uq_")}
                assert unique <= there(connection), table.name


@pytest.fixture
def embedded(tmp_path: Path) -> Database:
    database = Database(sqlite_url(tmp_path / "flatpro.sqlite"))
    migrations.upgrade(database)
    return database


def make_anew(connection: Connection, table: str) -> None:
    """What a batch operation on SQLite does for many kinds of change."""
    operations = Operations(MigrationContext.configure(connection))
    with operations.batch_alter_table(table, recreate="always"):
        pass


def test_an_upgrade_puts_back_what_a_table_that_was_made_anew_has_lost(embedded: Database) -> None:
    with embedded.engine.connect() as connection:
        raw: Any = connection.connection.dbapi_connection
        raw.execute("PRAGMA foreign_keys = OFF")
        with connection.begin():
            watchers.unwatch(connection)
            with pytest.warns(match="Skipped unsupported reflection"):
                make_anew(connection, "device")
        lost = set(unmapped.COMPUTED) - there(connection)
        assert lost == set(unmapped.COMPUTED), "then nothing is lost any more, nor to put back"
    running.upgrade(embedded)
    with embedded.engine.connect() as connection:
        assert set(unmapped.COMPUTED) <= there(connection)
        plan = connection.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT id FROM device WHERE substr(device.mac, 9) = '0001'"
        )
        assert "ix_device_mac_end" in str(plan.all())
    embedded.dispose()


def test_no_index_is_declared_that_a_batch_operation_would_lose() -> None:
    """An expression in a model is not read back either: it belongs to COMPUTED."""
    indexes = [index for table in metadata.tables.values() for index in table.indexes]
    assert [index.name for index in indexes if not _is_plain(index)] == []


def _is_plain(index: Index) -> bool:
    return len(list(index.columns)) == len(index.expressions)
