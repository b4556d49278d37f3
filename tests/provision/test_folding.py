"""What phones leave in the journal becomes rows, each under its device and in its order."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from provision import checkins, credentials, folding
from provision.checkins import SelfReport, Visit
from provision.devices import changes, registry
from provision.devices.identity import MacAddress, SerialNumber
from provision.folding import Folding
from provision.models import CheckIn, CheckInKind, DeviceCredential
from provision.phone_fetches import checkin_lines
from provision.phone_fetches.checkin_lines import Line
from storage.clock import now
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import MAC, NOW, SERIAL, UNKNOWN, Estate
from tests.waiting import until

TEXT = st.text(max_size=40)
MAYBE = st.none() | TEXT
VISITS = st.builds(
    Visit,
    at=st.datetimes().map(lambda at: NOW + (at - at.replace(year=2000, month=1, day=1)) / 1000),
    kind=st.sampled_from(CheckInKind),
    method=TEXT,
    path_kind=TEXT,
    status=st.integers(200, 503),
    address=TEXT,
    user_agent=TEXT,
    mac=MAYBE,
    firmware=MAYBE,
    proof=MAYBE,
    revision=MAYBE,
    version=MAYBE,
    total_bytes=st.none() | st.integers(0, 2**40),
)
REPORTS = st.builds(
    SelfReport,
    mac=TEXT,
    credential_id=st.integers(1),
    firmware=MAYBE,
    serial=st.none() | st.builds(SerialNumber, TEXT, TEXT),
    hardware=MAYBE,
    product=MAYBE,
)


@pytest.fixture
def estate(installation: Installation) -> Estate:
    return estates.build(installation)


def a_line(estate: Estate, minute: float = 0, firmware: str = "2.3.1", **more: object) -> Line:
    with estate.installation.database.reading() as session:
        number = session.scalars(select(DeviceCredential.id)).first()
    assert number is not None
    visit = Visit(
        at=NOW + timedelta(minutes=minute),
        kind=CheckInKind.CONFIGURATION,
        method="GET",
        path_kind="configuration",
        status=200,
        address="10.0.0.7",
        user_agent="FlatPhone/2.3.1",
        mac=MAC,
        firmware=firmware,
        proof="token",
    )
    said = SelfReport(MAC, number, firmware, SerialNumber(SERIAL, SERIAL), "A", "FP-B2")
    return Line(replace(visit, **more), said)  # type: ignore[arg-type]


def fold(estate: Estate, *lines: Line) -> int:
    journal = folding.journal_of(estate.installation)
    for line in lines:
        journal.append(checkin_lines.written(line))
    return folding.reader_of(estate.installation).fold()


@given(st.builds(Line, VISITS, st.none() | REPORTS))
def test_a_line_says_what_was_written(line: Line) -> None:
    record = checkin_lines.written(line)
    assert b"\n" not in record
    assert checkin_lines.read(record) == line


@given(st.binary(max_size=60) | st.sampled_from([b"[]", b"{}", b"null", b'{"at":1e400}', b"7"]))
def test_what_is_no_line_is_told_as_such(record: bytes) -> None:
    with pytest.raises(ValueError):
        checkin_lines.read(record)


def test_check_ins_become_rows_of_their_devices_in_their_order(estate: Estate) -> None:
    stranger = replace(a_line(estate).visit, mac=UNKNOWN, proof=None, user_agent="\x1b[2J")
    assert fold(estate, a_line(estate), Line(stranger), a_line(estate, 5, status=304)) == 3
    with estate.installation.database.reading() as session:
        rows = list(session.scalars(select(CheckIn).order_by(CheckIn.id)))
        phone = registry.get(session, MAC)
    assert [row.device_id for row in rows] == [phone.id, None, phone.id]
    assert [row.status for row in rows] == [200, 200, 304]
    assert [row.strength for row in rows] == ["proved", "claimed", "proved"]
    assert rows[1].user_agent == "\\x1b[2J"
    assert (phone.firmware, phone.address) == ("2.3.1", "10.0.0.7")
    assert phone.last_check_in_at == NOW + timedelta(minutes=5)


def test_versions_told_in_one_go_are_changes_in_their_order(estate: Estate) -> None:
    told = [a_line(estate, at, version) for at, version in enumerate(("2.3.1", "2.4.1", "2.5.0"))]
    fold(estate, *told)
    with estate.installation.database.reading() as session:
        noted = changes.of_device(session, registry.get(session, MAC), 20)
    assert [(one.old, one.new) for one in reversed(noted)] == [
        (None, "2.3.1"),
        ("2.3.1", "2.4.1"),
        ("2.4.1", "2.5.0"),
    ]


def test_what_is_told_late_does_not_undo_what_was_heard_since(estate: Estate) -> None:
    late, newer = a_line(estate, 1, "2.3.1"), a_line(estate, 2, "2.4.1")
    with estate.installation.database.writing() as session:
        assert newer.said is not None
        checkins.note_proved(session, newer.said, "10.0.0.9", newer.visit.at)
    fold(estate, late)
    with estate.installation.database.reading() as session:
        phone = registry.get(session, MAC)
    assert (phone.firmware, phone.address) == ("2.4.1", "10.0.0.9")
    assert phone.last_check_in_at == newer.visit.at


def test_a_line_that_cannot_be_read_stops_no_other(estate: Estate) -> None:
    journal = folding.journal_of(estate.installation)
    journal.append(b'{"at": "yesterday"}')
    journal.append(b"\xff\x00")
    assert fold(estate, a_line(estate)) == 3
    with estate.installation.database.reading() as session:
        assert len(session.scalars(select(CheckIn)).all()) == 1


def test_a_secret_that_is_gone_by_then_does_not_stop_it(estate: Estate) -> None:
    line = a_line(estate)
    with estate.installation.database.writing() as session:
        for row in session.scalars(select(DeviceCredential)):
            session.delete(row)
    assert fold(estate, line) == 1
    with estate.installation.database.reading() as session:
        assert registry.get(session, MAC).firmware == "2.3.1"


def test_the_thread_folds_within_two_seconds_and_once_more_at_its_end(estate: Estate) -> None:
    place = estate.installation
    journal, thread = folding.journal_of(place), Folding(place)
    thread.start()
    try:
        journal.append(checkin_lines.written(a_line(estate)))
        until(lambda: _rows(place) == 1)
        journal.append(checkin_lines.written(a_line(estate, 1)))
    finally:
        thread.stop()
    assert _rows(place) == 2


def test_a_token_used_for_the_first_time_ends_the_older_one_before_the_answer(
    estate: Estate,
) -> None:
    """The rest of what a phone tells may wait for the fold; this is who may still get in."""
    with estate.installation.database.writing() as session:
        phone = registry.get(session, MAC)
        assert phone.first_seen_at is None
        holder = credentials.verify_token(session, estate.token, MacAddress(MAC), now())
        assert holder is not None
        assert not holder.is_used
        credentials.note_use(session, holder.credential_id, NOW)
        again = credentials.verify_token(session, estate.token, MacAddress(MAC), now())
    assert again is not None
    assert again.is_used


def _rows(place: Installation) -> int:
    with place.database.reading() as session:
        return len(session.scalars(select(CheckIn)).all())
