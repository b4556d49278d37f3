"""Counts made beforehand keep up with a repair's whole life, and with two who work at once."""

from datetime import date

from sqlalchemy import update

from storage.db import Database
from storage.installation import Installation
from support.cases.models import RepairUnit
from support.cases.vocabulary import Reason
from support.repairs import shipping
from support.reports import tallying
from support.reports.question import Dimension, Question
from tests.portal.personal_data.story import Story
from tests.support.register import Register
from tests.support.reports import workload
from tests.support.reports.by_hand import agree, count_months

YEARS = [Question(by, date(2026, 1, 1), date(2027, 12, 31)) for by in Dimension]


def looked_at(database: Database) -> None:
    """Right before the job has run, and right after it."""
    with database.reading() as session:
        agree(session, YEARS)
    count_months(database)
    with database.reading() as session:
        assert tallying.changed(session) == frozenset()
        agree(session, YEARS)


def test_from_the_act_to_the_erasure_of_its_sender(
    installation: Installation, register: Register
) -> None:
    story, database = Story(installation, register), installation.database
    unit_id = story.sends_a_phone()
    looked_at(database)
    story.has_it_back(unit_id)
    looked_at(database)
    [spoilt] = story.workshop.file(register.first)
    story.workshop.receives(spoilt)
    story.workshop.photographs(spoilt)
    story.workshop.opens(spoilt)
    looked_at(database)
    story.workshop.decides(spoilt, Reason.LIQUID)
    looked_at(database)
    story.workshop.sends(spoilt)
    story.workshop.does(spoilt, shipping.handed_over, "2026-12-31T12:00")
    story.erases("2034-01-01T10:00")
    looked_at(database)


def test_a_month_that_changes_while_it_is_counted_is_counted_again(database: Database) -> None:
    """On PostgreSQL both go on at once; SQLite lets them follow each other."""
    with database.writing() as session:
        known = workload.customers(session)
        workload.repairs(session, 40, [known.served, None])
    count_months(database)
    if database.is_sqlite:
        return
    with database.writing() as session:
        session.execute(update(RepairUnit).values(firmware="9.9.9"))
        # Not committed yet: the count neither sees it nor forgets it.
        with database.writing() as other:
            for month in range(1, 13):
                tallying.count_anew(database, other, date(2026, month, 1))
    with database.reading() as session:
        assert len(tallying.changed(session)) == 12
        agree(session, YEARS)
    looked_at(database)
