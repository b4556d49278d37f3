"""The scale-out adapter: Celery carries the ids of job rows to workers on any number of machines.

Nothing else differs from the embedded runner: same rows, same handlers, same pages. A message is
acknowledged after the job, so a worker that is killed loses nothing; its job's row is given back
as soon as the database sees the worker gone, without waiting for the broker's own redelivery
(Redis would take an hour).
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from celery import Celery
from kombu.exceptions import OperationalError as BrokerError
from sqlalchemy.exc import SQLAlchemyError

from jobs import queue
from jobs.dispatching import Message, dispatch
from jobs.owners import present
from jobs.runner import IDLE_S, Workbook, perform
from storage.clock import now
from storage.db import DatabaseFullError
from storage.installation import Installation

TASK = "flatpro.job"
QUEUE = "flatpro"

_log = structlog.get_logger(__name__)


def queue_of(route: str) -> str:
    """The broker's queue of a route; every worker serves the plain one."""
    return f"{QUEUE}.{route}" if route else QUEUE


@dataclass(frozen=True)
class Station:
    """What a worker's processes need; opened in each process, as connections survive no fork."""

    open_installation: Callable[[], Installation]
    workbook: Workbook


def create_celery(broker_url: str, station: Station) -> Celery:
    """The Celery application whose only task runs the job of a row."""
    app = Celery(QUEUE, broker=broker_url, set_as_current=False)
    app.conf.update(
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        task_default_queue=QUEUE,
        worker_prefetch_multiplier=1,
        # A broker that is away when a worker starts, or goes away, is waited for.
        broker_connection_retry_on_startup=True,
        broker_connection_timeout=5,
        worker_hijack_root_logger=False,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
    )
    bench = _Bench(station)
    app.task(bench.run, name=TASK)
    return app


class _Bench:
    """One process of a worker: its installation is opened by its first job, and kept."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._installation: Installation | None = None

    def run(self, job_id: int) -> None:
        if self._installation is None:
            self._installation = self._station.open_installation()
        run_job(self._installation, self._station.workbook, job_id)


def run_job(installation: Installation, workbook: Workbook, job_id: int) -> bool:
    """Run the job if it still waits; whether it was this one who ran it."""
    with present(installation) as owner:
        with installation.database.writing() as session:
            job = queue.claim_one(session, job_id, owner, now())
        if job is None:
            return False
        perform(installation, workbook, job)
    return True


class Dispatcher:
    """Tells the broker of due jobs, in a thread, until stopped. Any number may run at once."""

    def __init__(self, app: Celery, installation: Installation, workbook: Workbook) -> None:
        self._app = app
        self._installation = installation
        self._workbook = workbook
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="dispatcher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 10) -> None:
        self._stop.set()
        self._thread.join(timeout_s)

    def _send(self, message: Message) -> None:
        self._app.send_task(
            TASK,
            args=[message.job_id],
            queue=queue_of(message.route),
            retry=False,
        )

    def _loop(self) -> None:
        while not self._stop.is_set():
            try:
                dispatch(self._installation, self._workbook, self._send)
                self._stop.wait(IDLE_S)
            except (SQLAlchemyError, DatabaseFullError, BrokerError, OSError):
                # The database or the broker is away: the rows wait, and so do we.
                _log.exception("dispatch-failed")
                self._stop.wait(5)


def worker_arguments(routes: Sequence[str], processes: int, level: str = "WARNING") -> list[str]:
    """The words of Celery's own worker command."""
    queues = ",".join([QUEUE, *(queue_of(route) for route in routes)])
    return [
        *("worker", "--queues", queues, "--concurrency", str(processes)),
        *("--loglevel", level, "--without-gossip", "--without-mingle", "--without-heartbeat"),
    ]
