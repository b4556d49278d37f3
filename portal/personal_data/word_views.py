"""Staff pages: words about a person in other people's texts, looked at one by one."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as Answer

from accounts import audit
from accounts.access import acting
from portal.personal_data import (
    erasure_log,
    exporting,
    finding,
    loose_words,
    redacting,
    subjects,
)
from portal.personal_data.views import OFFICERS, person_of_form, private
from storage import clock
from storage.answer_language import answer_language
from storage.blob_keeping import collecting
from storage.refusals import RefusedError
from storage.request import installation, reading, writing

TYPED_MAX = 500

staff = Blueprint(
    "personal_words", __name__, url_prefix="/staff/personal-data/words",
    template_folder="templates",
)  # fmt: skip


@staff.post("")
@OFFICERS
def words_page() -> Answer:
    """Where the person is named in texts of others; who has looked is recorded."""
    who = person_of_form()
    with writing() as session:
        mark, actor = finding.marks(installation(), who)[0], acting().login
        audit.record(session, actor, "personal-data.look-words", f"person:{mark}", clock.now())
    return _page()


@staff.post("/redact")
@OFFICERS
def redact() -> Answer:
    """Take out what was ticked, with an act."""
    who, found = person_of_form(), installation()
    chosen = redacting.choices(request.form.getlist("word"))
    try:
        with reading() as session:
            traces = loose_words.known_by(session, who, _typed())
        with writing() as session:
            actor, now = acting().login, clock.now()
            done = redacting.redact(
                session, found, who, traces, chosen,
                with_letters=bool(request.form.get("letters")), actor=actor, now=now,
            )  # fmt: skip
    except RefusedError as error:
        return _page(error)
    collecting.discard(found.database, found.blobs, done.files, now)
    found.database.empty_journal()
    erasure_log.write(found)
    flash(
        " ".join(
            (
                ngettext(
                    "%(num)s word was taken out.", "%(num)s words were taken out.", done.words
                ),
                *_letters_told(len(done.files)),
                _("Print and sign the act %(number)s.", number=done.act.id),
            )
        ),
        "good",
    )
    return _page()


@staff.post("/export")
@OFFICERS
def export() -> Answer:
    """Pack what is held of the person, with the places that were ticked."""
    who, ticked = person_of_form(), set(request.form.getlist("word"))
    with reading() as session:
        traces = loose_words.known_by(session, who, _typed())
        chosen = [one for one in loose_words.candidates(session, who, traces) if one.name in ticked]
    try:
        made = exporting.make(
            installation(), who, answer_language(), actor=acting().login, now=clock.now(),
            elsewhere=[(one.subject, one.trace) for one in chosen],
        )  # fmt: skip
    except RefusedError as error:
        return _page(error)
    flash(_("The export %(number)s is ready: it can be fetched until its day.", number=made.id))
    return redirect(url_for("personal_data.register_page"))


def _letters_told(count: int) -> tuple[str, ...]:
    if not count:
        return ()
    return (ngettext("%(num)s letter was destroyed.", "%(num)s letters were destroyed.", count),)


def _typed() -> str:
    return request.form.get("more", "")[:TYPED_MAX]


def _page(error: RefusedError | None = None) -> Answer:
    who = person_of_form()
    with reading() as session:
        traces = loose_words.known_by(session, who, _typed())
        page = render_template(
            "personal_data/words.html",
            who=who,
            found=loose_words.candidates(session, who, traces),
            most=loose_words.SHOWN,
            more=_typed(),
            letters=error is None or bool(request.form.get("letters")),
            told=subjects.told,
            page_of=subjects.page_of,
            error=error,
        )
    return private(page, error)
