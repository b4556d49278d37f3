"""Jobs at scale: a broker carries ids to workers, and the rows stay the truth."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobs import queue
from jobs.celery_app import Dispatcher, Station, create_celery, queue_of, run_job
from jobs.dispatching import TELL_AGAIN_AFTER, Message, dispatch, take_due
from jobs.models import Job, JobState
from jobs.runner import Work, Workbook
from jobs.schedule import Periodic
from storage.clock import now
from storage.installation import Installation
from tests.rabbitmq import RabbitMQ, find_rabbitmq
from tests.redis import Redis, find_redis
from tests.waiting import until

EPOCH = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def submit(installation: Installation, kind: str = "count", route: str = "", **what: object) -> int:
    with installation.database.writing() as session:
        made = queue.submit(session, kind, what, actor="test", now=now(), route=route)
        return made.id


def look(installation: Installation, job_id: int) -> Job:
    with installation.database.reading() as session:
        return session.get_one(Job, job_id)


def test_a_due_job_is_told_once_with_its_route(installation: Installation) -> None:
    first, second = submit(installation), submit(installation, route="site-7")
    sent: list[Message] = []
    book = Workbook({"count": lambda _work: None})
    assert dispatch(installation, book, sent.append) == 2
    assert dispatch(installation, book, sent.append) == 0
    assert sent == [Message(first, ""), Message(second, "site-7")]
    assert queue_of("site-7") != queue_of("")


def test_what_the_broker_lost_is_told_again(installation: Installation) -> None:
    job_id = submit(installation)
    soon, later = now() + timedelta(seconds=1), now() + TELL_AGAIN_AFTER + timedelta(seconds=2)
    told = []
    for at in (soon, soon, later):
        with installation.database.writing() as session:
            told.append(len(take_due(session, ["count"], at)))
    assert told == [1, 0, 1]
    assert look(installation, job_id).state == JobState.QUEUED


def test_a_message_that_comes_twice_runs_its_job_once(installation: Installation) -> None:
    runs: list[int] = []
    book = Workbook({"count": lambda work: runs.append(work.job_id)})
    job_id = submit(installation)
    assert [run_job(installation, book, job_id) for _ in range(2)] == [True, False]
    assert runs == [job_id]
    assert look(installation, job_id).state == JobState.DONE


def test_proof_r10_a_hundred_messages_that_come_twice_have_a_hundred_effects(
    installation: Installation,
) -> None:
    runs: list[int] = []
    book = Workbook({"count": lambda work: runs.append(work.job_id)})
    ids = [submit(installation, n=number) for number in range(100)]
    with ThreadPoolExecutor(4) as workers:
        told = workers.map(lambda job_id: run_job(installation, book, job_id), ids + ids[::-1])
        assert sum(told) == 100
    print(f"R10: 100 jobs told twice to four workers, {len(runs)} effects")  # noqa: T201
    assert sorted(runs) == ids


def test_an_attempt_that_failed_is_told_again_when_its_wait_is_over(
    installation: Installation,
) -> None:
    def handler(_work: Work) -> None:
        raise OSError("not yet")

    book = Workbook({"count": handler})
    job_id = submit(installation)
    dispatch(installation, book, lambda _message: None)
    run_job(installation, book, job_id)
    with installation.database.writing() as session:
        assert take_due(session, ["count"], now()) == []
        assert take_due(session, ["count"], now() + timedelta(seconds=6)) == [Message(job_id, "")]


def test_periodic_work_is_told_by_one_of_many_dispatchers(installation: Installation) -> None:
    book = Workbook({"tick": lambda _work: None}, (Periodic("tick", every_s=3600),))
    sent: list[Message] = []
    for _ in range(3):
        dispatch(installation, book, sent.append)
    assert len(sent) == 1


# A worker of its own with a handler that tells when it begins and waits to be let go.
WORKER = """
import sys
import time
from pathlib import Path
from jobs.celery_app import Station, create_celery, worker_arguments
from jobs.runner import Workbook
from storage.db import Database
from types import SimpleNamespace

url, folder, broker, name = sys.argv[1:]
folder = Path(folder)

def handler(work):
    (folder / f"begun-{work.arguments['n']}-{name}").touch()
    while not (folder / "go").exists():
        time.sleep(0.02)

place = lambda: SimpleNamespace(database=Database(url), data_dir=folder)
app = create_celery(broker, Station(place, Workbook({"count": handler})))
app.worker_main(worker_arguments([], 1))
"""


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    if find_redis() is None:
        pytest.skip("redis-server is not installed (apt-get install redis-server)")
    server = Redis.start(tmp_path / "redis")
    yield server
    server.close()


@pytest.fixture
def rabbitmq(tmp_path: Path) -> Iterator[RabbitMQ]:
    if find_rabbitmq() is None:
        pytest.skip("rabbitmq-server is not installed (apt-get install rabbitmq-server)")
    server = RabbitMQ.start(tmp_path / "rabbitmq")
    yield server
    server.close()


def start_worker(installation: Installation, broker: str, name: str) -> "subprocess.Popen[bytes]":
    url = installation.database.url.render_as_string(hide_password=False)
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, url, str(installation.data_dir), broker, name],
        start_new_session=True,
    )


def wait_for(folder: Path, pattern: str, count: int = 1) -> list[str]:
    until(lambda: len([*folder.glob(pattern)]) >= count, within_s=60)
    return sorted(path.name for path in folder.glob(pattern))


def test_a_killed_worker_loses_nothing_and_another_finishes_its_job(
    installation: Installation, redis: Redis
) -> None:
    kill_one_of_two_workers(installation, redis.url)


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_killed_worker_loses_nothing_with_rabbitmq_either(
    installation: Installation, rabbitmq: RabbitMQ
) -> None:
    kill_one_of_two_workers(installation, rabbitmq.url)


def kill_one_of_two_workers(installation: Installation, broker: str) -> None:
    folder = installation.data_dir
    book = Workbook({"count": lambda _work: None})
    ids = [submit(installation, n=number) for number in range(2)]
    app = create_celery(broker, Station(lambda: installation, book))
    dispatcher = Dispatcher(app, installation, book)
    dispatcher.start()
    workers = {"one": start_worker(installation, broker, "one")}
    try:
        [begun] = wait_for(folder, "begun-*-one")
        os.killpg(workers["one"].pid, signal.SIGKILL)
        workers["two"] = start_worker(installation, broker, "two")
        (folder / "go").touch()
        wait_for(folder, "begun-*-two", 2)
        until(
            lambda: {look(installation, job_id).state for job_id in ids} == {JobState.DONE},
            within_s=60,
        )
    finally:
        dispatcher.stop()
        for worker in workers.values():
            if worker.poll() is None:
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
    number = int(begun.split("-")[1])
    assert look(installation, ids[number]).attempts == 2
