"""Counts made beforehand say what one would count by hand, whatever happens to repairs."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from portal import migrations
from portal.migrations import watchers
from storage.db import Database
from storage.installation import Installation
from support.cases.models import RepairQuote, RepairUnit
from support.cases.vocabulary import Reason, Resolution, Stage
from support.reports import repair_figures, tallying, watching, work
from support.reports.models import RepairChange, RepairTally
from support.reports.question import Dimension, Question
from tests.support.reports import workload
from tests.support.reports.by_hand import agree, count_months
from tests.support.reports.workload import AT, FIRMWARE, PRODUCTS, SINCE, UNTIL, Customers

Deed = Callable[[Session, random.Random, Customers], None]
PERIODS = (
    (SINCE, UNTIL),
    (date(2026, 3, 1), date(2026, 5, 31)),
    (date(2026, 2, 10), date(2026, 9, 20)),
    (date(2026, 4, 3), date(2026, 4, 9)),
    (date(2025, 1, 15), date(9999, 12, 31)),
)
YEARS = [Question(by, *PERIODS[0]) for by in Dimension]


def a_unit(session: Session, rand: random.Random) -> RepairUnit:
    numbers = session.scalars(select(RepairUnit.id).order_by(RepairUnit.id)).all()
    return session.get_one(RepairUnit, rand.choice(numbers))


def open_one(session: Session, rand: random.Random, known: Customers) -> None:
    owners = [known.served, None]
    workload.repairs(session, rand.randint(1, 3), owners, seed=rand.randrange(10**6))


def decide(session: Session, rand: random.Random, _known: Customers) -> None:
    unit = a_unit(session, rand)
    unit.covered = rand.choice([True, False])
    unit.reason = None if unit.covered else rand.choice([*Reason])


def reopen(session: Session, rand: random.Random, _known: Customers) -> None:
    unit = a_unit(session, rand)
    unit.covered, unit.reason, unit.stage = None, None, Stage.DIAGNOSIS


def finish(session: Session, rand: random.Random, _known: Customers) -> None:
    unit = a_unit(session, rand)
    unit.days_taken = rand.randint(0, 40)
    unit.in_time, unit.resolution = unit.days_taken <= 14, rand.choice([*Resolution])


def change_stage(session: Session, rand: random.Random, _known: Customers) -> None:
    a_unit(session, rand).stage = rand.choice([Stage.CANCELLED, Stage.RECEIVED])


def repeat(session: Session, rand: random.Random, _known: Customers) -> None:
    a_unit(session, rand).repeat_of_id = rand.choice([None, a_unit(session, rand).id])


def move(session: Session, rand: random.Random, known: Customers) -> None:
    unit = a_unit(session, rand)
    unit.requested_on += timedelta(days=rand.choice([-40, -1, 1, 40]))
    unit.organisation_id = rand.choice([known.served, known.alone, known.partner, None])


def correct(session: Session, rand: random.Random, _known: Customers) -> None:
    unit = a_unit(session, rand)
    unit.product, unit.lot = rand.choice(PRODUCTS), rand.choice(["", "25W01", "25W09"])
    unit.firmware = rand.choice(FIRMWARE)


def offer(session: Session, rand: random.Random, _known: Customers) -> None:
    quote = RepairQuote(
        unit_id=a_unit(session, rand).id, amount=Decimal(rand.randrange(1, 10**6)) / 100,
        work="Экран", valid_until=UNTIL, offered_by="ivan", offered_at=AT,
        accepted=rand.choice([None, True, False]),
    )  # fmt: skip
    session.add(quote)


def answer(session: Session, rand: random.Random, _known: Customers) -> None:
    for quote in session.scalars(select(RepairQuote).limit(1)):
        quote.accepted, quote.amount = rand.choice([None, True, False]), Decimal("1234.56")


def erase(session: Session, rand: random.Random, _known: Customers) -> None:
    """As bulk statements do, of the erasure or of a database shell."""
    number = a_unit(session, rand).id
    session.execute(
        update(RepairUnit).where(RepairUnit.repeat_of_id == number).values(repeat_of_id=None)
    )
    session.execute(delete(RepairQuote).where(RepairQuote.unit_id == number))
    session.execute(delete(RepairUnit).where(RepairUnit.id == number))


def empty_firmware(session: Session, rand: random.Random, _known: Customers) -> None:
    day = a_unit(session, rand).requested_on
    session.execute(
        text("UPDATE repair_unit SET firmware = '' WHERE requested_on = :day"), {"day": day}
    )


DEEDS: tuple[Deed, ...] = (
    open_one, decide, reopen, finish, change_stage, repeat, move, correct, offer, answer, erase,
    empty_firmware,
)  # fmt: skip


def questions(known: Customers) -> list[Question]:
    plain = [Question(by, since, until) for by in Dimension for since, until in PERIODS]
    narrow = [
        replace(one, **more)  # type: ignore[arg-type]
        for one in plain
        for more in (
            {"product": "FP-B2"}, {"lot": "25W02"}, {"firmware": "2.5.0"},
            {"organisations": (known.served,)}, {"organisations": ()},
            {"organisations": (known.served, known.partner), "product": "FP-C1", "lot": "25W01"},
        )
    ]  # fmt: skip
    return [*plain, *narrow]


@pytest.mark.parametrize("seed", [1, 2])
def test_after_any_changes_the_counts_are_those_by_hand(database: Database, seed: int) -> None:
    rand = random.Random(seed)
    with database.writing() as session:
        known = workload.customers(session)
        workload.repairs(session, 60, [known.partner, known.served, known.alone, None], seed=seed)
    asked = questions(known)
    for _round in range(4):
        count_months(database)
        for deed in rand.choices(DEEDS, k=8):
            with database.writing() as session:
                deed(session, rand, known)
        with database.reading() as session:
            agree(session, rand.sample(asked, 25))
        count_months(database)
        with database.reading() as session:
            assert tallying.changed(session) == frozenset()
            agree(session, rand.sample(asked, 25))


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
def test_each_kind_of_change_is_noted(database: Database, deed: Deed) -> None:
    """Without it the count of a month would stay as it was."""
    rand = random.Random(7)
    with database.writing() as session:
        known = workload.customers(session)
        workload.repairs(session, 40, [known.served, None])
        offer(session, rand, known)
    count_months(database)
    for _time in range(5):
        with database.writing() as session:
            deed(session, rand, known)
    with database.reading() as session:
        assert tallying.changed(session)
        agree(session, YEARS)


#: For each column that a repair is counted by, a value that none of the workload's has.
OTHERS: dict[str, object] = {
    "requested_on": date(2025, 1, 1), "product": "FP-X", "lot": "99W01", "firmware": "9.9.9",
    "organisation_id": 999, "stage": "other", "covered": None, "reason": "OTHER",
    "resolution": "other", "repeat_of_id": 1, "days_taken": 99, "in_time": None,
}  # fmt: skip


@pytest.mark.parametrize("column", sorted(OTHERS))
def test_a_change_of_each_counted_column_alone_is_noted(database: Database, column: str) -> None:
    with database.writing() as session:
        known = workload.customers(session)
        workload.repairs(session, 1, [known.served])
        session.execute(update(RepairUnit).values(covered=True, in_time=True))
    count_months(database)
    with database.writing() as session:
        session.execute(update(RepairUnit).values({column: OTHERS[column]}))
    with database.reading() as session:
        assert tallying.changed(session)


def test_a_change_that_nothing_counts_leaves_a_month_counted(database: Database) -> None:
    with database.writing() as session:
        known = workload.customers(session)
        workload.repairs(session, 3, [known.served])
    count_months(database)
    with database.writing() as session:
        session.execute(update(RepairUnit).values(work="Замена", firmware=RepairUnit.firmware))
    with database.reading() as session:
        assert tallying.changed(session) == frozenset()


def test_whole_months_are_not_counted_again(database: Database) -> None:
    """What makes reports quick: a repair that is changed behind the database's back is not seen."""
    with database.writing() as session:
        known = workload.customers(session)
        workload.repairs(session, 40, [known.served])
    count_months(database)
    with database.writing() as session:
        before = len(session.scalars(select(RepairTally.id)).all())
        session.execute(update(RepairTally).values(cases=RepairTally.cases + 1))
        found = repair_figures.tallies(session, Question(Dimension.LOT, SINCE, UNTIL))
        assert sum(one.cases for one in found) > 40
        assert before


