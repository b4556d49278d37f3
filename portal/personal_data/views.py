"""Staff pages: the register, a person's data, their export and end, and what is past its term.

What names a person travels in forms, never in an address: addresses are logged.
"""

from collections.abc import Sequence
from functools import partial

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response as Answer

from accounts import audit
from accounts.access import acting, roles
from accounts.models import Role
from portal.personal_data import (
    carrying_out,
    consent_ends,
    erasing,
    erasure_log,
    exporting,
    finding,
    subjects,
    withdrawals,
)
from portal.personal_data.act_pdf import act_pdf
from portal.personal_data.bases import CHOSEN, Basis
from portal.personal_data.finding import Candidate
from storage import clock
from storage.answer_language import answer_language
from storage.http_answers.sending import respond
from storage.people import Person
from storage.refusals import NotFoundError, RefusedError
from storage.request import installation, reading, status_of, writing
from storage.serving import Cache, Representation
from support.personal_data import terms
from support.personal_data.models import ErasureAct
from support.repairs.public_pages import PDF, file_answer

#: Who answers for personal data.
OFFICERS = roles(Role.ADMIN)
SHOWN = 20

staff = Blueprint(
    "personal_data", __name__, url_prefix="/staff/personal-data", template_folder="templates"
)


class UnknownActError(NotFoundError):
    code = "unknown-erasure-act"
    ru = "Такого акта нет."
    en = "There is no such act."


class BasisError(RefusedError):
    code = "erasure-basis"
    field = "basis"
    ru = "Выберите основание и подтвердите удаление."
    en = "Choose the basis, and confirm the erasure."


@staff.get("/")
@OFFICERS
def register_page() -> Answer:
    """The classes with their terms, whom to erase by when, exports and acts."""
    return _register_page()


@staff.post("/find")
@OFFICERS
def find() -> Answer:
    """Whom an address, a number or a part of a name may mean."""
    typed = request.form.get("q", "").strip()[:200]
    with reading() as session:
        found = finding.candidates(session, typed) if typed else []
    return _register_page(found=found, typed=typed)


@staff.post("/person")
@OFFICERS
def person_page() -> Answer:
    """Everything that is held of one person, and what would become of it; that is recorded."""
    who = person_of_form()
    with writing() as session:
        mark = finding.marks(installation(), who)[0]
        actor, subject = acting().login, f"person:{mark}"
        audit.record(session, actor, "personal-data.look", subject, clock.now())
    return _person_page()


@staff.post("/export")
@OFFICERS
def export() -> Answer:
    """Pack it for the person."""
    try:
        made = exporting.make(
            installation(),
            person_of_form(),
            answer_language(),
            actor=acting().login,
            now=clock.now(),
        )
    except RefusedError as error:
        return _register_page(error)
    flash(_("The export %(number)s is ready: it can be fetched until its day.", number=made.id))
    return redirect(url_for(".register_page"))


@staff.get("/exports/<int:export_id>.zip")
@OFFICERS
def export_file(export_id: int) -> Response:
    """An export, until its time is over."""
    with reading() as session:
        row = exporting.get(session, export_id, clock.now())
    representation = Representation(
        sha256=row.sha256,
        size=row.size,
        content_type="application/zip",
        file_name=f"personal-data-{row.id}.zip",
        last_modified=row.made_at,
        cache=Cache.private(),
    )
    return respond(representation, partial(installation().blobs.open, row.sha256), request)


@staff.post("/withdraw")
@OFFICERS
def withdraw() -> Answer:
    """Note that the person withdraws the consent: from now there are 30 days."""
    try:
        with writing() as session:
            withdrawals.note(session, person_of_form(), actor=acting().login, now=clock.now())
    except RefusedError as error:
        return _person_page(error)
    flash(_("The withdrawal is noted. The data have to go within 30 days."), "attention")
    return redirect(url_for(".register_page"))


@staff.post("/erase")
@OFFICERS
def erase() -> Answer:
    """Destroy the person's data, with an act."""
    basis = next((one for one in CHOSEN if one == request.form.get("basis")), None)
    try:
        if basis is None or not request.form.get("sure"):
            raise BasisError
        actor = acting().login
        done = carrying_out.carry_out(
            installation(), person_of_form(), basis, actor=actor, now=clock.now()
        )
    except RefusedError as error:
        return _person_page(error)
    flash(_("The data are destroyed. Print and sign the act %(number)s.", number=done.act), "good")
    return redirect(url_for(".register_page"))


@staff.get("/acts/<int:act_id>.pdf")
@OFFICERS
def act_paper(act_id: int) -> Answer:
    """The act to be signed."""
    act = _act(act_id)
    return file_answer(act_pdf(act, answer_language()), f"erasure-act-{act.id}.pdf", PDF)


@staff.get("/acts/<int:act_id>.json")
@OFFICERS
def act_log(act_id: int) -> Answer:
    """The export of events that goes with the act (order 179)."""
    return Response(
        erasure_log.text_of(_act(act_id)),
        headers={
            "Content-Disposition": f'attachment; filename="erasure-act-{act_id}.json"',
            "Cache-Control": "no-store",
        },
        mimetype="application/json",
    )


def _register_page(
    error: RefusedError | None = None, found: Sequence[Candidate] | None = None, typed: str = ""
) -> Answer:
    now = clock.now()
    with reading() as session:
        acts = session.scalars(select(ErasureAct).order_by(ErasureAct.id.desc()).limit(SHOWN))
        page = render_template(
            "personal_data/register.html",
            classes=terms.every(session),
            waiting=withdrawals.waiting(session),
            ending=consent_ends.ending(session, now + consent_ends.SOON),
            left_over=consent_ends.left_over(session),
            exports=exporting.current(session, now),
            acts=[(act, erasing.counts(act), Basis(act.reason).phrase) for act in acts],
            names={one.code: one.name for one, _days in terms.every(session)},
            today=clock.moscow_date(now),
            found=found,
            typed=typed,
            error=error,
        )
    return private(page, error)


def _person_page(error: RefusedError | None = None) -> Answer:
    who = person_of_form()
    with reading() as session:
        plan = erasing.plan(session, who, clock.now())
        ends = terms.current(session)
        page = render_template(
            "personal_data/person.html",
            who=who,
            plan=plan,
            groups=finding.by_class(plan.going),
            kept=plan.kept,
            consents=consent_ends.of_person(session, who),
            by_class=finding.by_class,
            ends=ends,
            obstacles=[
                (erasing.obstacle_text(one, answer_language()), subjects.page_of(one.subject))
                for one in plan.obstacles
            ],
            told=subjects.told,
            page_of=subjects.page_of,
            bases=[
                ("", _("choose")),
                *((one, one.phrase.text(answer_language())) for one in CHOSEN),
            ],
            typed=request.form,
            error=error,
        )
    return private(page, error)


def person_of_form() -> Person:
    """Whom a form names; raises NothingHeldError where it names nobody."""
    form = request.form
    with reading() as session:
        found = finding.person(
            session,
            email=form.get("email", "")[:254],
            phone=form.get("phone", "")[:40],
            login=form.get("login", "")[:64],
        )
    if not found.keys:
        raise exporting.NothingHeldError
    return found


def _act(act_id: int) -> ErasureAct:
    with reading() as session:
        found = session.get(ErasureAct, act_id) if 0 < act_id < 2**31 else None
    if found is None:
        raise UnknownActError
    return found


def private(page: str, error: RefusedError | None) -> Answer:
    """A page that no cache keeps, and that tells no other site where it was."""
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response(page, status_of(error) if error else 200, headers, mimetype="text/html")
