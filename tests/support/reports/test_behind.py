"""Each figure of a report leads to as many single things as it says."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy.orm import Session

from storage.db import Database
from storage.installation import Installation
from support.reports import making, repairs_behind, requests_behind
from support.reports.figure import RepairFigure, RequestFigure
from support.reports.question import Dimension, Question
from support.reports.repair_lines import RepairLine
from support.reports.repairs_behind import PAGE, RepairsBehind
from support.reports.requests_behind import RequestsBehind
from tests.support.register import Register
from tests.support.reports import workload
from tests.support.reports.workload import SINCE, UNTIL
from tests.support.requests.desk import Desk


def said(line: RepairLine) -> dict[RepairFigure, int]:
    """What a line says of each figure."""
    return {
        RepairFigure.CASES: line.cases,
        RepairFigure.FAILURES: line.failures,
        RepairFigure.UNDECIDED: line.undecided,
        RepairFigure.COVERED: line.covered,
        RepairFigure.REFUSED: line.refused,
        RepairFigure.REPLACED: line.replaced,
        RepairFigure.REPEATS: line.repeats,
        RepairFigure.TAKEN: line.spread.cases,
        RepairFigure.IN_TIME: line.spread.in_time,
        RepairFigure.OFFERED: line.offered,
        RepairFigure.ACCEPTED: line.accepted,
    }


@pytest.fixture
def desk(installation: Installation, register: Register) -> Desk:
    return Desk(installation, register)


def all_agree(session: Session, question: Question) -> None:
    report = making.of_repairs(session, question)
    for line in (*report.lines, report.total):
        for figure, count in said(line).items():
            asked = RepairsBehind(question, figure, line.key)
            assert repairs_behind.count(session, asked) == count, (line.key, figure)
        for reason, count in line.reasons.items():
            asked = RepairsBehind(question, RepairFigure.REFUSED, line.key, reason)
            assert repairs_behind.count(session, asked) == count, (line.key, reason)


@pytest.mark.parametrize("by", list(Dimension))
def test_behind_each_figure_stand_as_many_repairs_as_it_says(
    database: Database, many: workload.Customers, by: Dimension
) -> None:
    whole = Question(by, SINCE, UNTIL)
    with database.reading() as session:
        all_agree(session, whole)
        all_agree(session, replace(whole, since=date(2026, 3, 5), product="FP-B2"))
        all_agree(session, whole.of(many.served, many.partner))


def test_the_pages_of_a_list_hold_each_repair_once(
    database: Database, many: workload.Customers
) -> None:
    assert many
    asked = RepairsBehind(Question(Dimension.PRODUCT, SINCE, UNTIL), RepairFigure.CASES)
    with database.reading() as session:
        total = repairs_behind.count(session, asked)
        pages = [repairs_behind.rows(session, asked, page) for page in range(total // PAGE + 2)]
    found = [row.unit.id for page in pages for row in page]
    assert len(found) == len(set(found)) == total > PAGE
    assert pages[-1] == [] or len(pages[-1]) < PAGE


def test_an_offer_is_a_line_of_its_own(database: Database, many: workload.Customers) -> None:
    assert many
    asked = RepairsBehind(Question(Dimension.PRODUCT, SINCE, UNTIL), RepairFigure.OFFERED)
    with database.reading() as session:
        rows = [*repairs_behind.rows(session, asked, 0), *repairs_behind.rows(session, asked, 1)]
        assert len(rows) == repairs_behind.count(session, asked) == 59
        assert len({row.unit.id for row in rows}) == 49


def test_behind_each_figure_of_requests_stand_as_many_as_it_says(
    database: Database, register: Register, desk: Desk
) -> None:
    desk.conclude()
    register.prove(register.first, date(2026, 3, 1))
    desk.comes("2026-11-23T10:00")
    desk.comes("2026-11-24T10:00")
    for by in Dimension:
        question = Question(by, date(2026, 11, 1), date(2026, 12, 31))
        with database.reading() as session:
            report = making.of_requests(session, question)
            assert report.total.requests == 2
            for line in (*report.lines, report.total):
                for figure, count in {
                    RequestFigure.REQUESTS: line.requests,
                    RequestFigure.OPENED: line.opened,
                    RequestFigure.PROMISED: line.promised,
                    RequestFigure.KEPT: line.kept,
                    RequestFigure.REFUSED: line.refused,
                }.items():
                    asked = RequestsBehind(question, figure, line.key)
                    assert requests_behind.count(session, asked) == count, (by, figure)
