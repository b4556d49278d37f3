"""Staff pages: what stands out, repairs and requests in numbers, the same as CSV."""

from dataclasses import replace

from flask import Blueprint, Response, render_template, request

from accounts.access import staff as staff_rule
from storage.clock import moscow_date, now
from storage.request import reading, status_of
from support.reports import leading, making, pages
from support.reports.figure import RepairFigure
from support.reports.pages import Place
from support.reports.question import Dimension, PeriodError, asked
from support.reports.standing_out import RULE

staff = Blueprint("reports", __name__, url_prefix="/staff/reports", template_folder="templates")
PLACE = Place(
    repairs="reports.repairs",
    requests="reports.requests",
    repairs_csv="reports.repairs_csv",
    requests_csv="reports.requests_csv",
    repairs_template="reports/repairs.html",
    requests_template="reports/requests.html",
    dimensions=tuple(Dimension),
    narrow=pages.organisations_asked,
    overview="reports.overview",
    cases="reports.cases",
    asked="reports.asked_list",
)


@staff.get("/")
@staff_rule
def overview() -> Response:
    """Which lots and firmware fail more often than the rest of their product."""
    error = None
    try:
        question = asked(request.args, moscow_date(now()))
    except PeriodError as refused:
        question, error = asked({}, moscow_date(now())), refused
    with reading() as session:
        warned = None if error else making.warnings(session, question)
    page = render_template(
        "reports/overview.html",
        place=PLACE,
        question=question,
        kept={name: request.args[name][:20] for name in ("since", "until") if name in request.args},
        found=warned.found if warned else {},
        looked=warned.looked if warned else None,
        further=leading.further,
        behind=lambda key, by: leading.behind(
            PLACE.cases, {}, replace(question, by=by), key, figure=RepairFigure.FAILURES.value
        ),
        rule=RULE,
        error=error,
    )
    return Response(page, status_of(error) if error else 200, mimetype="text/html")


@staff.get("/repairs")
@staff_rule
def repairs() -> Response:
    """Repairs in numbers; what is asked for stands in the address."""
    return pages.repairs_page(PLACE)


@staff.get("/requests")
@staff_rule
def requests() -> Response:
    """Support requests in numbers."""
    return pages.requests_page(PLACE)


@staff.get("/repairs.csv")
@staff_rule
def repairs_csv() -> Response:
    """Repairs for a spreadsheet."""
    return pages.repairs_csv(PLACE)


@staff.get("/requests.csv")
@staff_rule
def requests_csv() -> Response:
    """Support requests for a spreadsheet."""
    return pages.requests_csv(PLACE)
