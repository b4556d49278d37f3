"""A killed migration leaves the old schema or the new one, and the next start finishes it."""

import random
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import inspect

from portal import migrations
from portal.migrations import running
from storage.db import Database, sqlite_url
from tests.postgres import Postgres

OLD = "0010"
MIGRATE = """
import sys
from portal import migrations
from portal.migrations import running
from storage.db import Database

database = Database(sys.argv[1])
print("ready", flush=True)
migrations.upgrade(database)
print("done", flush=True)
"""

Copy = Callable[[], str]


def make_old(database: Database) -> None:
    with database.engine.connect() as connection:
        connection.execution_options(sqlite_begin="IMMEDIATE")
        with connection.begin():
            command.upgrade(running.configuration(connection), OLD)
    database.dispose()


@pytest.fixture
def copy(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Copy:
    """Gives the address of another database at the old revision, each time."""
    if backend == "sqlite":
        make_old(Database(sqlite_url(tmp_path / "old.sqlite")))
        numbers = iter(range(1000))

        def another() -> str:
            place = tmp_path / f"{next(numbers)}.sqlite"
            shutil.copyfile(tmp_path / "old.sqlite", place)
            return sqlite_url(place).render_as_string(hide_password=False)

        return another
    server: Postgres = request.getfixturevalue("postgres")
    old = server.create_database()
    make_old(Database(server.url(old)))
    return lambda: server.url(server.create_database(old))


def schema(database: Database) -> dict[str, list[str]]:
    found = inspect(database.engine)
    return {
        name: sorted(column["name"] for column in found.get_columns(name))
        for name in found.get_table_names()
    }


def migrated_for(url: str, delay_s: float | None) -> float | None:
    """Migrate in another process, killed after the delay; how long it took when it was not."""
    with subprocess.Popen(
        [sys.executable, "-c", MIGRATE, url], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        began = time.monotonic()
        if delay_s is None:
            assert process.stdout.readline() == "done\n"
            return time.monotonic() - began
        select.select([process.stdout], [], [], delay_s)
        process.kill()
    return None


@pytest.mark.timeout(600)
@pytest.mark.parametrize("rounds", [3, pytest.param(20, marks=pytest.mark.prove)])
def test_proof_r20_a_killed_migration_is_finished_by_the_next_start(
    copy: Copy, backend: str, rounds: int
) -> None:
    before = copy()
    took_s = migrated_for(copy(), None)
    assert took_s is not None
    old, chance, halted = Database(before), random.Random(20), 0
    schemas = {OLD: schema(old)}
    migrations.upgrade(old)
    schemas[migrations.head()] = new = schema(old)
    killed = 0
    while killed < rounds or not halted:
        killed += 1
        url = copy()
        migrated_for(url, chance.uniform(0.05, 0.9) * took_s)
        # The first one may have been the slowest, as with what nobody had read yet.
        if not halted:
            took_s *= 0.8
        found = Database(url)
        revision = migrations.revision(found)
        assert revision is not None
        assert schema(found) == schemas[revision], "half a schema"
        halted += revision == OLD
        migrations.upgrade(found)
        assert (migrations.revision(found), schema(found)) == (migrations.head(), new)
        found.dispose()
    old.dispose()
    print(  # noqa: T201 - the proof's figures
        f"R20: {backend}: {killed} migrations killed, {halted} before their end, 0 half schemas,"
        " all finished by the next start"
    )
