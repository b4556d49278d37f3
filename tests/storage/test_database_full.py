"""A full database disk is told as such, loses nothing, and heals by itself."""

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from portal import migrations
from portal.errors import status_of
from storage.blob_keeping.blob_models import Blob, record
from storage.blobs import StoredBlob
from storage.db import Database, DatabaseFullError, sqlite_url

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LONG_OWNER = "x" * 190

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", place], check=True)


def fill(database: Database, start: int) -> int:
    """Record blobs until it is refused; how many were acknowledged."""
    for number in range(start, start + 100_000):
        with database.writing() as session:
            for part in range(20):
                name = f"{number:032x}{part:032x}"
                record(session, StoredBlob(name, 1), f"{LONG_OWNER}{part}", NOW)
    raise AssertionError("the disk never became full")


def count(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Blob)) or 0


@needs_root
def test_a_full_disk_is_a_507_that_loses_nothing_acknowledged(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(2 * 1024**2))
    database = Database(sqlite_url(small_disk / "flatpro.sqlite"))
    migrations.upgrade(database)
    with pytest.raises(DatabaseFullError) as caught:
        fill(database, 0)
    assert status_of(caught.value) == 507
    held = count(database)
    assert held % 20 == 0, "no transaction is there in part"
    assert held > 0
    ballast.unlink()
    with database.writing() as session:
        record(session, StoredBlob("f" * 64, 1), "after", NOW)
    assert count(database) == held + 1
    with database.reading() as session:
        assert session.scalar(text("PRAGMA integrity_check")) == "ok"
    database.dispose()


def test_a_limit_on_the_databases_size_is_the_same(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "flatpro.sqlite"))
    migrations.upgrade(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        # The limit is the connection's own; the pool hands the same one out again.
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DatabaseFullError):
        fill(database, 0)
    database.dispose()