def test_a_rolled_back_change_leaves_a_month_counted(database: Database) -> None:
    with database.writing() as session:
        known = workload.customers(session)
        workload.repairs(session, 10, [known.served])
    count_months(database)
    with database.reading() as session:
        session.execute(update(RepairUnit).values(firmware="9"))
    with database.reading() as session:
        assert tallying.changed(session) == frozenset()


def test_what_nobody_watched_is_counted_anew(database: Database) -> None:
    """During an upgrade the triggers are out: everything counts as changed afterwards."""
    with database.writing() as session:
        known = workload.customers(session)
        workload.repairs(session, 40, [known.served, None])
    count_months(database)
    with database.engine.connect() as connection, connection.begin():
        watchers.unwatch(connection)
        connection.execute(delete(RepairUnit).where(RepairUnit.requested_on < date(2026, 6, 1)))
        connection.execute(update(RepairUnit).values(firmware="9"))
    migrations.upgrade(database)
    with database.reading() as session:
        agree(session, YEARS)
    count_months(database)
    with database.reading() as session:
        agree(session, YEARS)


def test_the_columns_that_are_watched_are_those_that_are_counted(database: Database) -> None:
    """A measure of another column would be counted once and then stay."""
    index = next(one for one in RepairUnit.__table__.indexes if one.name == "ix_repair_unit_report")  # type: ignore[attr-defined]
    assert {column.name for column in index.columns} == set(watching.COLUMNS) == set(OTHERS)
    with database.engine.connect() as connection:
        assert connection.scalar(select(RepairChange.id).limit(1)) is None


def test_the_job_counts_what_changed(installation: Installation) -> None:
    with installation.database.writing() as session:
        known = workload.customers(session)
        workload.repairs(session, 40, [known.served])
    work.HANDLERS[work.COUNT_REPAIRS](_Work(installation))  # type: ignore[arg-type]
    with installation.database.reading() as session:
        assert tallying.changed(session) == frozenset()
        agree(session, YEARS)


class _Work:
    """As much of a job as this handler asks for."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
