"""Staff page: the terms of the classes, what is past them, and people's requests that wait."""

from collections.abc import Mapping

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as Answer

from accounts.access import acting
from portal.personal_data import expiring, subjects
from portal.personal_data.views import OFFICERS, private, staff
from storage import clock
from storage.refusals import RefusedError
from storage.request import installation, reading, writing
from support.personal_data import terms
from support.personal_data.register import shipped
from support.subject_requests import keeping as subject_requests


@staff.get("/due")
@OFFICERS
def due_page() -> Answer:
    """What would go now and within 30 days; nothing changes by looking."""
    return _due_page()


@staff.post("/due/run")
@OFFICERS
def expire_now() -> Answer:
    """Take away now what is past its term, without waiting for the night."""
    now = clock.now()
    count = expiring.run(installation(), now, now)
    flash(ngettext("%(num)s thing was taken away.", "%(num)s things were taken away.", count))
    return redirect(url_for(".due_page"))


@staff.post("/due")
@OFFICERS
def set_terms() -> Answer:
    """Keep the classes whose days were changed for so many days: all of them, or none."""
    typed = _changed()
    wrong = _wrong(typed)
    if wrong:
        return _due_page(wrong)
    with writing() as session:
        for code, days in typed.items():
            terms.change(session, code, days, actor=acting().login, now=clock.now())
    if typed:
        said = ngettext("%(num)s term was changed.", "%(num)s terms were changed.", len(typed))
        flash(said, "good")
    else:
        flash(_("No term was changed."))
    return redirect(url_for(".due_page"))


def _changed() -> Mapping[str, str]:
    """The days of classes that were typed anew.

    What the page showed comes along: a term that somebody else has changed since stays theirs.
    """
    form = request.form
    typed = {one.code: form.get(f"days-{one.code}") for one in shipped().classes if one.days}
    return {
        code: days
        for code, days in typed.items()
        if days is not None and days.strip() != form.get(f"was-{code}")
    }


def _wrong(typed: Mapping[str, str]) -> Mapping[str, RefusedError]:
    found: dict[str, RefusedError] = {}
    for code, days in typed.items():
        try:
            terms.checked(code, days)
        except RefusedError as error:
            found[code] = error
    return found


def _due_page(wrong: Mapping[str, RefusedError] | None = None) -> Answer:
    at = clock.now()
    with reading() as session:
        page = render_template(
            "personal_data/due.html",
            due=expiring.look(session, at),
            asked=subject_requests.open_ones(session, at),
            told=subjects.told,
            typed=request.form,
            wrong=wrong or {},
        )
    return private(page, next(iter((wrong or {}).values()), None))
