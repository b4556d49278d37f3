"""A resync whose command was killed is seen as ended, and no other is."""

import multiprocessing
import os
import signal
from datetime import timedelta
from multiprocessing.connection import Connection

import pytest
from sqlalchemy import select

from jobs import queue
from jobs.owners import present
from jobs.runner import Work
from portal.installing import open_installation
from portal.settings import Settings
from provision.resyncs import leaving, starting, work
from provision.resyncs.models import Resync
from provision.resyncs.starting import NewResync
from provision.resyncs.vocabulary import ResyncState
from storage.clock import now
from storage.installation import Installation
from tests.provision.estate import MAC
from tests.waiting import until


def begin(settings: Settings, told: Connection) -> None:
    """What the command does before it asks anybody; then it hangs."""
    place = open_installation(settings)
    with present(place) as owner:
        with place.database.writing() as session:
            new = NewResync(devices=[MAC])
            number = starting.start(session, new, actor="command line", now=now(), owner=owner)
        told.send(number)
        signal.pause()


def state(place: Installation, number: int) -> str:
    with place.database.reading() as session:
        return session.scalars(select(Resync.state).where(Resync.id == number)).one()


def test_a_resync_ends_when_its_command_was_killed(ours: Installation, settings: Settings) -> None:
    heard, told = multiprocessing.Pipe()
    command = multiprocessing.get_context("spawn").Process(target=begin, args=(settings, told))
    command.start()
    try:
        assert heard.poll(60)
        number = heard.recv()
        assert leaving.end_left(ours, actor="test") == 0
        assert state(ours, number) == ResyncState.RUNNING
        assert command.pid is not None
        os.kill(command.pid, signal.SIGKILL)
        command.join(10)
    finally:
        command.kill()
    until(lambda: bool(leaving.end_left(ours, actor="test")))
    assert state(ours, number) == ResyncState.STOPPED


def begun(place: Installation, ago: timedelta) -> int:
    """A resync that no command owns, begun so long ago."""
    with place.database.writing() as session:
        return starting.start(session, NewResync(devices=[MAC]), actor="test", now=now() - ago)


def test_a_resync_from_before_owners_ends_after_an_hour_unless_a_job_goes_on_with_it(
    ours: Installation,
) -> None:
    old, fresh = begun(ours, timedelta(hours=1, minutes=1)), begun(ours, timedelta(minutes=59))
    carried = begun(ours, timedelta(days=1))
    with ours.database.writing() as session:
        queue.submit(session, work.ASK, {"resync": carried}, actor="test", now=now())
    assert leaving.end_left(ours, actor="test") == 1
    assert [state(ours, one) for one in (old, fresh, carried)] == [
        ResyncState.STOPPED,
        ResyncState.RUNNING,
        ResyncState.RUNNING,
    ]
    assert leaving.end_left(ours, actor="test") == 0, "once is enough"


@pytest.mark.usefixtures("ours")
def test_a_jobs_resync_is_left_to_its_job(installation: Installation) -> None:
    with installation.database.writing() as session:
        number = starting.start(session, NewResync(devices=[MAC]), actor="test", now=now())
    work.look(Work(1, {}, "schedule", installation))
    assert state(installation, number) == ResyncState.RUNNING
