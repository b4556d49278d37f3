"""Durable jobs: claimed once, retried, finished, and picked up after a crash."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from jobs import queue
from jobs.models import Job, JobState
from jobs.owners import is_present, present
from jobs.runner import Runner, Work, Workbook, release_orphans
from jobs.schedule import Periodic, is_due, submit_due
from storage.clock import now
from storage.installation import Installation
from tests.waiting import until

EPOCH = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def submit(session: Session, kind: str = "count", **arguments: object) -> Job:
    return queue.submit(session, kind, arguments, actor="test", now=EPOCH)


def test_a_job_exists_only_if_its_transaction_does(installation: Installation) -> None:
    with pytest.raises(RuntimeError), installation.database.writing() as session:
        submit(session)
        raise RuntimeError
    with installation.database.reading() as session:
        assert session.query(Job).count() == 0


def test_the_oldest_due_job_is_claimed_and_by_one_owner_only(installation: Installation) -> None:
    with installation.database.writing() as session:
        first = submit(session).id
        submit(session)
    claimed = []
    for owner in ("a", "b", "c"):
        with installation.database.writing() as session:
            job = queue.claim(session, owner, ["count"], EPOCH)
            claimed.append(job.id if job else None)
    assert claimed == [first, first + 1, None]


def test_a_job_of_a_kind_nobody_here_handles_is_left_alone(installation: Installation) -> None:
    with installation.database.writing() as session:
        submit(session, "other")
        assert queue.claim(session, "a", ["count"], EPOCH) is None


def test_a_failed_attempt_waits_longer_each_time_and_then_gives_up(
    installation: Installation,
) -> None:
    with installation.database.writing() as session:
        job_id = submit(session).id
    waits, at = [], EPOCH
    for _ in range(3):
        with installation.database.writing() as session:
            assert queue.claim(session, "a", ["count"], at)
            queue.fail(session, job_id, "OSError: no", at)
            job = session.get_one(Job, job_id)
            waits.append((job.run_after - at).total_seconds())
            state, at = job.state, job.run_after
    assert waits[:2] == [5, 30]
    assert state == JobState.FAILED


def test_progress_is_stored_while_the_job_runs(installation: Installation) -> None:
    seen = []

    def handler(work: Work) -> None:
        work.report(1, 4, "first of four")
        with installation.database.reading() as session:
            job = session.get_one(Job, work.job_id)
            seen.append((job.progress_done, job.progress_total, job.progress_note, job.state))

    with installation.database.writing() as session:
        submit(session)
    assert Runner(installation, Workbook({"count": handler})).run_due("a") == 1
    assert seen == [(1, 4, "first of four", JobState.RUNNING)]


def test_a_handler_that_raises_leaves_its_reason_on_the_row(installation: Installation) -> None:
    def handler(_work: Work) -> None:
        raise ValueError("the disk said no")

    with installation.database.writing() as session:
        job_id = submit(session).id
    Runner(installation, Workbook({"count": handler})).run_due("a")
    with installation.database.reading() as session:
        job = session.get_one(Job, job_id)
    assert (job.state, job.error) == (JobState.QUEUED, "ValueError: the disk said no")


def test_what_a_job_leaves_for_its_end_is_there_if_and_only_if_it_ended(
    installation: Installation,
) -> None:
    """What goes on as another job would be there twice if a kill came between the two."""

    def handler(work: Work) -> None:
        work.at_end(lambda session: submit(session, "other", after=work.job_id))
        with installation.database.reading() as session:
            assert session.query(Job).filter_by(kind="other").count() == 0
        if work.arguments.get("fails"):
            raise ValueError("no")

    with installation.database.writing() as session:
        good, _bad = submit(session).id, submit(session, fails=True).id
    Runner(installation, Workbook({"count": handler})).run_due("a")
    with installation.database.reading() as session:
        assert [job.arguments for job in session.query(Job).filter_by(kind="other")] == [
            {"after": good}
        ]


def test_the_thread_runs_what_is_submitted_while_it_sleeps(installation: Installation) -> None:
    done: list[int] = []
    runner = Runner(installation, Workbook({"count": lambda work: done.append(work.job_id)}))
    runner.start()
    with installation.database.writing() as session:
        queue.submit(session, "count", {}, actor="test", now=now())
    try:
        until(lambda: bool(done))
    finally:
        runner.stop()
    assert len(done) == 1


HOLDER = """
import sys, time
from pathlib import Path
from types import SimpleNamespace
from jobs.owners import present
from storage.db import Database
place = SimpleNamespace(database=Database(sys.argv[1]), data_dir=Path(sys.argv[2]))
with present(place) as name:
    print(name, flush=True)
    time.sleep(60)
