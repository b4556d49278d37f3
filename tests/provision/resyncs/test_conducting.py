"""What a resync survives: phones nobody can ask, liars, a lost key, the end of its command."""

import signal
import socket
import threading
from dataclasses import replace

import pytest
from click.testing import CliRunner
from sqlalchemy import event, insert, select

from provision.devices import readings, registry
from provision.devices.identity import MacAddress
from provision.devices.models import Device
from provision.devices.readings import Attempt
from provision.readers.facts import DeviceFacts
from provision.resyncs import conducting, results, starting
from provision.resyncs.asking import Outcome
from provision.resyncs.cli import resync
from provision.resyncs.message import Notice
from provision.resyncs.results import Standing
from provision.resyncs.starting import NewResync
from provision.resyncs.vocabulary import ResyncState, TargetState
from storage.installation import Installation
from storage.sealed import Seal
from tests.provision.estate import MAC, NOW
from tests.provision.resyncs.conftest import SECOND
from tests.provision.resyncs.test_resync import letter, put, start


@pytest.fixture
def backend() -> str:
    return "sqlite"


def add_many(ours: Installation, count: int) -> None:
    """So many phones at the site whose address nobody knows."""
    with ours.database.writing() as session:
        registry.get(session, MAC).address = None
        like = registry.get(session, SECOND)
        same = {"product_id": like.product_id, "site_id": like.site_id, "created_at": NOW}
        rows = [{"mac": f"02f1a71{number:05x}", **same} for number in range(count)]
        session.execute(insert(Device), rows)


def test_phones_that_cannot_be_asked_are_stored_and_told_as_they_come(ours: Installation) -> None:
    add_many(ours, 1200)
    told: list[Standing] = []
    done = conducting.walk(ours, start(ours, NewResync(site="Офис")), told.append)
    assert done.state is ResyncState.DONE
    assert done.counts == {TargetState.NO_ADDRESS: 1202}
    steps = [one.done for one in told]
    assert all(later - sooner <= 500 for sooner, later in zip([0, *steps], steps, strict=False))


def test_a_stop_is_noticed_among_phones_that_cannot_be_asked(ours: Installation) -> None:
    add_many(ours, 1200)
    number = start(ours, NewResync(site="Офис"))

    def stop(_: Standing) -> None:
        with ours.database.writing() as session:
            starting.stop(session, number, actor="boris", now=NOW)

    done = conducting.walk(ours, number, stop)
    assert done.state is ResyncState.STOPPED
    assert done.counts[TargetState.LEFT] > 0


def test_who_only_claims_to_be_a_phone_gets_no_password(ours: Installation) -> None:
    facts = DeviceFacts(mac=MacAddress.parse(MAC))
    with ours.database.writing() as session:
        attempt = Attempt("127.0.0.9", "snmp", "anna", facts)
        readings.record(session, attempt, now=NOW)
    found = letter(ours)
    assert isinstance(found, Notice)
    assert str(found.address) == "127.0.0.9"
    assert (found.login, found.unproved) == (None, True)


def test_a_secret_that_does_not_open_is_what_came_of_that_phone_alone(ours: Installation) -> None:
    other = replace(ours, seal=Seal(b"2" * 32))
    assert letter(other) == Outcome(1, TargetState.SEALED)
    done = conducting.walk(other, start(ours, NewResync(site="Офис")))
    assert done.counts == {TargetState.SEALED: 1, TargetState.NO_ADDRESS: 1}


def test_the_list_counts_the_phones_of_all_resyncs_by_one_question(ours: Installation) -> None:
    for names in ([MAC], [SECOND], [MAC, SECOND]):
        start(ours, NewResync(names))
    asked: list[str] = []
    with ours.database.reading() as session:
        event.listen(
            session.connection(),
            "before_cursor_execute",
            lambda _c, _cursor, statement, *_: asked.append(statement),
        )
        found = results.latest(session, 100)
    assert [one.phones for one in found] == [2, 1, 1]
    assert len(asked) == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_ended_stops_its_resync(
    ours: Installation, number: signal.Signals
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind(("127.0.0.1", 0))
        phone.settimeout(20)
        put(ours, "read.sip_port", str(phone.getsockname()[1]))

        is_over = threading.Event()
        # Another test of this process may have left its own.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)

        def end() -> None:
            phone.recv(4096)
            signal.pthread_kill(main_thread, number)
            # One that comes while a library cleans up after itself is lost.
            while not is_over.wait(4):
                signal.pthread_kill(main_thread, number)

        main_thread = threading.main_thread().ident or 0
        ender = threading.Thread(target=end)
        ender.start()
        try:
            result = CliRunner().invoke(resync, [MAC], obj=lambda: ours)
        finally:
            is_over.set()
            ender.join()
            signal.signal(signal.SIGINT, before)
    assert result.exit_code != 0
    with ours.database.reading() as session:
        assert session.scalars(select(starting.Resync.state)).all() == [ResyncState.STOPPED]
