"""Staff pages: the single repairs and requests behind a figure of a report."""

from enum import StrEnum
from typing import TypeVar

from flask import Response, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from accounts.access import staff as staff_rule
from storage.clock import moscow_date, now
from storage.request import reading
from support.cases.vocabulary import Reason
from support.reports import leading, repairs_behind, requests_behind
from support.reports.dividing import names
from support.reports.export import named
from support.reports.figure import RepairFigure, RequestFigure
from support.reports.question import Dimension, Key, Question, asked
from support.reports.repairs_behind import RepairsBehind
from support.reports.requests_behind import RequestsBehind
from support.reports.views import PLACE, staff
from support.requests.vocabulary import RefusalCode
from support.row_ids import row_id
from support.sla.log import State

_PARTS = {Dimension.LOT: 2, Dimension.FIRMWARE: 2}
_OF_PEOPLE = frozenset({Dimension.ORGANISATION, Dimension.PARTNER})
#: Further than anybody turns pages.
_PAGES_MAX = 100_000
Word = TypeVar("Word", bound=StrEnum)


@staff.get("/repairs/list")
@staff_rule
def cases() -> Response:
    """The repairs that a figure counts; raises PeriodError."""
    question = asked(request.args, moscow_date(now()))
    page = _page()
    with reading() as session:
        question = PLACE.narrow(session, question)
        wanted = RepairsBehind(
            question,
            _word(RepairFigure, "figure") or RepairFigure.CASES,
            _line(question),
            _word(Reason, "reason"),
        )
        total = repairs_behind.count(session, wanted)
        shown = render_template(
            "reports/repairs_list.html",
            wanted=wanted,
            rows=repairs_behind.rows(session, wanted, page),
            narrowed=_narrowed(session, question, wanted.line),
            back=leading.report(PLACE.repairs, question),
            **_turning(page, total, repairs_behind.PAGE),
        )
    return Response(shown, mimetype="text/html")


@staff.get("/requests/list")
@staff_rule
def asked_list() -> Response:
    """The support requests that a figure counts; raises PeriodError."""
    question = asked(request.args, moscow_date(now()))
    page = _page()
    with reading() as session:
        question = PLACE.narrow(session, question)
        wanted = RequestsBehind(
            question,
            _word(RequestFigure, "figure") or RequestFigure.REQUESTS,
            _line(question),
            _word(RefusalCode, "code"),
        )
        total = requests_behind.count(session, wanted)
        shown = render_template(
            "reports/requests_list.html",
            wanted=wanted,
            rows=requests_behind.rows(session, wanted, page),
            states=State,
            narrowed=_narrowed(session, question, wanted.line),
            back=leading.report(PLACE.requests, question),
            **_turning(page, total, requests_behind.PAGE),
        )
    return Response(shown, mimetype="text/html")


def _word(kind: type[Word], name: str) -> Word | None:
    """The word of this kind that the address names; None for what is none."""
    return next((one for one in kind if one == request.args.get(name)), None)


def _line(question: Question) -> Key:
    """The line that the address names; of an organisation or a partner by its number."""
    values = tuple(one[:64] for one in request.args.getlist("line"))
    if len(values) != _PARTS.get(question.by, 1):
        return ()
    if question.by in _OF_PEOPLE:
        return (str(row_id(values[0]) or ""),)
    return values


def _narrowed(session: Session, question: Question, line: Key) -> list[str]:
    """To what the list is narrowed, in words."""
    found = [question.product, question.lot, question.firmware]
    if line:
        known = names(session, [line]) if question.by in _OF_PEOPLE else {}
        found += [one or _("not known") for one in named(line, question.by, known)]
    elif question.organisations:
        found += names(session, [(str(question.organisations[0]),)]).values()
    return list(dict.fromkeys(one for one in found if one))


def _page() -> int:
    """The page of the list, counted from 0."""
    return min(max(row_id(request.args.get("page", "")), 1), _PAGES_MAX) - 1


def _turning(page: int, total: int, size: int) -> dict[str, object]:
    """What the pager of a list says, and where it leads."""

    def at(number: int) -> str:
        return url_for(f"{request.endpoint}", **leading.asked(), page=number + 1)

    first = page * size
    return {
        "total": total,
        "first": first + 1,
        "last": min(first + size, total),
        "previous": at(page - 1) if page else "",
        "next": at(page + 1) if first + size < total else "",
    }
