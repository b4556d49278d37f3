"""Migrations change tables that hold rows to which others refer, and lose none of them."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Column, Connection, MetaData, Table, inspect, select

from portal import migrations
from portal.migrations import running
from storage.db import Database
from storage.installation import Installation
from support.agreements import agreed
from support.agreements.models import SupportContract
from support.packages.loading import shipped
from support.packages.package import Package

BEFORE_SITES_OF_SWEEPS = "0022"
BEFORE_SEEN = "0041"


@pytest.fixture
def old(request: pytest.FixtureRequest, backend: str, tmp_path: Any) -> Database:
    if backend == "sqlite":
        from storage.db import sqlite_url  # noqa: PLC0415

        database = Database(sqlite_url(tmp_path / "old.sqlite"))
    else:
        server = request.getfixturevalue("postgres")
        database = Database(server.url(server.create_database()))
    with database.engine.connect() as connection:
        connection.execution_options(sqlite_begin="IMMEDIATE")
        with connection.begin():
            command.upgrade(running.configuration(connection), BEFORE_SITES_OF_SWEEPS)
    return database


def value_of(column: Column[Any]) -> object:
    """Something that the column takes."""
    try:
        kind = column.type.python_type
    except NotImplementedError:
        return "x"
    given: dict[type, object] = {
        int: 1, float: 1.0, bool: True, bytes: b"x", dict: {}, list: [],
        datetime: datetime(2026, 11, 29, tzinfo=UTC),
    }  # fmt: skip
    return given.get(kind, "x")


def put(connection: Connection, name: str, **values: object) -> None:
    table = Table(name, MetaData(), autoload_with=connection)
    needed = {c.name: value_of(c) for c in table.columns if not c.nullable}
    connection.execute(table.insert().values({**needed, **values}))


def test_a_sweep_with_its_chunks_comes_through(old: Database) -> None:
    with old.engine.begin() as connection:
        put(connection, "sweep", id=7)
        put(connection, "sweep_chunk", sweep_id=7)
    migrations.upgrade(old)
    with old.engine.connect() as connection:
        chunks = Table("sweep_chunk", MetaData(), autoload_with=connection)
        assert connection.scalars(select(chunks.c.sweep_id)).all() == [7]
        if old.is_sqlite:
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    old.dispose()


@pytest.mark.parametrize(
    "package", [one for one in shipped() if one.targets], ids=lambda one: one.code
)
def test_a_contract_on_record_keeps_the_targets_it_was_concluded_under(
    old: Database, package: Package
) -> None:
    """The table as it was on the day of that migration, which is what the program still brings."""
    with old.engine.begin() as connection:
        put(connection, "organisation", id=3)
        days = {"valid_from": date(2026, 1, 1), "valid_to": date(2026, 12, 31)}
        put(connection, "support_contract", id=7, organisation_id=3, package=package.code, **days)
    migrations.upgrade(old)
    with old.reading() as session:
        contract = session.get_one(SupportContract, 7)
        assert agreed.package_of(contract).targets == package.targets
    old.dispose()


@pytest.mark.prove
def test_what_mirrors_have_seen_goes_with_its_migration_and_comes_back_empty(
    installation: Installation,
) -> None:
    """Down and up again: what is lost is only the memory of looks that failed."""
    database = installation.database
    made = inspect(database.engine).get_columns("mirror_seen")
    with database.engine.begin() as connection:
        put(connection, "mirror_seen", view="online", role="root", version=2)
    with database.engine.connect() as connection:
        connection.execution_options(sqlite_begin="IMMEDIATE")
        with connection.begin():
            command.downgrade(running.configuration(connection), BEFORE_SEEN)
    assert not inspect(database.engine).has_table("mirror_seen")

    migrations.upgrade(database)

    again = inspect(database.engine).get_columns("mirror_seen")
    assert [str(column) for column in again] == [str(column) for column in made]
    with database.engine.connect() as connection:
        table = Table("mirror_seen", MetaData(), autoload_with=connection)
        assert connection.execute(select(table)).all() == []
