"""What the database counts is what one would count by hand, however it is divided and narrowed."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from storage.db import Database
from support.cases.models import RepairQuote
from support.cases.vocabulary import Stage
from support.reports import repair_figures, repair_lines
from support.reports.question import Dimension, Key, Question
from support.reports.repair_lines import RepairLine
from tests.support.reports import workload
from tests.support.reports.workload import AT, SINCE, UNTIL, Customers

COUNT = 400
Row = dict[str, object]


@pytest.fixture
def world(database: Database) -> tuple[Customers, list[Row]]:
    with database.writing() as session:
        found = workload.customers(session)
        owners = [found.partner, found.served, found.alone, None]
        return found, workload.repairs(session, COUNT, owners)


def key_of(row: Row, by: Dimension, world: Customers) -> Key:
    owner = row["organisation_id"]
    if by is Dimension.PRODUCT:
        return (str(row["product"]),)
    if by is Dimension.PARTNER:
        return (str(world.partner) if owner in {world.partner, world.served} else "",)
    if by is Dimension.ORGANISATION:
        return ("" if owner is None else str(owner),)
    return (str(row["product"]), str(row[by.value]))


def counted(rows: list[Row], by: Dimension, world: Customers) -> Counter[Key]:
    kept = [row for row in rows if row["stage"] != Stage.CANCELLED]
    return Counter(key_of(row, by, world) for row in kept)


def asked(session: Session, by: Dimension, **more: object) -> list[RepairLine]:
    plain: dict[str, object] = {"since": SINCE, "until": UNTIL}
    question = Question(by, **{**plain, **more})  # type: ignore[arg-type]
    return repair_lines.lines(repair_figures.figures(session, question))


@pytest.mark.parametrize("by", list(Dimension))
def test_every_division_counts_each_case_once(
    database: Database, world: tuple[Customers, list[Row]], by: Dimension
) -> None:
    known, rows = world
    with database.reading() as session:
        found = asked(session, by)
    assert {line.key: line.cases for line in found} == counted(rows, by, known)
    done = [row["days_taken"] for row in rows if row["covered"] and row["days_taken"] is not None]
    whole = sum(line.spread.cases for line in found)
    # Days of a case that was cancelled afterwards stand on a line that others keep alive.
    assert whole == len(done)


@pytest.mark.parametrize(
    "more",
    [
        {"product": "FP-B2"},
        {"lot": "25W02"},
        {"firmware": "2.5.0"},
        {"product": "FP-C1", "lot": "25W01", "firmware": "2.4.1"},
        {"since": date(2026, 3, 1), "until": date(2026, 3, 31)},
        {"organisations": ()},
    ],
)
def test_a_condition_leaves_only_what_fulfils_it(
    database: Database, world: tuple[Customers, list[Row]], more: dict[str, object]
) -> None:
    known, rows = world
    kept = [
        row
        for row in rows
        if all(row[name] == more.get(name, row[name]) for name in ("product", "lot", "firmware"))
        and more.get("since", SINCE) <= row["requested_on"] <= more.get("until", UNTIL)  # type: ignore[operator]
        and (more.get("organisations") is None)
    ]
    with database.reading() as session:
        found = asked(session, Dimension.LOT, **more)
    assert {line.key: line.cases for line in found} == counted(kept, Dimension.LOT, known)


def test_of_some_organisations_nobody_elses_are_counted(
    database: Database, world: tuple[Customers, list[Row]]
) -> None:
    known, rows = world
    mine = [row for row in rows if row["organisation_id"] == known.served]
    with database.reading() as session:
        found = asked(session, Dimension.ORGANISATION, organisations=(known.served,))
    assert {line.key: line.cases for line in found} == counted(mine, Dimension.ORGANISATION, known)


def test_months_hold_every_case_of_the_period(
    database: Database, world: tuple[Customers, list[Row]]
) -> None:
    _known, rows = world
    kept = [row["requested_on"] for row in rows if row["stage"] != Stage.CANCELLED]
    with database.reading() as session:
        found = repair_figures.by_month(session, Question(Dimension.PRODUCT, SINCE, UNTIL))
    assert found == Counter(day.replace(day=1) for day in kept)  # type: ignore[attr-defined]


@pytest.mark.usefixtures("world")
def test_quotes_are_counted_by_their_answers(database: Database) -> None:
    with database.writing() as session:
        for unit_id, accepted in ((1, True), (2, None), (3, False)):
            session.add(
                RepairQuote(
                    unit_id=unit_id,
                    amount=Decimal("3500.50"),
                    work="Экран",
                    valid_until=UNTIL,
                    offered_by="ivan",
                    offered_at=AT,
                    accepted=accepted,
                )
            )
    with database.reading() as session:
        found = repair_figures.figures(session, Question(Dimension.PRODUCT, SINCE, UNTIL))
    whole = repair_lines.together(found)
    assert (whole.offered, whole.accepted, whole.amount) == (3, 1, Decimal("3500.50"))
