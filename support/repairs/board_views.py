"""Staff pages: the board of repairs, the dock where parcels come in, and the quarantine."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from accounts.access import acting, roles
from accounts.access import staff as staff_rule
from accounts.models import Role
from storage.clock import now
from storage.refusals import RefusedError
from storage.request import installation, reading, status_of, writing
from support.cases.vocabulary import Stage
from support.repairs import board, parcels, receiving, records
from support.repairs.receiving import Receipt
from support.repairs.shipping import Waybill
from support.row_ids import row_id
from support.service_centres import register
from support.service_centres.choosing import VENDOR

MENDERS = roles(Role.AGENT, Role.ENGINEER)
_SCAN_MAX = 300

staff = Blueprint(
    "repair_board", __name__, url_prefix="/staff/repairs", template_folder="templates"
)


@staff.get("/")
@staff_rule
def board_page() -> str:
    """Who waits for us, and until when; `stage` and `q` are in the address."""
    chosen = next((one for one in Stage if one == request.args.get("stage")), None)
    search = request.args.get("q", "")[:64]
    with reading() as session:
        return render_template(
            "repairs/board.html",
            board=board.board(session, now(), chosen, search),
            chosen=chosen,
            search=search,
            parcels=len(parcels.unsettled(session)),
        )


@staff.get("/dock")
@MENDERS
def dock() -> Response:
    """What a scan names. A code on an act opens this address with its number."""
    return _dock_page()


@staff.post("/dock/receive")
@MENDERS
def receive() -> Redirect:
    """Take in the phones that were ticked."""
    chosen = [row_id(one) for one in request.form.getlist("unit") if row_id(one)]
    receipt = Receipt(
        with_act=bool(request.form.get("with_act")),
        centre=request.form.get("centre", "")[:120] or VENDOR.name,
        waybill=_waybill(),
        condition=request.form.get("condition", "")[:500],
    )
    try:
        with writing() as session:
            for unit_id in chosen:
                unit = records.unit_to_change(session, unit_id, None, Stage.FILED)
                receiving.receive(
                    session, installation(), unit, receipt, actor=acting().login, now=now()
                )
    except RefusedError as error:
        return _dock_page(error)
    if not chosen:
        flash(_("Nothing was ticked, so nothing was taken in."), "attention")
        return redirect(url_for(".dock", code=request.form.get("code", "")[:_SCAN_MAX]))
    flash(_("Taken in. Take photos before a phone is opened."))
    if len(chosen) == 1:
        return redirect(url_for("repair_desk.unit_page", unit_id=chosen[0]))
    return redirect(url_for(".board_page", stage=Stage.RECEIVED.value))


@staff.post("/dock/parcels")
@MENDERS
def quarantine() -> Redirect:
    """D-6: keep a parcel that nobody can name apart."""
    with writing() as session:
        parcels.arrive(
            session, request.form.get("serial", ""), _waybill(),
            request.form.get("note", ""), actor=acting().login, now=now(),
        )  # fmt: skip
    flash(_("The parcel is in quarantine. Its repair term counts from now."))
    return redirect(url_for(".dock"))


@staff.post("/dock/parcels/<int:parcel_id>/bind")
@MENDERS
def bind(parcel_id: int) -> Redirect:
    """The parcel is a phone's that is awaited."""
    typed = request.form.get("unit", "")
    try:
        with writing() as session:
            unit = parcels.bind(
                session, installation(), parcel_id, row_id(typed),
                actor=acting().login, now=now(),
            )  # fmt: skip
            unit_id = unit.id
    except RefusedError as error:
        return _dock_page(error)
    return redirect(url_for("repair_desk.unit_page", unit_id=unit_id))


@staff.post("/dock/parcels/<int:parcel_id>/back")
@MENDERS
def send_back(parcel_id: int) -> Redirect:
    """The parcel goes back unopened."""
    try:
        with writing() as session:
            parcels.send_back(
                session, parcel_id, request.form.get("reason", ""), actor=acting().login, now=now()
            )
    except RefusedError as error:
        return _dock_page(error)
    flash(_("Noted: the parcel goes back."))
    return redirect(url_for(".dock"))


def _dock_page(error: RefusedError | None = None) -> Response:
    code = request.values.get("code", "")[:_SCAN_MAX]
    with reading() as session:
        waiting = parcels.unsettled(session)
        centres = [VENDOR, *register.every(session)]
        page = render_template(
            "repairs/dock.html",
            code=code,
            found=receiving.scanned(session, code) if code else (),
            parcels=[(parcel, parcels.candidates(session, parcel)) for parcel in waiting],
            centres=[(one.name, one.name) for one in centres],
            typed=request.form,
            filed=Stage.FILED,
            error=error,
        )
    return Response(page, status_of(error) if error else 200, mimetype="text/html")


def _waybill() -> Waybill:
    return Waybill(request.form.get("carrier", ""), request.form.get("tracking", ""))
