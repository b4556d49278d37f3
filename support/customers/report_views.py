"""Pages «В числах»: the reports of repairs and requests, of one's own organisations alone."""

from flask import Response, request
from sqlalchemy.orm import Session

from support.customers.cabinet import my_scope, public
from support.reports import pages
from support.reports.pages import Place
from support.reports.question import Dimension, Question
from support.scope import CUSTOMERS


def _mine(session: Session, question: Question) -> Question:
    """Never more than the asker's own: an organisation that is not is no filter at all."""
    return question.of(*my_scope(session).narrowed(request.args.get("organisation", "")))


PLACE = Place(
    repairs="customers.repairs_report",
    requests="customers.requests_report",
    repairs_csv="customers.repairs_csv",
    requests_csv="customers.requests_csv",
    repairs_template="customers/repairs_report.html",
    requests_template="customers/requests_report.html",
    dimensions=(Dimension.PRODUCT, Dimension.LOT, Dimension.FIRMWARE, Dimension.ORGANISATION),
    narrow=_mine,
)


@public.get("/report/repairs")
@CUSTOMERS
def repairs_report() -> Response:
    """My repairs in numbers."""
    return pages.repairs_page(PLACE)


@public.get("/report/requests")
@CUSTOMERS
def requests_report() -> Response:
    """My requests in numbers."""
    return pages.requests_page(PLACE)


@public.get("/report/repairs.csv")
@CUSTOMERS
def repairs_csv() -> Response:
    """My repairs for a spreadsheet."""
    return pages.repairs_csv(PLACE)


@public.get("/report/requests.csv")
@CUSTOMERS
def requests_csv() -> Response:
    """My requests for a spreadsheet."""
    return pages.requests_csv(PLACE)
