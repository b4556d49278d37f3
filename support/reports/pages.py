"""A report as an answer: its page and its CSV, for staff and for people of a partner alike."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Response, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Organisation
from catalogue import products
from firmware import columns
from storage.clock import moscow_date, now
from storage.request import reading, status_of
from support.reports import bars, export, leading, making
from support.reports.bars import BarChart
from support.reports.figure import RepairFigure, RequestFigure
from support.reports.leading import Report
from support.reports.question import Dimension, PeriodError, Question, asked
from support.reports.standing_out import RULE
from support.row_ids import row_id

#: A page shows so many lines; the CSV file has all.
LINES_MAX = 100
_BARS = 10


@dataclass(frozen=True)
class Place:
    """Where a reader's reports stand: `overview` is the page of early warnings, if there is one.

    `cases` and `asked` are where the single repairs and requests behind a figure are listed, if
    this reader may see them. `narrow` makes a question one that this reader may ask. The others
    name endpoints.
    """

    repairs: str
    requests: str
    repairs_csv: str
    requests_csv: str
    repairs_template: str
    requests_template: str
    dimensions: Sequence[Dimension]
    narrow: Callable[[Session, Question], Question]
    overview: str = ""
    cases: str = ""
    asked: str = ""


def organisations_asked(session: Session, question: Question) -> Question:
    """Narrowed to the organisation, or the partner and its customers, that the address names."""
    owner, partner = (row_id(request.args.get(one, "")) for one in ("organisation", "partner"))
    if owner:
        return question.of(owner)
    if partner:
        served = select(Organisation.id).where(Organisation.partner_id == partner)
        return question.of(partner, *session.scalars(served))
    return question


def repairs_page(place: Place) -> Response:
    """The report of repairs that the address asks for."""
    question, error = _question(place)
    with reading() as session:
        report = making.of_repairs(session, place.narrow(session, question))
        shown = _frame(session, place, report)
    highest = max((count for _month, count in report.months), default=0)
    page = render_template(
        place.repairs_template,
        months=columns.chart([count for _month, count in report.months], highest),
        month_days=leading.month_days(report),
        bars=_bars(report, place.cases, RepairFigure.FAILURES, lambda line: line.failures),
        rule=RULE,
        error=error,
        **shown,
    )
    return Response(page, status_of(error) if error else 200, mimetype="text/html")


def requests_page(place: Place) -> Response:
    """The report of support requests that the address asks for."""
    question, error = _question(place)
    with reading() as session:
        report = making.of_requests(session, place.narrow(session, question))
        shown = _frame(session, place, report)
    page = render_template(
        place.requests_template,
        bars=_bars(report, place.asked, RequestFigure.REQUESTS, lambda line: line.requests),
        error=error,
        **shown,
    )
    return Response(page, status_of(error) if error else 200, mimetype="text/html")


def repairs_csv(place: Place) -> Response:
    """The same as CSV, every line; raises PeriodError."""
    question = _asked(place)
    with reading() as session:
        report = making.of_repairs(session, place.narrow(session, question))
    return _csv("repairs", question, export.of_repairs(report.lines, question.by, report.names))


def requests_csv(place: Place) -> Response:
    """The same as CSV, every line; raises PeriodError."""
    question = _asked(place)
    with reading() as session:
        report = making.of_requests(session, place.narrow(session, question))
    return _csv("requests", question, export.of_requests(report.lines, question.by, report.names))


def _question(place: Place) -> tuple[Question, PeriodError | None]:
    """What is asked for; with a period that is none, the usual one and what is wrong with it."""
    try:
        return _asked(place), None
    except PeriodError as error:
        kept = {k: v for k, v in request.args.items() if k not in {"since", "until"}}
        return _allowed(place, asked(kept, moscow_date(now()))), error


def _asked(place: Place) -> Question:
    return _allowed(place, asked(request.args, moscow_date(now())))


def _allowed(place: Place, question: Question) -> Question:
    if question.by in place.dimensions:
        return question
    return replace(question, by=Dimension.PRODUCT)


def _frame(session: Session, place: Place, report: Report) -> dict[str, object]:
    """What both kinds of report show of their question."""
    kept = leading.kept()
    chosen = _chosen(session, kept, report.question)
    return {
        "place": place,
        "report": report,
        "question": report.question,
        "lines": report.lines[:LINES_MAX],
        "kept": kept,
        "label": lambda key: leading.label(key, report),
        "further": lambda key: leading.further(key, report.question.by),
        "behind": lambda endpoint, key, **more: leading.behind(
            endpoint, kept, report.question, key, **more
        ),
        "products": [one.code for one in products.every(session)],
        "chosen": chosen,
    }


def _chosen(
    session: Session, kept: dict[str, str], question: Question
) -> Sequence[tuple[str, str]]:
    """Whose report it is by the address, with the name; of what is not the reader's no name."""
    found = []
    for field in ("organisation", "partner"):
        number = row_id(kept.get(field, ""))
        if number and question.organisations and number in question.organisations:
            owner = session.get(Organisation, number)
            found += [(field, owner.name)] if owner else []
    return found


def _bars(
    report: Report,
    endpoint: str,
    figure: RepairFigure | RequestFigure,
    measure: Callable[[Any], int],
) -> BarChart:
    """The first lines drawn, each bar leading to what it counts."""
    kept = leading.kept()
    return bars.chart(
        [
            bars.Value(
                leading.label(line.key, report),
                measure(line),
                leading.behind(endpoint, kept, report.question, line.key, figure=figure.value),
            )
            for line in report.lines[:_BARS]
            if measure(line)
        ]
    )


def _csv(what: str, question: Question, lines: Iterable[str]) -> Response:
    answer = Response("".join(lines), mimetype="text/csv")
    name = f"{what}-by-{question.by.value}-{question.since}-{question.until}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
