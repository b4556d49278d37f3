"""Transactions, instants and the safety of the embedded database."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, StatementError

from jobs.models import Job, JobState
from storage.db import Database, DatabaseUnavailableError, sqlite_url, wal_is_safe
from storage.installation import Installation

EPOCH = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def a_job(at: datetime = EPOCH) -> Job:
    return Job(
        kind="k", arguments={}, actor="t", state=JobState.QUEUED, created_at=at, run_after=at
    )


def pragma(database: Database, name: str) -> str:
    with database.engine.connect() as connection:
        return str(connection.exec_driver_sql(f"PRAGMA {name}").scalar())


def test_the_bundled_sqlite_is_one_that_is_safe_in_wal_mode(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "d"))
    assert pragma(database, "journal_mode") == "wal"
    assert pragma(database, "foreign_keys") == "1"
    database.dispose()


def test_wal_is_refused_on_a_sqlite_with_the_reset_fault(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "d"), sqlite_version=(3, 40, 1))
    assert pragma(database, "journal_mode") == "delete"
    assert pragma(database, "synchronous") == "2"
    database.dispose()


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 4), True),
        ((4, 0, 0), True),
    ],
)
def test_the_version_gate_lies_at_3_51_3(version: tuple[int, int, int], safe: bool) -> None:
    assert wal_is_safe(version) is safe


def test_what_is_written_inside_writing_is_there_afterwards(installation: Installation) -> None:
    with installation.database.writing() as session:
        session.add(a_job())
    with installation.database.reading() as session:
        assert session.query(Job).count() == 1


def test_an_exception_inside_writing_changes_nothing(installation: Installation) -> None:
    with pytest.raises(RuntimeError), installation.database.writing() as session:
        session.add(a_job())
        session.flush()
        raise RuntimeError
    with installation.database.reading() as session:
        assert session.query(Job).count() == 0


def test_what_reading_changed_is_rolled_back(installation: Installation) -> None:
    with installation.database.reading() as session:
        session.add(a_job())
        session.flush()
    with installation.database.reading() as session:
        assert session.query(Job).count() == 0


def test_instants_come_back_aware_and_equal_from_any_zone(installation: Installation) -> None:
    moscow = EPOCH.astimezone(timezone(timedelta(hours=3)))
    with installation.database.writing() as session:
        session.add(a_job(moscow))
    with installation.database.reading() as session:
        stored = session.query(Job).one().created_at
    assert stored == EPOCH
    assert stored.tzinfo is UTC


def test_a_naive_instant_cannot_be_stored(installation: Installation) -> None:
    naive = EPOCH.replace(tzinfo=None)
    with pytest.raises(StatementError, match="naive"), installation.database.writing() as session:
        session.add(a_job(naive))


def test_two_writers_that_read_first_both_succeed(installation: Installation) -> None:
    """A deferred transaction that reads and then writes would fail at once on SQLite."""
    with installation.database.writing() as session:
        session.add(a_job())
    barrier, failures = threading.Barrier(8), []

    def increment() -> None:
        barrier.wait()
        try:
            for _ in range(10):
                with installation.database.writing() as session:
                    job = session.query(Job).with_for_update().one()
                    job.attempts += 1
        except Exception as error:  # noqa: BLE001 - whatever fails is the finding
            failures.append(error)

    threads = [threading.Thread(target=increment) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with installation.database.reading() as session:
        assert (failures, session.query(Job).one().attempts) == ([], 80)


def test_foreign_keys_are_enforced(installation: Installation) -> None:
    with pytest.raises(IntegrityError), installation.database.writing() as session:
        session.execute(text("INSERT INTO blob_use (sha256, owner) VALUES ('none', 'x')"))


def test_an_unreachable_database_is_a_refusal_that_names_no_secret() -> None:
    database = Database("postgresql+psycopg://u:hunter2@127.0.0.1:9/none?connect_timeout=1")
    with pytest.raises(DatabaseUnavailableError) as caught:
        database.check()
    assert "hunter2" not in str(caught.value)
    database.dispose()


def test_who_lets_go_of_a_database_holds_none_of_its_files(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "kept.sqlite3"))
    looked = [database.look_up("SELECT 1", ())]
    elsewhere = threading.Thread(target=lambda: looked.append(database.look_up("SELECT 2", ())))
    elsewhere.start()
    elsewhere.join()
    assert looked == [[(1,)], [(2,)]]
    database.dispose()
    held = [str(file.resolve()) for file in Path("/proc/self/fd").iterdir()]
    assert not [name for name in held if name.startswith(str(tmp_path))]
    assert database.look_up("SELECT 3", ()) == [(3,)], "it opens anew when it is asked again"
    database.dispose()


def test_connections_of_one_rush_stay_open_and_serve_the_next(tmp_path: Path) -> None:
    """Closed ones would come and go, and leave their files open for the sake of others' locks."""
    database = Database(sqlite_url(tmp_path / "d.sqlite"))

    def rush(number: int) -> Counter[str]:
        barrier = threading.Barrier(number)

        def look() -> None:
            with database.reading() as session:
                session.execute(text("SELECT count(*) FROM sqlite_master"))
                barrier.wait()

        threads = [threading.Thread(target=look) for _ in range(number)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        held = [file.resolve() for file in Path("/proc/self/fd").iterdir()]
        return Counter(file.suffix for file in held if file.is_relative_to(tmp_path))

    first = rush(20)
    assert first == {".sqlite": 20, ".sqlite-wal": 20, ".sqlite-shm": 1}
    assert rush(20) == rush(3) == first
    database.dispose()


def test_the_connection_that_was_used_last_is_used_next(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "d.sqlite"))
    with database.engine.connect() as first, database.engine.connect() as last:
        outer, inner = (one.connection.driver_connection for one in (first, last))
    assert outer is not inner
    for _ in range(3):
        with database.engine.connect() as one:
            assert one.connection.driver_connection is outer, "the inner one was given back before"
    database.dispose()
