"""Staff pages: the ready answers, and one of them to be written or changed."""

from collections.abc import Mapping
from datetime import datetime

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from accounts.access import acting
from storage.clock import now
from storage.refusals import NotFoundError, RefusedError
from storage.request import reading, status_of, writing
from support.requests import ready_answers
from support.requests.queue_views import ANSWERERS
from support.requests.ready_answers import PLACES, NewAnswer

#: Fields are read to a little past their limit: longer is told, not cut.
_READ = 6000

staff = Blueprint(
    "ready_answers", __name__, url_prefix="/staff/ready-answers", template_folder="templates"
)


@staff.get("/")
@ANSWERERS
def answers_page() -> str:
    """All ready answers, as they stand in both languages."""
    with reading() as session:
        found = ready_answers.every(session)
    return render_template("requests/answers.html", answers=found)


@staff.get("/new")
@ANSWERERS
def new_answer() -> Answer:
    """An empty form."""
    return _form({})


@staff.post("/new")
@ANSWERERS
def add_answer() -> Answer:
    """Keep a new one."""
    try:
        with writing() as session:
            ready_answers.add(session, _typed(), actor=acting().login, now=now())
    except RefusedError as error:
        return _form(request.form, error=error)
    flash(_("The ready answer is kept. Agents see it beside every request."))
    return redirect(url_for(".answers_page"))


@staff.get("/<int:answer_id>")
@ANSWERERS
def answer_page(answer_id: int) -> Answer:
    """One answer with its history."""
    return _form(None, answer_id)


@staff.post("/<int:answer_id>")
@ANSWERERS
def change_answer(answer_id: int) -> Answer:
    """Change it, unless somebody else has meanwhile."""
    try:
        with writing() as session:
            seen = request.form.get("seen", "")[:64]
            ready_answers.change(
                session, answer_id, _typed(), seen, actor=acting().login, now=now()
            )
    except NotFoundError:
        raise
    except RefusedError as error:
        return _form(request.form, answer_id, error)
    flash(_("The ready answer was changed."))
    return redirect(url_for(".answers_page"))


@staff.post("/<int:answer_id>/remove")
@ANSWERERS
def remove_answer(answer_id: int) -> Answer:
    """Take it out of the list."""
    with writing() as session:
        ready_answers.remove(session, answer_id, actor=acting().login, now=now())
    flash(_("The ready answer was removed; the audit trail keeps what it said."))
    return redirect(url_for(".answers_page"))


def _typed() -> NewAnswer:
    form = request.form
    return NewAnswer(*(form.get(name, "")[:_READ] for name in ("name", "ru", "en")))


def _form(
    typed: Mapping[str, str] | None, answer_id: int = 0, error: RefusedError | None = None
) -> Answer:
    with reading() as session:
        row = ready_answers.get(session, answer_id) if answer_id else None
        history = ready_answers.history(session, row) if row else []
    shown = typed
    if shown is None and row is not None:
        shown = {"name": row.name, "ru": row.ru, "en": row.en, "seen": _seen(row.changed_at)}
    page = render_template(
        "requests/answer.html",
        answer=row,
        typed=shown or {},
        places=[f"{{{name}}}" for name in PLACES],
        history=history,
        error=error,
    )
    return Response(page, status_of(error) if error else 200, mimetype="text/html")


def _seen(changed_at: datetime) -> str:
    return changed_at.isoformat()
