"""Staff pages: one phone in repair, and everything that is done with it."""

from datetime import datetime

from flask import Response, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from accounts.access import staff as staff_rule
from storage import clock
from storage.request import installation, reading
from storage.uploads import accepts_upload
from support.attachments.receiving import FORM_BYTES_MAX, accepted
from support.bench.page import change, staff, unit_answer
from support.cases.models import RepairUnit
from support.cases.vocabulary import PhotoKind, Reason
from support.repairs import (
    deciding,
    mending,
    photos,
    quoting,
    receiving,
    records,
    reporting,
    shipping,
)
from support.repairs.board_views import MENDERS
from support.repairs.judging import Finding
from support.repairs.public_pages import PDF, file_answer
from support.repairs.refused import DecisionMissingError
from support.repairs.report_pdf import report_pdf
from support.repairs.shipping import Waybill

#: Photos of one form: a phone is seen from all sides.
PHOTOS_MAX = 30


@staff.get("/<int:unit_id>")
@staff_rule
def unit_page(unit_id: int) -> Response:
    """Where the phone stands, by when, and the one thing to do next."""
    return unit_answer(unit_id)


@staff.post("/<int:unit_id>/act")
@MENDERS
def act_came(unit_id: int) -> Redirect:
    """F-1: the signed act is here too."""
    return change(unit_id, receiving.act_came, _("The report is here: the repair may begin."))


@staff.post("/<int:unit_id>/cancel")
@MENDERS
def cancel(unit_id: int) -> Redirect:
    """The phone was never sent."""
    return change(unit_id, receiving.cancel, _("The case is cancelled."))


@staff.post("/<int:unit_id>/photos")
@MENDERS
@accepts_upload(FORM_BYTES_MAX)
def add_photos(unit_id: int) -> Redirect:
    """Photos, before the phone is opened and later."""

    def write(session: Session, unit: RepairUnit, *, actor: str, now: datetime) -> None:
        kinds = {kind.value: kind for kind in PhotoKind}
        kind = kinds.get(request.form.get("kind", ""), PhotoKind.EVIDENCE)
        files = accepted(request.files.getlist("photos"), PHOTOS_MAX)
        photos.add(session, installation().blobs, unit, kind, files, actor=actor, now=now)

    return change(unit_id, write, _("The photos were kept."))


@staff.get("/photos/<int:photo_id>")
@staff_rule
def photo(photo_id: int) -> Response:
    """One photo."""
    with reading() as session:
        found = photos.get(session, photo_id)
        with installation().blobs.open(found.sha256) as stored:
            headers = {"Cache-Control": "private, max-age=3600"}
            return Response(stored.read(), 200, headers, mimetype=found.media_type)


@staff.post("/<int:unit_id>/open")
@MENDERS
def open_phone(unit_id: int) -> Redirect:
    """Begin the diagnosis."""

    def write(session: Session, unit: RepairUnit, *, actor: str, now: datetime) -> None:
        why = request.form.get("no_photos", "")
        deciding.open_phone(session, unit, no_photos=why, actor=actor, now=now)

    return change(unit_id, write, _("Diagnosis began."))


@staff.post("/<int:unit_id>/decide")
@MENDERS
def decide(unit_id: int) -> Redirect:
    """R-8: covered or not, with the reason and the evidence."""

    def write(session: Session, unit: RepairUnit, *, actor: str, now: datetime) -> None:
        reason = next((one for one in Reason if one == request.form.get("reason")), None)
        finding = Finding(_chosen("covered"), reason, request.form.get("evidence", ""))
        deciding.propose(session, installation(), unit, finding, actor=actor, now=now)

    return change(unit_id, write, _("The decision was recorded."))


@staff.post("/<int:unit_id>/review")
@MENDERS
def review(unit_id: int) -> Redirect:
    """Another person agrees with a decision outside the published rules, or does not."""

    def write(session: Session, unit: RepairUnit, *, actor: str, now: datetime) -> None:
        deciding.review(
            session, installation(), unit, approved=_chosen("approved"), actor=actor, now=now
        )

    return change(unit_id, write, _("The decision was reviewed."))


