"""What the pages of the sender have in common: their place, who acts, what no cache may keep."""

from flask import Blueprint, Response

from accounts.access import current_actor
from support.cases.models import FaultReport

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

public = Blueprint("repairs", __name__, url_prefix="/repair", template_folder="templates")


def who(report: FaultReport) -> str:
    """Who changes an act: the one signed in, or else its contact."""
    actor = current_actor()
    return actor.login if actor else report.contact_name


def private_page(page: str, status: int = 200) -> Response:
    """A page behind a secret address, or with a person's own words."""
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response(page, status, headers, mimetype="text/html")


def file_answer(body: bytes, name: str, media_type: str) -> Response:
    """A paper to keep; no cache keeps it."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(body, 200, headers, mimetype=media_type)