"""


def test_jobs_of_a_killed_process_run_again_and_those_of_a_living_one_do_not(
    installation: Installation,
) -> None:
    url = installation.database.url.render_as_string(hide_password=False)
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDER, url, str(installation.data_dir)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    name = other.stdout.readline().strip()
    with installation.database.writing() as session:
        submit(session)
        assert queue.claim(session, name, ["count"], EPOCH)
    while_alive = release_orphans(installation)
    other.kill()
    other.wait()
    other.stdout.close()
    # PostgreSQL drops the locks of a gone client when it next looks at the connection.
    released: list[int] = []

    def found() -> bool:
        released.append(release_orphans(installation))
        return released[-1] > 0

    until(found)
    assert (while_alive, released[-1]) == (0, 1)
    with installation.database.reading() as session:
        job = session.query(Job).one()
    assert (job.state, job.owner, job.attempts) == (JobState.QUEUED, None, 1)


def test_a_job_that_takes_down_each_process_that_runs_it_is_given_up(
    installation: Installation,
) -> None:
    """The server would not come up again otherwise: it takes up what the dead one left."""
    with installation.database.writing() as session:
        job_id = submit(session).id
    given_back = []
    for number in range(queue.DEATHS_MAX):
        with installation.database.writing() as session:
            assert queue.claim(session, f"dead-{number}", ["count"], now())
        given_back.append(release_orphans(installation))
    assert given_back == [1] * (queue.DEATHS_MAX - 1) + [0]
    with installation.database.reading() as session:
        job = session.get_one(Job, job_id)
        assert not queue.is_due(session, ["count"], now())
    assert (job.state, job.owner) == (JobState.FAILED, None)
    assert job.error is not None
    assert job.finished_at is not None


def test_who_left_is_gone_and_who_is_here_is_seen(installation: Installation) -> None:
    with present(installation) as stays:
        with present(installation) as leaves:
            assert is_present(installation, leaves)
            # Asking takes nothing from who is asked about.
            assert is_present(installation, leaves)
        until(lambda: not is_present(installation, leaves))
        assert is_present(installation, stays)


def test_periodic_work_makes_one_catch_up_run_after_a_long_sleep(
    installation: Installation,
) -> None:
    hourly = [Periodic("count", every_s=3600)]
    with installation.database.writing() as session:
        assert is_due(session, hourly, EPOCH)
        assert submit_due(session, hourly, EPOCH) == 1
        assert not is_due(session, hourly, EPOCH + timedelta(minutes=59))
        assert submit_due(session, hourly, EPOCH + timedelta(minutes=59)) == 0
    with installation.database.writing() as session:
        assert submit_due(session, hourly, EPOCH + timedelta(days=30)) == 1
        assert submit_due(session, hourly, EPOCH + timedelta(days=30)) == 0


def test_only_the_last_runs_of_frequent_work_stay_in_the_list(installation: Installation) -> None:
    often, rarely = Periodic("often", every_s=10), Periodic("rarely", every_s=3600)
    for number in range(10):
        at = EPOCH + timedelta(hours=number)
        with installation.database.writing() as session:
            submit_due(session, [often, rarely], at)
            for kind in ("often", "rarely"):
                job = queue.claim(session, "a", [kind], at)
                assert job is not None
                queue.finish(session, job.id, at)
    with installation.database.reading() as session:
        kinds = [job.kind for job in session.query(Job)]
    assert kinds.count("often") == 1
    assert kinds.count("rarely") == 10
