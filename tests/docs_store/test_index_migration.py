from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from portal.migrations.unmapped import include_object
from portal.tables import metadata
from storage.db import Database


def test_migrated_tables_are_the_models_apart_from_the_index_made_by_hand(
    database: Database,
) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": include_object})
        assert compare_metadata(context, metadata) == []


def test_index_made_by_hand_is_there(database: Database) -> None:
    asked = (
        "SELECT count(*) FROM edition_page_fts"
        if database.is_sqlite
        else "SELECT count(found) FROM edition_page"
    )
    with database.engine.connect() as connection:
        assert connection.scalar(text(asked)) == 0
