"""Staff pages: one request, and everything that a person may do with it."""

from collections.abc import Callable, Sequence

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from accounts.access import acting
from catalogue import products
from storage.answer_language import answer_language
from storage.clock import now
from storage.refusals import NotFoundError, RefusedError
from storage.request import installation, reading, status_of, writing
from storage.uploads import accepts_upload
from support.attachments.receiving import FORM_BYTES_MAX, accepted
from support.civil_dates import moment_text
from support.packages.package import Priority
from support.requests import (
    describing,
    desk,
    files,
    history,
    letters,
    opening,
    records,
    refusing,
    talking,
)  # fmt: skip
from support.requests.messages import Text
from support.requests.models import AnswerTemplate, SupportRequest
from support.requests.queue_views import ANSWERERS
from support.requests.refusal_rules import Grounds
from support.requests.refusing import Judge
from support.requests.talking import Answer
from support.requests.vocabulary import Channel, EventKind, RefusalCode, Symptom
from support.row_ids import row_id
from support.sla.log import State

#: What an answer may leave the request in; the first is chosen unless somebody chooses another.
_AFTER = (State.OPEN, State.WAITING_CUSTOMER, State.WAITING_RMA_INBOUND, State.RESOLVED)
_DESCRIBED = ("serials", "product", "firmware", "symptom", "priority", "organisation_id")

staff = Blueprint(
    "requests_desk", __name__, url_prefix="/staff/requests", template_folder="templates"
)
Change = Callable[[Session, SupportRequest], None]


@staff.get("/<int:number>")
@ANSWERERS
def request_page(number: int) -> Response:
    """Who waits for whom, until when, and what was said."""
    return _page(number)


@staff.post("/<int:number>/answer")
@ANSWERERS
@accepts_upload(FORM_BYTES_MAX)
def answer(number: int) -> Redirect:
    """A public answer, which is what a response is (S-9), and the state after it."""

    def write(session: Session, found: SupportRequest) -> None:
        new = Answer(
            text=_text(),
            form_key=_form_key("answer"),
            then=opening.word(State, request.form.get("then", ""), State.OPEN),
            attested=bool(request.form.get("attested")),
        )
        talking.answer(
            session, installation(), found, new,
            actor=acting().login, name=acting().name, now=now(),
        )  # fmt: skip

    return _change(number, write, _("The answer was sent."), once="answer")


@staff.post("/<int:number>/note")
@ANSWERERS
@accepts_upload(FORM_BYTES_MAX)
def note(number: int) -> Redirect:
    """A note that only staff see."""

    def write(session: Session, found: SupportRequest) -> None:
        talking.note(
            session, installation(), found, _text(), form_key=_form_key("note"),
            actor=acting().login, name=acting().name, now=now(),
        )  # fmt: skip

    return _change(number, write, _("The note was kept."), once="note")


@staff.post("/<int:number>/state")
@ANSWERERS
def set_state(number: int) -> Redirect:
    """Move the request by hand: a pause with its reason, the end, or back to work."""

    def write(session: Session, found: SupportRequest) -> None:
        wanted = opening.word(State, request.form.get("state", ""), State(found.state))
        talking.set_state(session, found, wanted, actor=acting().login, now=now())

    return _change(number, write, _("The state was changed."))


@staff.post("/<int:number>/restored")
@ANSWERERS
def restored(number: int) -> Redirect:
    """Service is back, if by a way round."""

    def write(session: Session, found: SupportRequest) -> None:
        talking.restored(session, found, actor=acting().login, now=now())

    return _change(number, write, _("It was noted that the service is back."))


@staff.post("/<int:number>/assign")
@ANSWERERS
def assign(number: int) -> Redirect:
    """Give the request to somebody, or to nobody."""

    def write(session: Session, found: SupportRequest) -> None:
        login = request.form.get("assignee", "").strip() or None
        talking.assign(session, found, login, actor=acting().login, now=now())

    return _change(number, write, _("The request was assigned."))


@staff.post("/<int:number>/describe")
@ANSWERERS
def describe(number: int) -> Redirect:
    """Write down what was learned; the tier is found anew and used time stays used (S-11)."""

    def write(session: Session, found: SupportRequest) -> None:
        describing.describe(
            session, installation(), found, _changes(), actor=acting().login, now=now()
        )

    return _change(number, write, _("The request was described anew."))


@staff.post("/<int:number>/refuse")
@ANSWERERS
def refuse(number: int) -> Redirect:
    """N-1…N-6: propose not to take it; a second person decides."""

    def write(session: Session, found: SupportRequest) -> None:
        form = request.form
        code = opening.word(RefusalCode, form.get("refusal_code", ""), RefusalCode.INFO_MISSING)
        grounds = Grounds(
            manual=form.get("manual", ""), duplicate_of=_row_id(form.get("duplicate_of", ""))
        )
        refusing.propose(
            session, found, code, form.get("text", ""), grounds, actor=acting().login, now=now()
        )

    return _change(number, write, _("The refusal waits for a second person."))


