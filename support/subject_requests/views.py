"""Staff pages: what people ask of their own data, each with its clock.

What names a person travels in forms, never in an address: addresses are logged.
"""

import re
import secrets
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import TypeVar

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from accounts.access import acting, roles
from accounts.models import Role
from storage.answer_language import answer_language
from storage.clock import moscow_date, now
from storage.refusals import ConflictError, RefusedError
from storage.request import installation, reading, status_of, writing
from support.row_ids import row_id
from support.subject_requests import keeping
from support.subject_requests.clock import EXTRA_DAYS
from support.subject_requests.keeping import NewSubjectRequest, Watched
from support.subject_requests.refused import (
    CameAtError,
    OutcomeError,
    SubjectKindError,
    UnknownSubjectRequestError,
)
from support.subject_requests.vocabulary import Channel, Kind, Outcome

#: Whoever answers requests takes these in too; the data are the officer's (see portal).
ANSWERERS = roles(Role.AGENT, Role.ENGINEER)
SHOWN = 50
Word = TypeVar("Word", bound=StrEnum)
_KEY = re.compile(r"[A-Za-z0-9_-]{20,64}", re.ASCII)

staff = Blueprint(
    "subject_requests", __name__, url_prefix="/staff/subject-requests", template_folder="templates"
)


@staff.get("/")
@ANSWERERS
def requests_page() -> Response:
    """What waits for an answer, the most urgent first; and what was answered."""
    at = now()
    with reading() as session:
        page = render_template(
            "subject_requests/list.html",
            waiting=keeping.open_ones(session, at),
            answered=keeping.answered(session, at, SHOWN),
        )
    return _private(page)


@staff.get("/new")
@ANSWERERS
def new() -> Response:
    """The form, empty."""
    return _form({"came_on": f"{moscow_date(now())}", "channel": Channel.MAIL.value})


@staff.post("/fill")
@ANSWERERS
def fill() -> Response:
    """The form, filled in with who wrote a support request; nothing is kept yet."""
    return _form(request.form)


@staff.post("/")
@ANSWERERS
def register() -> Response | Redirect:
    """Write a request down: its clock runs from the day on which it came."""
    try:
        with writing() as session:
            made = keeping.register(
                session, installation(), _typed(request.form), actor=acting().login, now=now()
            ).id
    except RefusedError as error:
        return _form(request.form, error)
    flash(_("The request No. %(number)s is registered: its clock runs.", number=made))
    return redirect(url_for(".request_page", number=made))


@staff.get("/<int:number>")
@ANSWERERS
def request_page(number: int) -> Response:
    """One request with its clock."""
    return _page(number)


@staff.post("/<int:number>/extend")
@ANSWERERS
def extend(number: int) -> Response | Redirect:
    """Take 5 working days more."""
    try:
        with writing() as session:
            reason, actor = request.form.get("text", ""), acting().login
            keeping.extend(session, installation(), number, reason, actor=actor, now=now())
    except UnknownSubjectRequestError:
        raise
    except RefusedError as error:
        return _page(number, error, "extend")
    flash(_("The term is prolonged by 5 working days; the person is told why."))
    return redirect(url_for(".request_page", number=number))


@staff.post("/<int:number>/answer")
@ANSWERERS
def answer(number: int) -> Response | Redirect:
    """Answer, which stops the clock."""
    try:
        outcome = _word(Outcome, request.form.get("outcome", ""))
        if outcome is None:
            raise OutcomeError
        with writing() as session:
            keeping.answer(
                session, installation(), number, outcome, request.form.get("text", ""),
                actor=acting().login, now=now(),
            )  # fmt: skip
    except UnknownSubjectRequestError:
        raise
    except RefusedError as error:
        return _page(number, error, "answer")
    flash(_("The answer is recorded: the clock stands."), "good")
    return redirect(url_for(".request_page", number=number))


def _page(number: int, error: RefusedError | None = None, form: str = "") -> Response:
    with reading() as session:
        found = keeping.watched(session, keeping.get(session, number), now())
        page = render_template(
            "subject_requests/request.html",
            found=found,
            extra=EXTRA_DAYS,
            may_extend=_may_extend(found),
            may_look=acting().role is Role.ADMIN,
            outcomes=_options(Outcome, chosen=False),
            typed=request.form,
            form=form,
            error=error,
            settled=isinstance(error, ConflictError),
        )
    return _private(page, error)


def _may_extend(found: Watched) -> bool:
    asked = found.asked
    is_fixed = asked.extended_at is not None or asked.kind_now is Kind.CORRECTION
    return not is_fixed and not found.clock.is_late


def _form(typed: Mapping[str, str], error: RefusedError | None = None) -> Response:
    page = render_template(
        "subject_requests/new.html",
        typed=typed,
        error=error,
        form_key=_key_of(typed),
        kinds=_options(Kind, chosen=False),
        channels=_options(Channel),
    )
    return _private(page, error)


def _typed(form: Mapping[str, str]) -> NewSubjectRequest:
    kind, channel = _word(Kind, form.get("kind", "")), _word(Channel, form.get("channel", ""))
    if kind is None or channel is None:
        raise SubjectKindError
    try:
        came_on = date.fromisoformat(form.get("came_on", "").strip())
    except ValueError as error:
        raise CameAtError from error
    return NewSubjectRequest(
        kind=kind,
        channel=channel,
        came_on=came_on,
        name=form.get("name", ""),
        email=form.get("email", "").strip(),
        phone=form.get("phone", ""),
        words=form.get("text", ""),
        form_key=_key_of(form),
        language="en" if form.get("language") == "en" else "ru",
        request_id=row_id(form.get("request_id", "")) or None,
    )


def _key_of(form: Mapping[str, str]) -> str:
    typed = form.get("form_key", "")
    return typed if _KEY.fullmatch(typed) else secrets.token_urlsafe(24)


def _word(kind: type[Word], typed: str) -> Word | None:
    return next((one for one in kind if one == typed), None)


def _options(
    kind: type[Kind] | type[Channel] | type[Outcome], *, chosen: bool = True
) -> list[tuple[str, str]]:
    known = [(one.value, one.phrase.text(answer_language())) for one in kind]
    return known if chosen else [("", _("choose")), *known]


def _private(page: str, error: RefusedError | None = None) -> Response:
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response(page, status_of(error) if error else 200, headers, mimetype="text/html")
