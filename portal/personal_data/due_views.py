"""Staff page: the terms of the classes, and what is past them."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as Answer

from accounts.access import acting
from portal.personal_data import expiring, subjects
from portal.personal_data.views import OFFICERS, private, staff
from storage import clock
from storage.refusals import NotFoundError, RefusedError
from storage.request import installation, reading, writing
from support.personal_data import terms


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


@staff.post("/terms/<code>")
@OFFICERS
def set_term(code: str) -> Answer:
    """Keep a class for another number of days."""
    try:
        with writing() as session:
            typed = request.form.get("days", "")
            terms.change(session, code, typed, actor=acting().login, now=clock.now())
    except NotFoundError:
        raise
    except RefusedError as error:
        return _due_page(error)
    flash(_("The term was changed."))
    return redirect(url_for(".due_page"))


def _due_page(error: RefusedError | None = None) -> Answer:
    with reading() as session:
        page = render_template(
            "personal_data/due.html",
            due=expiring.look(session, clock.now()),
            told=subjects.told,
            typed=request.form,
            wrong=(request.view_args or {}).get("code", ""),
            error=error,
        )
    return private(page, error)
