"""An address that asks for one unknown MAC after the other is an event that staff see."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts import users
from accounts.models import AuditEntry
from jobs import queue
from jobs.runner import Runner, Workbook
from provision import checkins, folding
from provision.checkins import Visit
from provision.models import CheckInKind
from provision.newcomers import tries, work
from provision.newcomers.tries import MACS_PER_MINUTE
from storage.clock import now
from storage.installation import Installation
from tests.browserless import log_in
from tests.conftest import ADMIN_PASSWORD
from tests.provision import estate as estates
from tests.provision.estate import Estate
from tests.provision.phone_plane import ask, served

MANY = MACS_PER_MINUTE + 1


@pytest.fixture
def estate(installation: Installation) -> Estate:
    return estates.build(installation)


@pytest.fixture
def session(estate: Estate) -> Iterator[Session]:
    with estate.installation.database.writing() as session:
        yield session


def visits(
    count: int, address: str, at: datetime, apart: timedelta = timedelta(0), first: int = 0
) -> Sequence[Visit]:
    """First contacts of so many MACs, each so long after the one before."""
    return [
        Visit(
            at=at + number * apart,
            kind=CheckInKind.BOOTSTRAP,
            method="GET",
            path_kind="bootstrap",
            status=200,
            address=address,
            user_agent="",
            mac=f"02f1a9{first + number:06x}",
        )
        for number in range(count)
    ]


def test_who_asks_for_many_unknown_macs_is_on_the_page_of_unknown_phones(
    estate: Estate, phones: Flask, app: Flask
) -> None:
    place = estate.installation
    with served(phones) as port:
        for one in visits(MANY, "", now()):
            assert ask(port, f"/p/{one.mac}.cfg").status == 200
    folding.reader_of(place).fold()
    with place.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, now())
        queue.submit(session, work.NOTE, {}, actor="schedule", now=now())
    Runner(place, Workbook(work.HANDLERS)).run_due("test")
    staff: FlaskClient = app.test_client()
    log_in(staff)
    page = staff.get("/staff/newcomers/").text
    assert "Много неизвестных MAC с одного адреса" in page
    assert "127.0.0.1" in page
    assert f"{MANY} MAC за минуту" in page


def test_known_phones_and_few_or_slow_ones_are_nobodys_event(session: Session) -> None:
    at = now() - tries.LOOK_BACK + timedelta(seconds=10)
    known = visits(MANY, "10.0.0.1", at)
    for one in known:
        estates.add_phone(session, str(one.mac), None)
    few = visits(MACS_PER_MINUTE, "10.0.0.2", at, first=1000)
    slow = visits(MANY, "10.0.0.3", at, timedelta(seconds=3.1), first=2000)
    often = [one for _ in range(MANY) for one in visits(1, "10.0.0.4", at, first=3000)]
    checkins.record_all(session, [*known, *few, *slow, *often])
    assert tries.note(session, now()) == []


def test_one_address_is_noted_once_an_hour_with_its_worst_minute(session: Session) -> None:
    at = now() - timedelta(minutes=3)
    checkins.record_all(session, visits(MANY, "10.0.0.1", at))
    checkins.record_all(session, visits(2 * MANY, "10.0.0.1", at + timedelta(minutes=1), first=99))
    (found,) = tries.note(session, at + timedelta(minutes=2))
    assert (found.source, found.macs, found.at) == ("10.0.0.1", 2 * MANY, at + timedelta(minutes=1))
    assert tries.note(session, at + timedelta(minutes=3)) == []
    later = at + timedelta(minutes=65)
    checkins.record_all(session, visits(MANY, "10.0.0.1", later, first=999))
    assert [one.macs for one in tries.note(session, later)] == [MANY]
    assert [one.at for one in tries.lately(session, later)] == [later, at + timedelta(minutes=2)]
    assert tries.lately(session, later + tries.SHOWN_FOR + tries.MINUTE) == []


def test_addresses_of_one_line_of_ipv6_are_one_source(session: Session) -> None:
    rows = visits(MANY, "2001:db8:1:2::1", now())
    each = [replace(one, address=f"2001:db8:1:2::{at:x}") for at, one in enumerate(rows)]
    checkins.record_all(session, each)
    assert [one.source for one in tries.note(session, now())] == ["2001:db8:1:2::/64"]


def test_a_flood_of_false_addresses_leaves_a_bounded_number_of_events(session: Session) -> None:
    for source in range(60):
        checkins.record_all(session, visits(MANY, f"10.1.0.{source}", now(), first=source * 100))
    assert len(tries.note(session, now())) == 50
    stored = select(func.count(AuditEntry.id)).where(AuditEntry.action == tries.ACTION)
    assert session.scalar(stored) == 50
