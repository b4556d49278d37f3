"""Pages of the sender: following an act, its papers, the blank form."""

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from accounts.access import anyone
from storage.answer_language import answer_language
from storage.clock import now
from storage.refusals import NotFoundError, RefusedError
from storage.request import installation, reading, status_of, writing
from support.cases.models import RepairUnit
from support.personal_data import consent_terms, consents, terms
from support.repairs import (
    deciding,
    endings,
    filing,
    quoting,
    receiving,
    records,
    reporting,
    standing,
)
from support.repairs.act_docx import act_docx, blank_docx
from support.repairs.act_pdf import blank_pdf
from support.repairs.public_pages import DOCX, PDF, file_answer, private_page, public, who
from support.repairs.report_pdf import report_pdf


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
        quoting.answer(session, unit, accepted=accepted, actor=who(unit.report), now=now())

    done = _("The repair is ordered.") if accepted else _("The phone will go back as it is.")
    return _change(token, position, write, done)


@public.post("/r/<token>/<int:position>/dispute")
@anyone
def dispute(token: str, position: int) -> Answer:
    """R-8: the customer does not agree with a decision."""

    def write(session: Session, unit: RepairUnit) -> None:
        words = request.form.get("dispute", "")
        deciding.dispute(session, unit, words, actor=who(unit.report), now=now())

    return _change(
        token, position, write, _("Your objection was taken: somebody else will decide.")
    )


@public.post("/r/<token>/<int:position>/cancel")
@anyone
def cancel(token: str, position: int) -> Answer:
    """The phone will not be sent."""

    def write(session: Session, unit: RepairUnit) -> None:
        receiving.cancel(session, unit, actor=who(unit.report), now=now())

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


@public.get("/blank.pdf")
@anyone
def blank_paper() -> Answer:
    """F-2: the blank form, to be filled in by hand."""
    return file_answer(blank_pdf(answer_language(), now()), "akt-neispravnosti.pdf", PDF)


@public.get("/blank.docx")
@anyone
def blank_text() -> Answer:
    """F-2: the blank form, to be filled in on a computer."""
    return file_answer(blank_docx(answer_language(), now()), "akt-neispravnosti.docx", DOCX)


def _follow_page(token: str, error: RefusedError | None = None) -> Answer:
    with reading() as session:
        report = records.by_token(session, token)
        last, act = records.act_of(report)
        consent = consents.of(session, report.consent_id)
        page = render_template(
            "repairs/follow.html",
            report=report,
            act=act,
            version=last,
            shown=standing.of_act(session, report, now()),
            centre=filing.centre_of(session, report),
            consent=consent,
            consent_term=consent_terms.term_of(
                consent, endings.over_at(session, report), terms.current(session)
            )
            if consent
            else None,
            ends_on=consents.ends_on,
            token=token,
            error=error,
        )
    return private_page(page, status_of(error) if error else 200)


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
