"""Staff pages: a table of phones is sent, looked at row by row, and only then taken in."""

from dataclasses import dataclass, replace

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from accounts.access import acting, roles
from accounts.models import Role
from jobs import queue
from jobs.models import Job, JobState
from provision.enrolment import importing, judging, kept, report, table, work
from provision.enrolment.importing import Done, Source
from provision.enrolment.kept import UnknownTableError
from provision.enrolment.table import DeviceTable
from provision.rendered import awaited
from storage.answer_language import answer_language
from storage.clock import now
from storage.refusals import RefusedError
from storage.request import installation, reading, status_of, writing
from storage.uploads import accepts_upload

#: More rows than these take longer than a person waits: they are a job.
AT_ONCE_MAX = 1_000
SHOWN_MAX = 200
NAME_MAX = 100
_FIELDS_BYTES = 64 * 1024

ENGINEERS = roles(Role.ENGINEER)

staff = Blueprint(
    "device_import", __name__, url_prefix="/staff/devices/import", template_folder="templates"
)


class NoFileError(RefusedError):
    code = "no-file"
    field = "file"
    ru = "Выберите файл CSV или XLSX."
    en = "Choose a CSV or XLSX file."


@dataclass(frozen=True)
class Sent:
    """A table that was sent and is not taken in yet."""

    sha256: str
    name: str
    read: DeviceTable

    @property
    def is_large(self) -> bool:
        return len(self.read.entries) > AT_ONCE_MAX

    @property
    def part(self) -> DeviceTable:
        """What is looked at while a person waits."""
        return replace(self.read, entries=self.read.entries[:AT_ONCE_MAX])


@staff.get("/")
@ENGINEERS
def import_page() -> str:
    """The form to send a table."""
    return _form(None)


@staff.post("/")
@ENGINEERS
@accepts_upload(table.BYTES_MAX + _FIELDS_BYTES)
def send() -> Redirect | tuple[str, int]:
    """Keep the table for a day and show what would become of it; nothing is taken in yet."""
    file = request.files.get("file")
    try:
        if file is None or not file.filename:
            raise NoFileError
        content = file.stream.read(table.BYTES_MAX + 1)
        table.read(content)
    except RefusedError as error:
        return _form(error), 422
    name = kept.keep(installation(), content)
    return redirect(url_for(".preview", sha256=name, name=file.filename[-NAME_MAX:]))


@staff.get("/<sha256>")
@ENGINEERS
def preview(sha256: str) -> str:
    """What would become of each row."""
    return _preview(_sent(sha256), None)


@staff.get("/<sha256>/rows.csv")
@ENGINEERS
def rows_csv(sha256: str) -> Response:
    """The verdict on every row, for a spreadsheet."""
    sent = _sent(sha256)
    with reading() as session:
        rows = importing.look(session, installation(), sent.read, now())
    answer = Response("".join(report.csv_lines(rows, answer_language())), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="import.csv"'
    return answer


@staff.post("/<sha256>")
@ENGINEERS
def confirm(sha256: str) -> Redirect | tuple[str, int]:
    """Take the phones in, all or none; a large table becomes a job."""
    sent, actor, at = _sent(sha256), acting().login, now()
    if sent.is_large:
        told = {"sha256": sent.sha256, "name": sent.name}
        with writing() as session:
            job = queue.submit(session, work.IMPORT, told, actor=actor, now=at, max_attempts=1)
            number = job.id
        return redirect(url_for(".progress", number=number))
    try:
        with writing() as session:
            source = Source(sent.name, sent.sha256)
            done = importing.take_in(
                session,
                installation(),
                sent.read,
                source,
                actor=actor,
                now=at,
                with_tokens=request.form.get("tokens") == "1",
            )
    except RefusedError as error:
        return _preview(sent, error), status_of(error)
    if done.issued:
        return _tokens(sent, done)
    flash(
        _("Phones added: %(added)s, skipped: %(skipped)s.", added=done.added, skipped=done.skipped)
    )
    return redirect(url_for("provision_staff.devices"))


@staff.get("/jobs/<int:number>")
@ENGINEERS
def progress(number: int) -> str:
    """How far a large table is."""
    with reading() as session:
        job = session.get(Job, number)
        if job is None or job.kind != work.IMPORT:
            raise UnknownTableError
        is_over = job.state in {JobState.DONE, JobState.FAILED}
        return render_template("enrolment/progress.html", job=job, is_over=is_over)


@staff.get("/prepared")
@ENGINEERS
def prepared() -> str:
    """For how many phones that never came a first configuration is ready."""
    with reading() as session:
        first = awaited.first(session, installation(), now())
    return render_template("enrolment/prepared.html", first=first)


def _tokens(sent: Sent, done: Done) -> Response:
    """The new phones' tokens, to be copied or printed: no other answer ever shows them."""
    with reading() as session:
        first = awaited.first(session, installation(), now())
    page = render_template(
        "enrolment/tokens.html",
        sent=sent,
        first=first,
        done=done,
        address=f"{installation().phone_url}/p/",
        lines="".join(report.token_lines(done.issued, installation().phone_url)),
    )
    answer = make_response(page)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _form(error: RefusedError | None) -> str:
    return render_template("enrolment/import.html", rows_max=table.ROWS_MAX, error=error)


def _preview(sent: Sent, error: RefusedError | None) -> str:
    with reading() as session:
        rows = importing.look(session, installation(), sent.part, now())
    unfit = judging.refused(rows)
    return render_template(
        "enrolment/preview.html",
        sent=sent,
        counts=judging.counts(rows),
        unfit=len(unfit),
        shown=list(report.as_rows(unfit[:SHOWN_MAX], answer_language())),
        total=len(sent.read.entries),
        looked=len(rows),
        error=error,
    )


def _sent(sha256: str) -> Sent:
    content = kept.opened(installation(), sha256)
    return Sent(sha256, request.args.get("name", "")[:NAME_MAX], table.read(content))
