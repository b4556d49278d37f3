"""Staff pages: which profiles there are, one as a form with its history, and undoing a change."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from accounts.access import acting, roles
from accounts.access import staff as staff_rule
from accounts.models import Role
from provision import profile_history, profiles
from provision.devices import registry
from provision.dialects import schema_of
from provision.models import Level
from provision.profile_history import Change
from provision.profile_pages import editing, places, words
from provision.profile_pages.editing import Faults, Section
from provision.profiles import Link
from provision.rendered import work as ahead
from storage.answer_language import answer_language
from storage.clock import now
from storage.refusals import ConflictError, NotFoundError
from storage.request import installation, reading, writing

LISTED = 500
CHANGES_SHOWN = 20
#: So many may others store while one person fills in a form.
CHANGES_LOOKED_THROUGH = 500
#: Longer than any number of a change: Python refuses to read thousands of digits.
LAST_NUMBER_DIGITS = 19

#: What phones are told is the engineers' to answer for.
EDITORS = roles(Role.ENGINEER)

staff = Blueprint(
    "profile_pages", __name__, url_prefix="/staff/profiles", template_folder="templates"
)


@staff.get("/")
@staff_rule
def profiles_page() -> str | Redirect:
    """Which profiles there are, and the way to any other."""
    level, key = request.args.get("level", ""), request.args.get("key", "").strip()
    with reading() as session:
        if level and key:
            return _go(session, level, key)
        kept = places.kept(session, LISTED)
        choices = places.choices(session)
    return render_template(
        "profile_pages/profiles.html",
        kept=kept,
        choices=choices,
        levels=words.levels(),
        everywhere=places.EVERYWHERE,
    )


@staff.get("/<level>/<path:key>")
@staff_rule
def profile(level: str, key: str) -> str:
    """One profile: a form by the schema, what holds without it, and its history."""
    return _page(level, key, {}, Faults())


@staff.post("/<level>/<path:key>")
@EDITORS
def save(level: str, key: str) -> Redirect | tuple[str, int]:
    """Store what was changed; all of it, or nothing, and then what was typed stays."""
    form, schema = request.form, schema_of(installation())
    with reading() as session:
        link, shown = _shown(session, level, key)
    faults = editing.check(form, shown, schema)
    if faults.by_name:
        return _page(level, key, form, faults), 422
    actor, at, seal = acting().login, now(), installation().seal
    with writing() as session:
        editing.lock(session)
        count = None
        if form.get("seen", "0") == str(_newest(session, link)):
            count = editing.apply(session, seal, link, form, shown, schema, actor=actor, now=at)
        if count:
            ahead.ask(session, actor=actor, now=at)
    if count is None:
        message = _("Somebody changed this profile meanwhile. Look at it and save again.")
        flash(message, "attention")
        return _page(level, key, form, Faults()), 409
    flash(words.changed(count))
    return _to(link)


@staff.post("/undo/<int:number>")
@EDITORS
def undo(number: int) -> Redirect:
    """Take back one change, unless the setting was changed again since."""
    try:
        with writing() as session:
            link = profiles.undo(session, number, actor=acting().login, now=now())
            ahead.ask(session, actor=acting().login, now=now())
    except ConflictError as error:
        with reading() as session:
            change = profile_history.get(session, number)
            link = profiles.labelled(session, change.level, change.key)
        flash(error.text(answer_language()), "attention")
        return _to(link)
    flash(_("The change was undone."))
    return _to(link)


def _page(level: str, key: str, form: Mapping[str, str], faults: Faults) -> str:
    with reading() as session:
        link, shown = _shown(session, level, key)
        changes = profile_history.of_links(session, [link], CHANGES_SHOWN)
        seen = _newest(session, link)
        form = editing.brought_up(form, _since(session, link, form.get("seen", "")))
        far = ahead.far(session)
    return render_template(
        "profile_pages/profile.html",
        link=link,
        key=link.key or places.EVERYWHERE,
        sections=editing.typed(form, shown) if form else shown,
        form=form,
        faults=faults.by_name,
        changes=changes,
        seen=seen,
        far=far,
        levels=words.levels(),
        section_names=words.sections(),
        may_edit=EDITORS.allows(acting()),
    )


def _shown(session: Session, level: str, key: str) -> tuple[Link, list[Section]]:
    link = places.find(session, level, key)
    above = places.above(session, link)
    return link, list(editing.sections(session, schema_of(installation()), link, above))


def _newest(session: Session, link: Link) -> int:
    """The number of the profile's last change: what a form was made from."""
    found = profile_history.of_links(session, [link], 1)
    return found[0].id if found else 0


def _since(session: Session, link: Link, seen: str) -> list[Change]:
    """What others changed since the form was made that was sent."""
    if not (seen.isascii() and seen.isdigit() and len(seen) < LAST_NUMBER_DIGITS):
        return []
    newest = profile_history.of_links(session, [link], CHANGES_LOOKED_THROUGH)
    return [one for one in newest if one.id > int(seen)]


def _go(session: Session, level: str, key: str) -> Redirect:
    """To the profile that the form names; a device may be named as people name one."""
    try:
        if level == Level.DEVICE:
            key = registry.find(session, key).mac
        return _to(places.find(session, level, key))
    except NotFoundError as error:
        flash(error.text(answer_language()), "attention")
        return redirect(url_for(".profiles_page"))


def _to(link: Link) -> Redirect:
    key = link.key or places.EVERYWHERE
    return redirect(url_for(".profile", level=link.level, key=key))
