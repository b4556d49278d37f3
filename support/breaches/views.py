"""Staff pages: leaks of personal data, each with its two clocks and its card."""

import re
import secrets
from collections.abc import Mapping
from datetime import datetime

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from accounts.access import acting, roles
from accounts.models import Role
from storage.answer_language import answer_language
from storage.clock import MOSCOW, now
from storage.refusals import ConflictError, RefusedError
from storage.request import installation, reading, status_of, writing
from support.breaches import keeping
from support.breaches.card_pdf import card_pdf
from support.breaches.clock import Notice
from support.breaches.refused import FoundAtError, ToldAtError, UnknownBreachError
from support.civil_dates import moment_text

#: Who answers for personal data.
OFFICERS = roles(Role.ADMIN)
SHOWN = 100
_KEY = re.compile(r"[A-Za-z0-9_-]{20,64}", re.ASCII)

staff = Blueprint("breaches", __name__, url_prefix="/staff/breaches", template_folder="templates")


@staff.get("/")
@OFFICERS
def breaches_page() -> Response:
    """The leaks with their clocks, the open ones first."""
    with reading() as session:
        found = keeping.every(session, now(), SHOWN)
    return _private(render_template("breaches/list.html", found=found, moment_text=moment_text))


@staff.get("/new")
@OFFICERS
def new() -> Response:
    """The form for a leak: what is known now is enough."""
    return _form({"found_at": _local(now())})


@staff.post("/")
@OFFICERS
def register() -> Response | Redirect:
    """Write a leak down; its clocks count from the hour in which it was found."""
    form = request.form
    try:
        found_at = _moment(form.get("found_at", ""), FoundAtError)
        with writing() as session:
            made = keeping.register(
                session, installation(), form, found_at, _key_of(form),
                actor=acting().login, now=now(),
            ).id  # fmt: skip
    except RefusedError as error:
        return _form(form, error)
    flash(
        _("The incident No. %(number)s is registered. Both clocks run.", number=made), "attention"
    )
    return redirect(url_for(".breach_page", breach_id=made))


@staff.get("/<int:breach_id>")
@OFFICERS
def breach_page(breach_id: int) -> Response:
    """One leak: its clocks, its card, what the authority was told."""
    return _page(breach_id)


@staff.post("/<int:breach_id>")
@OFFICERS
def describe(breach_id: int) -> Response | Redirect:
    """Write what was learned since."""
    try:
        with writing() as session:
            actor = acting().login
            keeping.describe(session, breach_id, request.form, actor=actor, now=now())
    except UnknownBreachError:
        raise
    except RefusedError as error:
        return _page(breach_id, error, "describe")
    flash(_("Noted."))
    return redirect(url_for(".breach_page", breach_id=breach_id))


@staff.post("/<int:breach_id>/told")
@OFFICERS
def told(breach_id: int) -> Response | Redirect:
    """Record what the authority was told, and when."""
    form = request.form
    notice = next((one for one in Notice if one == form.get("notice")), Notice.FIRST)
    try:
        told_at = _moment(form.get("told_at", ""), ToldAtError)
        with writing() as session:
            keeping.told(
                session, breach_id, notice, form.get("text", ""), form.get("number", ""), told_at,
                actor=acting().login, now=now(),
            )  # fmt: skip
    except UnknownBreachError:
        raise
    except RefusedError as error:
        return _page(breach_id, error, "told")
    flash(_("Recorded: that clock stands."), "good")
    return redirect(url_for(".breach_page", breach_id=breach_id))


@staff.post("/<int:breach_id>/close")
@OFFICERS
def close(breach_id: int) -> Response | Redirect:
    """End it."""
    try:
        with writing() as session:
            keeping.close(session, breach_id, actor=acting().login, now=now())
    except UnknownBreachError:
        raise
    except RefusedError as error:
        return _page(breach_id, error, "close")
    flash(_("The incident is closed."))
    return redirect(url_for(".breach_page", breach_id=breach_id))


@staff.get("/<int:breach_id>.pdf")
@OFFICERS
def card(breach_id: int) -> Response:
    """The card on paper."""
    with reading() as session:
        found = keeping.watched(keeping.get(session, breach_id), now())
        paper = card_pdf(found, answer_language(), now())
    name = f'inline; filename="incident-{breach_id}.pdf"'
    headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
    return Response(paper, headers=headers, mimetype="application/pdf")


def _page(breach_id: int, error: RefusedError | None = None, form: str = "") -> Response:
    with reading() as session:
        found = keeping.watched(keeping.get(session, breach_id), now())
        first = next((one.notice for one in found.clocks if one.told_at is None), Notice.RESULT)
        page = render_template(
            "breaches/breach.html",
            found=found,
            notices=[(one.value, one.phrase.text(answer_language())) for one in Notice],
            first=first,
            told_now=_local(now()),
            typed=request.form,
            form=form,
            error=error,
            settled=isinstance(error, ConflictError),
            moment_text=moment_text,
        )
    return _private(page, error)


def _form(typed: Mapping[str, str], error: RefusedError | None = None) -> Response:
    page = render_template("breaches/new.html", typed=typed, error=error, form_key=_key_of(typed))
    return _private(page, error)


def _moment(typed: str, error: type[FoundAtError | ToldAtError]) -> datetime:
    """Date and time as the form's field gives them, read as Moscow's."""
    try:
        return datetime.fromisoformat(typed.strip()).replace(tzinfo=MOSCOW)
    except ValueError as reason:
        raise error from reason


def _local(instant: datetime) -> str:
    return f"{instant.astimezone(MOSCOW):%Y-%m-%dT%H:%M}"


def _key_of(form: Mapping[str, str]) -> str:
    typed = form.get("form_key", "")
    return typed if _KEY.fullmatch(typed) else secrets.token_urlsafe(24)


def _private(page: str, error: RefusedError | None = None) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(page, status_of(error) if error else 200, headers, mimetype="text/html")
