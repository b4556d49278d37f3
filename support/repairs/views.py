"""Pages of the sender: filing an act, following it, its papers, the blank form."""

from collections.abc import Callable

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from accounts.access import anyone, current_actor
from accounts.models import Organisation
from storage.clock import moscow_date, now
from storage.refusals import NotFoundError, RefusedError
from storage.request import installation, reading, status_of, writing
from support.customer_kinds import CustomerKind
from support.mailroom.options import MailOptions
from support.personal_data import consents
from support.repairs import (
    act_form,
    deciding,
    filing,
    prefilling,
    quoting,
    receiving,
    records,
    reporting,
    standing,
)
from support.repairs.act_docx import act_docx, blank_docx
from support.repairs.act_form import TypedAct
from support.repairs.act_pdf import blank_pdf
from support.repairs.filing import NewAct
from support.repairs.models import FaultReport, RepairUnit
from support.repairs.refused import ActIncompleteError, ActSettledError
from support.repairs.report_pdf import report_pdf
from support.requests import opening
from support.requests.vocabulary import Symptom
from support.service_centres import register
from support.service_centres.choosing import VENDOR

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

public = Blueprint("repairs", __name__, url_prefix="/repair", template_folder="templates")


@public.get("/new")
@anyone
def new_act() -> Answer:
    """The form; a serial number in the address is filled in, with what is known of the phone."""
    serial = request.args.get("serial", "")[: act_form.LINE_MAX]
    return _form_page(_prefilled(TypedAct({"serial_1": serial} if serial else {})))


@public.post("/new")
@anyone
def file_act() -> Answer:
    """Take an act in; «add» gives room for one phone more, «look» fills in what is known."""
    typed = TypedAct.of(request.form)
    step = request.form.get("step", "")
    if step == "add":
        return _form_page(typed.longer())
    if step == "look":
        return _form_page(_prefilled(typed))
    try:
        try:
            address = _filed(typed)
        except IntegrityError:
            # The same form came twice at once, and the other one was first: now it is found.
            address = _filed(typed)
    except ActIncompleteError as error:
        return _form_page(typed, error)
    except RefusedError as error:
        return _form_page(typed, error, status_of(error))
    return redirect(address)


@public.get("/r/<token>")
@anyone
def follow(token: str) -> Answer:
    """Where each phone of the act stands, and what is due by when."""
    return _follow_page(token)


@public.post("/r/<token>/<int:position>/quote")
@anyone
def answer_quote(token: str, position: int) -> Answer:
    """R-7: the customer takes the paid repair, or has the phone back as it is."""
    accepted = request.form.get("answer") == "accept"

    def write(session: Session, unit: RepairUnit) -> None:
        quoting.answer(session, unit, accepted=accepted, actor=_who(unit.report), now=now())

    done = _("The repair is ordered.") if accepted else _("The phone will go back as it is.")
    return _change(token, position, write, done)


@public.post("/r/<token>/<int:position>/dispute")
@anyone
def dispute(token: str, position: int) -> Answer:
    """R-8: the customer does not agree with a decision."""

    def write(session: Session, unit: RepairUnit) -> None:
        words = request.form.get("dispute", "")
        deciding.dispute(session, unit, words, actor=_who(unit.report), now=now())

    return _change(
        token, position, write, _("Your objection was taken: somebody else will decide.")
    )


@public.post("/r/<token>/<int:position>/cancel")
@anyone
def cancel(token: str, position: int) -> Answer:
    """The phone will not be sent."""

    def write(session: Session, unit: RepairUnit) -> None:
        receiving.cancel(session, unit, actor=_who(unit.report), now=now())

    return _change(token, position, write, _("The case is cancelled."))


@public.get("/r/<token>/<int:position>/report.pdf")
@anyone
def report(token: str, position: int) -> Answer:
    """R-9: the paper of a finished repair."""
    with reading() as session:
        unit = records.unit_of(records.by_token(session, token), position)
        made = reporting.report_of(session, unit, now(), unit.report.language)
    return file_answer(report_pdf(made), f"report-{made.number.replace('/', '-')}.pdf", PDF)


@public.get("/r/<token>/act.pdf")
@anyone
def act_paper(token: str) -> Answer:
    """The act as it was submitted: the stored paper (F-5)."""
    with reading() as session:
        report = records.by_token(session, token)
        version, name = report.versions[-1], f"{report.number}.pdf"
        with installation().blobs.open(version.pdf_sha256) as stored:
            return file_answer(stored.read(), name, PDF)


@public.get("/r/<token>/act.docx")
@anyone
def act_text(token: str) -> Answer:
    """The act for those who want to edit it."""
    with reading() as session:
        report = records.by_token(session, token)
        paper = filing.paper_of(session, installation(), report, report.versions[-1])
    return file_answer(act_docx(paper), f"{paper.number}.docx", DOCX)


@public.get("/r/<token>/correct")
@anyone
def correction(token: str) -> Answer:
    """The act as a form again."""
    with reading() as session:
        _version, act = records.act_of(records.by_token(session, token))
    return _form_page(TypedAct.of_act(act), token=token)


