"""What goes by its term, however much is held; and an erasure that keeps nobody waiting."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pysqlite3.dbapi2 as sqlite
import pytest
from sqlalchemy import event, select

from portal.personal_data import carrying_out, expiring
from portal.personal_data.bases import Basis
from storage import clock
from storage.people import ERASED
from support.cases.delivery_models import Parcel
from support.cases.models import FaultReport
from support.personal_data.register import shipped
from support.repairs import parcel_people, parcels, people
from support.repairs.shipping import Waybill
from support.requests import records
from support.requests.models import SupportRequest
from support.sla.log import State
from tests.portal.personal_data.story import WHO, Story, hits
from tests.support.repairs.workshop import moscow

BOTH = pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True)
#: Tables that an erasure of the story looks through and otherwise leaves alone.
UNTOUCHED = ("FROM job", "FROM upload", "FROM certificate_reminder")


@contextmanager
def seen(story: Story, do: Any) -> Iterator[None]:
    """Calls `do` with each statement before it runs."""
    engine = story.installation.database.engine

    def look(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        do(" ".join(statement.split()))

    event.listen(engine, "before_cursor_execute", look)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", look)


def test_nobodys_writing_waits_while_every_table_is_looked_through(story: Story) -> None:
    story.ends(story.asks())
    other = sqlite.connect(story.installation.data_dir / "flatpro.sqlite", timeout=0)
    other.isolation_level = None
    looks = []

    def may_write(statement: str) -> None:
        if " LIKE " in statement and any(table in statement for table in UNTOUCHED):
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
            looks.append(statement)

    with seen(story, may_write):
        carry_out(story)
    other.close()
    assert len(looks) >= len(UNTOUCHED)
    assert hits(story.installation) == []


def test_what_is_written_of_a_person_while_she_is_erased_is_looked_for_once_more(
    story: Story,
) -> None:
    story.ends(story.asks())
    came: list[int] = []

    def somebody_asks(statement: str) -> None:
        if not came and " LIKE " in statement and "FROM job" in statement:
            came.append(0)
            came[0] = story.somebody_else_asks()

    with seen(story, somebody_asks):
        carry_out(story)
    # A colleague of the same name keeps hers; the address that was quoted is gone.
    assert story.desk.request(came[0]).contact_name == "Анна Петрова"
    assert "anna@" not in "".join(hits(story.installation))


def carry_out(story: Story) -> None:
    at = moscow("2027-02-01T10:00")
    carrying_out.carry_out(story.installation, WHO, Basis.REQUEST, actor="admin", now=at)


@BOTH
def test_d6_a_parcel_that_no_act_was_found_for_goes_three_years_after_its_end(story: Story) -> None:
    arrived = moscow("2026-12-01T10:00")
    with story.installation.database.writing() as session:
        kept, back = (
            parcels.arrive(
                session, serial, Waybill("СДЭК", "777-ANNA"), "От Анны", actor="olga", now=arrived
            ).id
            for serial in ("", story.register.first)
        )
        at = moscow("2027-03-01T10:00")
        parcels.send_back(session, back, "Анна Петрова не отвечает", actor="olga", now=at)
    assert expire(story, "2029-11-29T10:00") == 0
    assert expire(story, "2029-12-01T10:00") == 1
    assert expire(story, "2030-03-01T10:00") == 1
    assert expire(story, "2030-03-02T10:00") == 0
    with story.installation.database.reading() as session:
        found = {one.id: (one.tracking, one.note, one.refused) for one in session.scalars(
            select(Parcel)
        )}  # fmt: skip
    assert found == {kept: ("", "", ""), back: ("", "", ERASED)}


def test_d6_a_parcel_that_was_matched_goes_with_its_act(story: Story) -> None:
    [unit_id] = story.workshop.file()
    with story.installation.database.writing() as session:
        parcel = parcels.arrive(
            session, story.register.first, Waybill("СДЭК", "777"), "", actor="olga",
            now=moscow("2026-12-01T10:00"),
        )  # fmt: skip
        parcels.bind(
            session, story.installation, parcel.id, unit_id, actor="olga",
            now=moscow("2026-12-02T10:00"),
        )  # fmt: skip
    with story.installation.database.reading() as session:
        far = moscow("2040-01-01T10:00")
        assert parcel_people.HOLDER.expired(session, parcel_people.PARCEL, far) == []


def expire(story: Story, at: str) -> int:
    return expiring.run(story.installation, moscow(at), clock.now())


@pytest.mark.parametrize("category", [people.REPAIR, people.PHOTO])
def test_acts_that_are_not_over_are_not_even_loaded_each_night(story: Story, category: str) -> None:
    over = story.sends_a_phone()
    story.has_it_back(over)
    for _running in range(2):
        story.workshop.receives(story.workshop.file()[0])
    loaded: list[str] = []

    def note(act: FaultReport, _context: object) -> None:
        loaded.append(act.number)

    event.listen(FaultReport, "load", note)
    try:
        with story.installation.database.reading() as session:
            found = people.HOLDER.expired(session, category, moscow("2040-01-01T10:00"))
    finally:
        event.remove(FaultReport, "load", note)
    assert len(found) == 1
    assert found[0].over_at == moscow("2026-12-31T12:00")
    assert len(set(loaded)) <= 1


@BOTH
def test_an_act_whose_phone_never_came_goes_five_years_after_its_year(story: Story) -> None:
    story.workshop.file()

    def names() -> list[str]:
        with story.installation.database.reading() as session:
            return list(session.scalars(select(FaultReport.contact_email)))

    assert names() != [""]
    expire(story, "2032-01-01T23:59")
    assert names() != [""]
    expire(story, "2032-01-02T00:01")
    assert names() == [""]


@pytest.mark.parametrize("code", ["repair", "request"])
def test_what_was_over_before_an_instant_is_what_ends_by_it(code: str) -> None:
    one = shipped().get(code)
    now = datetime(2033, 1, 1, 20, 59, 59, tzinfo=UTC)
    for hours in range(0, 24 * 400, 7):
        for present in (now, now + timedelta(seconds=1)):
            over = present - timedelta(days=one.days + 380) + timedelta(hours=hours, minutes=1)
            goes = one.ends_at(over, one.days) <= present
            assert (over < one.over_before(present, one.days)) is goes


def test_n_a_refused_request_goes_by_its_term_as_a_closed_one_does(story: Story) -> None:
    number = story.asks()
    with story.installation.database.writing() as session:
        request = session.get_one(SupportRequest, number)
        records.set_state(session, request, State.REFUSED, "olga", moscow("2026-12-01T10:00"))
    assert request.closed_at is None
    expire(story, "2029-11-30T09:59")
    assert story.desk.request(number).erased_at is None
    expire(story, "2029-11-30T10:01")
    assert story.desk.request(number).erased_at is not None