@staff.post("/<int:number>/refusal")
@ANSWERERS
def decide_refusal(number: int) -> Redirect:
    """The second person's word on a proposed refusal."""

    def write(session: Session, found: SupportRequest) -> None:
        agree = request.form.get("decision") == "agree"
        refusing.decide(session, installation(), found, agree=agree, judge=_judge(), now=now())

    return _change(number, write, _("The decision was recorded."))


@staff.post("/<int:number>/appeal")
@ANSWERERS
def decide_appeal(number: int) -> Redirect:
    """The third person's word on an objection."""

    def write(session: Session, found: SupportRequest) -> None:
        refusing.decide_appeal(
            session, installation(), found, request.form.get("text", ""),
            lift=request.form.get("decision") == "lift", judge=_judge(), now=now(),
        )  # fmt: skip

    return _change(number, write, _("The decision was recorded."))


@staff.post("/<int:number>/reveal")
@ANSWERERS
def reveal(number: int) -> Response:
    """N-3: an administrator reads what is restricted; that is recorded."""
    if not desk.sees_restricted(acting().role):
        return _page(number)
    with writing() as session:
        found = records.get_to_change(session, number)
        records.record(session, found, EventKind.REVEALED, acting().login, now())
    return _page(number, revealed=True)


@staff.get("/<int:number>/files/<int:file_id>/<name>")
@ANSWERERS
def file(number: int, file_id: int, name: str) -> Response:  # noqa: ARG001 - the name is for people
    """A file of the request."""
    with reading() as session:
        wanted = files.get(
            session, number, file_id,
            public_only=False, restricted=desk.sees_restricted(acting().role),
        )  # fmt: skip
    return files.send(wanted)


def _change(number: int, write: Change, done: str, *, once: str = "") -> Redirect:
    """Do it on the request as the person saw it; a form sent twice (`once`) is done once."""
    try:
        with writing() as session:
            if once and records.has_message(session, number, _form_key(once)):
                return _to(number)
            write(session, records.get_to_change(session, number, _seen()))
    except NotFoundError:
        raise
    except RefusedError as error:
        return _page(number, error)
    flash(done)
    return _to(number)


def _page(number: int, error: RefusedError | None = None, *, revealed: bool = False) -> Response:
    with reading() as session:
        case = desk.of(session, number, now())
        shown = {
            "agents": [
                ("", _("nobody yet")), *((one.login, one.name) for one in desk.agents(session))
            ],
            "organisations": [
                ("", _("not known")), *((one.id, one.name) for one in desk.organisations(session))
            ],
            "known_products": [
                ("", _("not sure")), *((one.code, one.code) for one in products.every(session))
            ],
            "templates": _templates(session, case.request),
        }  # fmt: skip
    page = render_template(
        "requests/desk.html",
        case=case,
        typed=request.form,
        form=(request.endpoint or "").rpartition(".")[2],
        error=error,
        form_key=opening.key_of(request.form) if error else opening.new_key(),
        me=acting().login,
        is_lead=desk.sees_restricted(acting().role),
        revealed=revealed,
        after=[(one, one.phrase.text(answer_language())) for one in _AFTER],
        symptoms=[(one, one.phrase.text(answer_language())) for one in Symptom],
        priorities=[(one, f"{one} — {one.phrase.text(answer_language())}") for one in Priority],
        codes=[(one, one.phrase.text(answer_language())) for one in RefusalCode],
        channels=Channel,
        missing_words=letters.MISSING,
        happened=history.said,
        moment_text=moment_text,
        **shown,
    )
    return Response(page, status_of(error) if error else 200, {"Cache-Control": "no-store"})


def _templates(session: Session, found: SupportRequest) -> Sequence[tuple[AnswerTemplate, str]]:
    """The ready answers in the language of the request, filled in."""
    values = {
        "name": found.contact_name, "number": str(found.id), "product": found.product,
    }  # fmt: skip
    return [
        (one, letters.filled_template(one.ru if found.language == "ru" else one.en, values))
        for one in desk.templates(session)
    ]


def _text() -> Text:
    chosen = accepted(request.files.getlist("files"))
    return Text(request.form.get("text", ""), files=chosen)


def _form_key(kind: str) -> str:
    return f"{kind}:{opening.key_of(request.form)}"


def _changes() -> dict[str, str]:
    form = request.form
    found = {name: form[name].strip()[:4000] for name in _DESCRIBED if name in form}
    for name, kind in (("symptom", Symptom), ("priority", Priority)):
        if found.get(name) not in set(kind):
            found.pop(name, None)
    if "organisation_id" in found:
        found["organisation_id"] = str(_row_id(found["organisation_id"]) or "")
    return found


def _row_id(typed: str) -> int:
    """The key of a row as a form names it; 0 for what is none."""
    return row_id(typed.strip().removeprefix("№"))


def _seen() -> int | None:
    """The revision that the person looked at; two people on one request notice each other."""
    typed = request.form.get("revision", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None


def _judge() -> Judge:
    return Judge.of(acting().login, acting().role)


def _to(number: int) -> Redirect:
    return redirect(url_for(".request_page", number=number))