@staff.post("/<int:unit_id>/settle")
@MENDERS
def settle(unit_id: int) -> Redirect:
    """Answer a dispute."""

    def write(session: Session, unit: RepairUnit, *, actor: str, now: datetime) -> None:
        reverse, said = _chosen("reverse"), request.form.get("answer", "")
        deciding.settle(
            session, installation(), unit, reverse=reverse, answer=said, actor=actor, now=now
        )

    return change(unit_id, write, _("The dispute was settled."))


@staff.post("/<int:unit_id>/eliminated")
@MENDERS
def eliminated(unit_id: int) -> Redirect:
    """R-4: repaired and tested: the clock stops."""

    def write(session: Session, unit: RepairUnit, *, actor: str, now: datetime) -> None:
        work, parts = request.form.get("work", ""), request.form.get("parts", "")
        tested = bool(request.form.get("tested"))
        mending.eliminated(session, unit, work, parts, tested=tested, actor=actor, now=now)

    return change(unit_id, write, _("The fault is eliminated: the clock has stopped."))


@staff.post("/<int:unit_id>/board")
@MENDERS
def board_changed(unit_id: int) -> Redirect:
    """R-10: the phone has a new board with another MAC."""

    def write(session: Session, unit: RepairUnit, *, actor: str, now: datetime) -> None:
        mending.board_changed(session, unit, request.form.get("mac", ""), actor=actor, now=now)

    return change(unit_id, write, _("The new board is on record."))


@staff.post("/<int:unit_id>/replace")
@MENDERS
def replace(unit_id: int) -> Redirect:
    """R-6: another phone is given in its place."""

    def write(session: Session, unit: RepairUnit, *, actor: str, now: datetime) -> None:
        serial, why = request.form.get("replacement", ""), request.form.get("why", "")
        agreed = bool(request.form.get("agreed"))
        mending.replaced(
            session, installation(), unit, serial, why,
            other_model_agreed=agreed, actor=actor, now=now,
        )  # fmt: skip

    return change(unit_id, write, _("The replacement was recorded, with its own warranty."))


@staff.post("/<int:unit_id>/erased")
@MENDERS
def erased(unit_id: int) -> Redirect:
    """R-12: the customer's settings are gone."""
    return change(unit_id, mending.erased, _("Noted: the settings are erased."))


@staff.post("/<int:unit_id>/quote")
@MENDERS
def quote(unit_id: int) -> Redirect:
    """R-7: offer a paid repair."""

    def write(session: Session, unit: RepairUnit, *, actor: str, now: datetime) -> None:
        cost = quoting.amount(request.form.get("amount", ""))
        work = request.form.get("quoted_work", "")
        quoting.offer(session, installation(), unit, cost, work, actor=actor, now=now)

    return change(unit_id, write, _("The offer was sent to the customer."))


@staff.post("/<int:unit_id>/send")
@MENDERS
def send(unit_id: int) -> Redirect:
    """D-3: the phone leaves."""

    def write(session: Session, unit: RepairUnit, *, actor: str, now: datetime) -> None:
        carrier, tracking = request.form.get("carrier", ""), request.form.get("tracking", "")
        waybill = Waybill(carrier, tracking, request.form.get("why", ""))
        shipping.send(session, installation(), unit, waybill, actor=actor, now=now)

    return change(unit_id, write, _("Sent. Print the repair report and put it into the parcel."))


@staff.post("/<int:unit_id>/returned")
@MENDERS
def returned(unit_id: int) -> Redirect:
    """The User has the phone again."""
    return change(unit_id, shipping.handed_over, _("The case is closed."))


@staff.get("/<int:unit_id>/report.pdf")
@staff_rule
def report(unit_id: int) -> Redirect:
    """R-9: the paper that goes with the phone."""
    with reading() as session:
        found = records.unit(session, unit_id)
        made = reporting.report_of(session, found, clock.now(), found.report.language)
    name = made.number.replace("/", "-")
    return file_answer(report_pdf(made), f"report-{name}.pdf", PDF)


def _chosen(name: str) -> bool:
    """A decision as a person chose it; nothing chosen is no decision, and never «no»."""
    decided = {"yes": True, "no": False}.get(request.form.get(name, ""))
    if decided is None:
        raise DecisionMissingError
    return decided
