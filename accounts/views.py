"""Pages: login and logout, users, the audit trail."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask import session as cookie
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from accounts import audit, audit_words, sessions, users
from accounts.access import STAFF_ROLES, acting, anyone, current_actor, roles, signed_in
from accounts.identification import SESSION_KEY, actor_of
from accounts.models import AuditEntry, Organisation, Role, User
from storage.answer_language import answer_language
from storage.clock import now
from storage.refusals import RefusedError
from storage.request import reading, writing

AUDIT_PAGE = 50

blueprint = Blueprint("accounts", __name__, template_folder="templates")


@blueprint.get("/login")
@anyone
def login() -> str | Response:
    """The login form; a person already logged in goes on."""
    if current_actor() is not None:
        return redirect(_next_address(is_staff=acting().is_staff))
    return render_template("accounts/login.html", login="", error=None)


@blueprint.post("/login")
@anyone
def begin_session() -> str | Response | tuple[str, int]:
    """Check the password; a right one starts a session under a new name."""
    try:
        is_staff = enter()
    except RefusedError as error:
        return render_template("accounts/login.html", login=typed_login(), error=error), refused(
            error
        )
    return redirect(_next_address(is_staff=is_staff))


def enter() -> bool:
    """Start the session of the login and password sent; whether its person is staff.

    Raises WrongPasswordError, after it was counted, or TooManyFailuresError.
    """
    source = request.remote_addr or "unknown"
    try:
        with reading() as session:
            user = sessions.verified_user(
                session, typed_login(), request.form.get("password", ""), source=source, now=now()
            )
    except sessions.WrongPasswordError:
        with writing() as session:
            sessions.record_failure(session, source, typed_login(), now())
        raise
    with writing() as session:
        name = sessions.begin(session, user, source=source, now=now())
    # A session rotates at login: nothing of the anonymous cookie survives.
    cookie.clear()
    cookie[SESSION_KEY] = name
    # A page that answers the login itself is that person's already.
    g.actor = actor_of(user)
    return user.role in STAFF_ROLES


def typed_login() -> str:
    """The name that the form gives."""
    return request.form.get("login", "").strip()[:200]


def refused(error: RefusedError) -> int:
    """The status of a login that was refused."""
    return 429 if isinstance(error, sessions.TooManyFailuresError) else 422


@blueprint.post("/logout")
@signed_in
def logout() -> Response:
    """End the session on the server, then forget it in the browser."""
    with writing() as session:
        sessions.end(session, str(cookie.get(SESSION_KEY, "")))
    cookie.clear()
    return redirect(request.script_root + "/")


@blueprint.get("/staff/users")
@roles(Role.ADMIN)
def list_users() -> str:
    """Everybody who may log in."""
    return _users_page({}, None)


@blueprint.post("/staff/users")
@roles(Role.ADMIN)
def add_user() -> Response | tuple[str, int]:
    """Make a user from the form; what was typed stays when it is refused."""
    form = request.form
    try:
        new = users.NewUser(
            login=form.get("login", "").strip(),
            name=form.get("name", "").strip(),
            role=users.role_named(form.get("role", "")),
            password=form.get("password", ""),
            organisation=form.get("organisation", "").strip() or None,
        )
        with writing() as session:
            users.add(session, new, actor=acting().login, now=now())
    except RefusedError as error:
        return _users_page(form, error), 422
    flash(_("User %(login)s was added.", login=new.login))
    return redirect(url_for(".list_users"))


@blueprint.post("/staff/users/<login>/disable")
@roles(Role.ADMIN)
def disable_user(login: str) -> Response:
    """Shut a user out."""
    with writing() as session:
        users.disable(session, login, actor=acting().login, now=now())
    flash(_("User %(login)s can no longer log in.", login=login))
    return redirect(url_for(".list_users"))


@blueprint.get("/staff/audit")
@roles(Role.ADMIN)
def list_audit() -> str:
    """Who did what to what, newest first."""
    before = request.args.get("before", type=int)
    if before is not None and not 0 < before < 2**31:
        before = None
    with reading() as session:
        entries = audit.latest(session, AUDIT_PAGE + 1, before)
    more = entries[AUDIT_PAGE - 1].id if len(entries) > AUDIT_PAGE else None
    return render_template(
        "accounts/audit.html",
        entries=entries[:AUDIT_PAGE],
        more=more,
        said=audit_words.said,
        told=_told,
    )


def _told(entry: AuditEntry) -> str:
    """An entry's details in the reader's language."""
    return audit_words.details_said(entry.action, entry.details).text(answer_language())


def _users_page(typed: Mapping[str, str], error: RefusedError | None) -> str:
    with reading() as session:
        query = select(User, Organisation.name).outerjoin(
            Organisation, Organisation.id == User.organisation_id
        )
        rows = session.execute(query.order_by(User.login)).all()
    return render_template("accounts/users.html", rows=rows, typed=typed, error=error)


def _next_address(*, is_staff: bool) -> str:
    """Where to go after login: a path of ours, never another host's page."""
    wanted = request.args.get("next", "")
    if is_ours(wanted):
        return wanted
    return request.script_root + ("/staff/" if is_staff else "/my/")


def is_ours(address: str) -> bool:
    """Whether this is the path of a page of ours and nothing else."""
    if not address.startswith("/") or address.startswith(("//", "/\\")):
        return False
    try:
        # It leaves out what browsers leave out, so that another host may show only here.
        parts = urlsplit(address)
    except ValueError:
        return False
    return not parts.netloc and not parts.scheme
