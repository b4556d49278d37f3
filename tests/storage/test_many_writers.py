"""R6, R8: many who write at once, a backup beside them, and a database that restarts under them."""

import itertools
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from jobs.models import Job, JobState
from portal import migrations
from portal.backups import saving
from storage.clock import now
from storage.db import Database, DatabaseUnavailableError
from storage.installation import Installation
from tests.postgres import Postgres, find_pg_ctl

EPOCH = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def a_job(kind: str) -> Job:
    return Job(
        kind=kind, arguments={}, actor="t", state=JobState.QUEUED, created_at=EPOCH, run_after=EPOCH
    )


def a_turn(database: Database, kind: str, number: int) -> float:
    """Write one way or another, as views, jobs and commands do; how long it took."""
    began = time.monotonic()
    with database.writing() as session:
        if number % 3 == 0:
            # What is read first and written then fails at once where the lock is taken late.
            session.scalar(select(func.count()).select_from(Job))
        session.add(a_job(kind))
        session.flush()
        if number % 5 == 0:
            session.query(Job).where(Job.kind == kind).update({Job.actor: kind})
    return time.monotonic() - began


@pytest.mark.timeout(600)
@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("writers", "turns", "p99_at_most_s"),
    [(8, 15, 10), pytest.param(16, 200, 2, marks=pytest.mark.prove)],
)
def test_proof_r6_nobody_meets_a_locked_database_and_no_row_is_lost(
    installation: Installation, tmp_path: Path, writers: int, turns: int, p99_at_most_s: float
) -> None:
    database, over = installation.database, threading.Event()
    read = itertools.count()

    def reader() -> None:
        while not over.is_set():
            with database.reading() as session:
                session.scalar(select(func.count()).select_from(Job))
            next(read)

    def writer(which: int) -> list[float]:
        return [a_turn(database, f"w{which}", number) for number in range(turns)]

    def long_reader() -> None:
        """What a backup holds open for seconds."""
        with database.reading() as session:
            before = session.scalar(select(func.count()).select_from(Job))
            time.sleep(2)
            assert session.scalar(select(func.count()).select_from(Job)) == before
        saving.save(installation, tmp_path / "backup.tar", now())

    with ThreadPoolExecutor(writers + 5) as people:
        readers = [people.submit(reader) for _ in range(4)]
        backup = people.submit(long_reader)
        written = [people.submit(writer, which) for which in range(writers)]
        times = [took for one in written for took in one.result()]
        backup.result()
        over.set()
        for one in readers:
            one.result()
    with database.reading() as session:
        counted = session.scalar(select(func.count()).select_from(Job))
    p99_s = statistics.quantiles(times, n=100)[98]
    print(  # noqa: T201
        f"R6: {writers} writers and 4 readers ({next(read)} looks) beside a backup: {counted} rows "
        f"of {writers * turns}, 0 locked, p99 {p99_s:.2f} s"
    )
    assert counted == writers * turns
    assert p99_s <= p99_at_most_s


@pytest.mark.skipif(find_pg_ctl() is None, reason="PostgreSQL is not installed")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("restarts", [2, pytest.param(20, marks=pytest.mark.prove)])
def test_proof_r8_a_database_that_restarts_under_load_loses_nothing_acknowledged(
    restarts: int, leeway: float
) -> None:
    """Whoever is refused asks again with the same key, as programs do; nothing comes twice."""
    with (
        TemporaryDirectory(prefix="flatpro-pg-", ignore_cleanup_errors=True) as folder,
        closing(Postgres.start(Path(folder) / "server")) as server,
    ):
        database = Database(server.url(server.create_database()))
        migrations.upgrade(database)
        over = threading.Event()
        acknowledged: set[str] = set()
        outages: list[float] = []

        def write(which: int) -> None:
            for number in itertools.count():
                if over.is_set():
                    return
                key = f"{which}-{number}"
                outages.append(until_done(lambda key=key: once(database, key)))
                acknowledged.add(key)
                time.sleep(0.1)

        with ThreadPoolExecutor(5) as people:
            writing = [people.submit(write, which) for which in range(5)]
            for _ in range(restarts):
                time.sleep(1)
                restart(server)
            time.sleep(1)
            over.set()
            for one in writing:
                one.result(200)
        with database.reading() as session:
            kinds = session.scalars(select(Job.kind)).all()
        database.dispose()
    lost = acknowledged - set(kinds)
    print(  # noqa: T201
        f"R8: {restarts} restarts under 50 writes a second: {len(acknowledged)} acknowledged, "
        f"{len(lost)} lost, {len(kinds) - len(set(kinds))} twice, "
        f"the longest wait {max(outages):.1f} s"
    )
    assert lost == set()
    assert len(kinds) == len(set(kinds))
    assert max(outages) < 10 * leeway


def once(database: Database, key: str) -> None:
    with database.writing() as session:
        if not session.scalar(select(func.count()).where(Job.kind == key)):
            session.add(a_job(key))


def until_done(attempt: Callable[[], None]) -> float:
    """Try until it is done; how long that took."""
    began = time.monotonic()
    while True:
        try:
            attempt()
        except (DatabaseUnavailableError, DBAPIError):
            assert time.monotonic() - began < 100
            time.sleep(0.1)
        else:
            return time.monotonic() - began


def restart(server: Postgres) -> None:
    """As after a crash: nothing is said to those who are connected."""
    server.close()
    server.go_on()
