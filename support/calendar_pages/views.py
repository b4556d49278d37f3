"""Staff pages: the working calendar as a picture, and a new year with what it would move."""

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, roles
from accounts.access import staff as staff_rule
from accounts.models import Role
from storage.clock import moscow_date, now
from storage.refusals import RefusedError
from storage.request import reading, status_of, writing
from support.calendars import importing, keeping, picture
from support.calendars.importing import Draft
from support.calendars.picture import DayKind
from support.civil_dates import moment_text
from support.requests import recounting

YEARS = range(2000, 2100)
#: A calendar moves deadlines of people's contracts.
KEEPERS = roles(Role.ADMIN)

staff = Blueprint("calendars", __name__, url_prefix="/staff/calendar", template_folder="templates")


@staff.get("/")
@staff_rule
def calendar_page() -> str:
    """One year: days off, moved days, whether its decree is out."""
    return _page()


@staff.post("/preview")
@KEEPERS
def preview() -> str | tuple[str, int]:
    """What a file would change: days, and deadlines that are open. Nothing is changed yet."""
    file = request.files.get("file")
    content = file.stream.read(importing.FILE_BYTES_MAX + 1) if file else b""
    try:
        with reading() as session:
            draft = importing.read(importing.current_text(session), content)
    except RefusedError as error:
        return _page(error=error), status_of(error)
    return _preview_page(draft)


@staff.post("/import")
@KEEPERS
def put_in_force() -> Response | tuple[str, int]:
    """Put the calendar that was looked at in force; open deadlines move, closed ones do not."""
    text, at = request.form.get("calendar", ""), now()
    try:
        with writing() as session:
            draft = importing.draft_of(importing.current_text(session), text)
            before = keeping.current(session).calendar
            moved = recounting.moved(session, before, draft.calendar, at)
            keeping.put_in_force(
                session, text, request.form.get("note", ""), [one.as_json() for one in moved],
                actor=acting().login, now=at,
            )  # fmt: skip
    except RefusedError as error:
        return _page(error=error), status_of(error)
    flash(_("The calendar is in force. Deadlines moved: %(count)s.", count=len(moved)))
    year = draft.years[-1] if draft.years else moscow_date(at).year
    return redirect(url_for(".calendar_page", year=year))


def _page(*, error: RefusedError | None = None) -> str:
    year = _year()
    with reading() as session:
        known = keeping.current(session)
        versions = keeping.versions(session)
    return render_template(
        "calendars/calendar.html",
        year=year,
        years=YEARS,
        months=picture.year(known.calendar, year),
        worked=known.calendar.working_days(year),
        is_provisional=known.calendar.is_provisional(date(year, 1, 1)),
        version=known.version,
        versions=versions,
        kinds=list(DayKind),
        today=moscow_date(now()),
        may_import=KEEPERS.allows(acting()),
        error=error,
    )


def _preview_page(draft: Draft) -> str:
    with reading() as session:
        before = keeping.current(session).calendar
        moved = recounting.moved(session, before, draft.calendar, now())
    return render_template(
        "calendars/preview.html",
        draft=draft,
        changed={year: picture.changed(before, draft.calendar, year) for year in draft.years},
        was_provisional={year for year in draft.years if year not in before.confirmed},
        moved=moved,
        moment_text=moment_text,
    )


def _year() -> int:
    typed = request.args.get("year", "")
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) == 4 else 0
    return number if number in YEARS else moscow_date(now()).year
