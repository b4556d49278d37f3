"""How long a report takes with the repairs of many years."""

from collections.abc import Callable
from datetime import date, timedelta
from time import perf_counter, process_time

import pytest
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from storage.db import Database
from support.reports import fleet, making, tallying
from support.reports.models import FleetTally
from support.reports.question import Dimension, Question
from tests.support.reports import workload
from tests.support.reports.workload import FIRMWARE, PRODUCTS, SINCE, UNTIL

REPAIRS, LOTS, CUSTOMERS = 100_000, 50, 400
#: Several times what is usual on two cores, so that a busy machine fails nothing.
MOST_S = 1.0


@pytest.fixture
def many(database: Database) -> Database:
    """A year's repairs of many customers, counted by the job, and phones of all kinds."""
    with database.writing() as session:
        owners = workload.many_customers(session, CUSTOMERS)
        workload.repairs(session, REPAIRS, [*owners, None], LOTS)
        rows = [
            {"product": product, "lot": f"25W{lot:02}", "firmware": firmware,
             "organisation_id": owner, "phones": 3}
            for product in PRODUCTS
            for lot in range(1, LOTS + 1)
            for firmware in FIRMWARE
            for owner in owners
        ]  # fmt: skip
        for start in range(0, len(rows), 10_000):
            session.execute(insert(FleetTally), rows[start : start + 10_000])
        fleet.add_up(session)
    with database.reading() as session:
        months = tallying.changed(session)
    for month in months:
        with database.writing() as session:
            began = perf_counter()
            tallying.count_anew(database, session, month)
    print(f"counting a month: {(perf_counter() - began) * 1000:.0f} ms")  # noqa: T201 - a measurement
    with database.writing() as session:
        session.execute(text("ANALYZE"))
    return database


def least(database: Database, what: str, asked: Callable[[Session], object]) -> float:
    """The least time of a few, in seconds."""
    taken, worked = [], []
    for _time in range(5):
        with database.reading() as session:
            began, at = perf_counter(), process_time()
            asked(session)
            taken.append(perf_counter() - began)
            worked.append(process_time() - at)
    print(f"{what}: {min(taken) * 1000:.0f} ms, of this process {min(worked) * 1000:.0f} ms")  # noqa: T201 - a measurement
    return min(taken)


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_a_report_of_a_hundred_thousand_repairs_is_there_at_once(many: Database) -> None:
    for by in Dimension:
        question = Question(by, SINCE, UNTIL)
        taken = least(many, by.value, lambda session, q=question: making.of_repairs(session, q))  # type: ignore[misc]
        assert taken < MOST_S, by
    question = Question(Dimension.PRODUCT, SINCE, UNTIL)
    assert least(many, "warnings", lambda session: making.warnings(session, question)) < MOST_S


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_a_report_is_quick_while_the_current_month_changes_and_of_any_days(many: Database) -> None:
    with many.writing() as session:
        session.execute(text("UPDATE repair_unit SET in_time = covered WHERE position < 3000"))
        session.execute(
            text("DELETE FROM repair_change WHERE day < :first"), {"first": date(2026, 12, 1)}
        )
    with many.reading() as session:
        assert tallying.changed(session) == {date(2026, 12, 1)}
    for by in Dimension:
        question = Question(by, SINCE + timedelta(days=9), UNTIL)
        what = f"{by.value}, two months by day"
        assert least(many, what, lambda s, q=question: making.of_repairs(s, q)) < MOST_S  # type: ignore[misc]