@public.post("/r/<token>/correct")
@anyone
def correct_act(token: str) -> Answer:
    """F-5: another version of the act."""
    typed, at = TypedAct.of(request.form), now()
    try:
        act = typed.act(moscow_date(at), consent_needed=False)
        with writing() as session:
            report = records.by_token(session, token)
            filing.correct(session, installation(), report, act, actor=_who(report), now=at)
    except ActIncompleteError as error:
        return _form_page(typed, error, token=token)
    except ActSettledError as error:
        return _form_page(typed, error, status_of(error), token)
    flash(_("The report was corrected. Print it anew."))
    return redirect(url_for(".follow", token=token))


@public.get("/blank.pdf")
@anyone
def blank_paper() -> Answer:
    """F-2: the blank form, to be filled in by hand."""
    return file_answer(blank_pdf(language(), now()), "akt-neispravnosti.pdf", PDF)


@public.get("/blank.docx")
@anyone
def blank_text() -> Answer:
    """F-2: the blank form, to be filled in on a computer."""
    return file_answer(blank_docx(language(), now()), "akt-neispravnosti.docx", DOCX)


def language() -> str:
    """The language of this answer."""
    return "en" if str(get_locale()) == "en" else "ru"


def _filed(typed: TypedAct) -> str:
    at, actor = now(), current_actor()
    act = typed.act(moscow_date(at))
    source = request.remote_addr or "unknown"
    with writing() as session:
        filing.check_source(session, source, at, installation().option(MailOptions))
        consent = consents.give(
            session, act.email, source=source, channel="form", now=at, purpose=consents.REPAIR
        )
        new = NewAct(
            act=act,
            form_key=opening.key_of(request.form),
            source=source,
            language=language(),
            organisation_id=actor.organisation_id if actor else None,
            consent_id=consent.id,
        )
        report = filing.file(
            session, installation(), new, actor=actor.login if actor else act.contact, now=at
        )
        return records.address_of(installation(), report).removeprefix(installation().public_url)


def _prefilled(typed: TypedAct) -> TypedAct:
    """The form with what we know of the phones, and of whoever is signed in."""
    actor = current_actor()
    with reading() as session:
        for place in typed.places:
            known = _known(session, typed.get(f"serial_{place}"))
            if known is not None:
                typed = typed.with_phone(place, known.phone)
        if actor is not None and actor.organisation_id is not None:
            owner = session.get_one(Organisation, actor.organisation_id)
            typed = typed.with_sender({"organisation": owner.name, "contact": actor.name})
    return typed


def _problems(typed: TypedAct) -> dict[int, list[str]]:
    """What is known to be wrong with the firmware of the form's phones, by their places."""
    found = {}
    with reading() as session:
        for place in typed.places:
            known = _known(session, typed.get(f"serial_{place}"))
            if known is not None and known.problems:
                found[place] = list(known.problems)
    return found


def _known(session: Session, serial: str) -> prefilling.KnownPhone | None:
    return prefilling.known_phone(session, serial, current_actor(), language())


def _form_page(
    typed: TypedAct, error: RefusedError | None = None, status: int = 422, token: str = ""
) -> Answer:
    said = language()
    faults = error.faults if isinstance(error, ActIncompleteError) else {}
    shown = {name: fault.text(said) for name, fault in faults.items()}
    if error is not None and not faults:
        shown[""] = error.text(said)
    with reading() as session:
        regions = sorted({name for one in register.every(session) for name in one.regions})
    page = render_template(
        "repairs/new.html",
        typed=typed,
        errors=shown,
        problems=_problems(typed) if current_actor() else {},
        form_key=opening.key_of(typed.values),
        symptoms=[(one, one.phrase.text(said)) for one in Symptom],
        customers=[(kind, kind.phrase.text(said)) for kind in CustomerKind],
        regions=[("", _("Another region")), *((one, one) for one in regions)] if regions else [],
        consent=consents.REPAIR_TEXT.text(said),
        centre=VENDOR,
        token=token,
    )
    return _private(page, status if error else 200)


def _follow_page(token: str, error: RefusedError | None = None) -> Answer:
    with reading() as session:
        report = records.by_token(session, token)
        last, act = records.act_of(report)
        page = render_template(
            "repairs/follow.html",
            report=report,
            act=act,
            version=last,
            shown=standing.of_act(session, report, now()),
            centre=filing.centre_of(session, report),
            consent=consents.of(session, report.consent_id),
            ends_on=consents.ends_on,
            token=token,
            error=error,
        )
    return _private(page, status_of(error) if error else 200)


def _change(
    token: str, position: int, write: Callable[[Session, RepairUnit], None], done: str
) -> Answer:
    try:
        with writing() as session:
            found = records.unit_of(records.by_token(session, token), position)
            write(session, records.unit_to_change(session, found.id))
    except NotFoundError:
        raise
    except RefusedError as error:
        return _follow_page(token, error)
    flash(done)
    return redirect(url_for(".follow", token=token))


def _who(report: FaultReport) -> str:
    actor = current_actor()
    return actor.login if actor else report.contact_name


def _private(page: str, status: int = 200) -> Answer:
    # It stands behind a secret address or holds a person's own words.
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response(page, status, headers, mimetype="text/html")


def file_answer(body: bytes, name: str, media_type: str) -> Response:
    """A paper to keep; no cache keeps it."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(body, 200, headers, mimetype=media_type)
