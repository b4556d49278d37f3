"""Staff page: keys and signed metadata; what expires when, who still has to sign."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from accounts.access import acting, roles
from accounts.access import staff as staff_rule
from accounts.models import Role
from catalogue import expiry, keys
from catalogue.expiry import FileAge
from catalogue.mirrors import followed_keys
from catalogue.receivers import ListingReceivers
from catalogue.signing import ceremony
from catalogue.signing.signing_request import SigningRequest
from catalogue.tuf import role_keys
from catalogue.tuf.layout import SHELVES
from storage.clock import now
from storage.refusals import RefusedError
from storage.request import installation, reading, writing
from storage.uploads import accepts_upload

HOLDERS = roles(Role.KEY_HOLDER)
#: Twenty lists of a thousand targets, each with the one before it.
MAX_REQUEST_BYTES = 16 * 1024**2

staff = Blueprint("catalogue_keys", __name__, url_prefix="/staff/keys", template_folder="templates")


class RequestFileMissingError(RefusedError):
    code = "signing-request-missing"
    field = "file"
    ru = "Выберите подписанный файл."
    en = "Choose the signed file."


@dataclass(frozen=True)
class FileRow:
    """A line of the table of files; the lists of documents share one."""

    name: str
    age: FileAge


@staff.get("/")
@staff_rule
def keys_page() -> str:
    """Which keys there are, which files they sign, and what waits."""
    return _page(None)


@staff.get("/request.json")
@HOLDERS
def signing_request() -> Response:
    """The file that people sign on their own machines."""
    with reading() as session:
        body = ceremony.request(session, now()).to_json()
    response = Response(body, mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="signing-request.json"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


@staff.post("/")
@HOLDERS
@accepts_upload(MAX_REQUEST_BYTES)
def receive_signatures() -> AnyResponse | tuple[str, int]:
    """Take a signed file back; what is complete by it is published at once."""
    try:
        received = _receive()
    except RefusedError as error:
        return _page(error), 422
    for subject in received.stale:
        flash(_("%(file)s was drafted anew meanwhile: take the request again.", file=subject))
    if received.taken:
        flash(_("Signatures taken: %(count)s.", count=len(received.taken)), "good")
    if received.listed:
        flash(_("Files published: %(count)s.", count=len(received.listed)), "good")
    return redirect(url_for(".keys_page"))


def _receive() -> ceremony.Received:
    uploaded = request.files.get("file")
    if uploaded is None or not uploaded.filename:
        raise RequestFileMissingError
    signed = SigningRequest.parse(uploaded.stream.read())
    ring, instant = keys.of(installation()), now()
    with writing() as session:
        received = ceremony.receive(session, ring, signed, actor=acting().login, now=instant)
        receivers = installation().option(ListingReceivers)
        receivers.tell(session, received.listed, ring, instant)
    return received


def _page(error: RefusedError | None) -> str:
    ring, instant = keys.of(installation()), now()
    with reading() as session:
        ages = expiry.ages(session, instant)
        return render_template(
            "signing/keys.html",
            followed=followed_keys.read(session),
            mode=ceremony.mode(session, ring),
            awaited=ceremony.awaited(session, ring),
            files=_rows(ages),
            alarming=_rows([age for age in ages if age.is_alarming]),
            keys=[(row, ring.roles.has(row.name)) for row in role_keys.every(session)],
            statement_key=ring.firmware_public.id_text,
            may_sign=HOLDERS.allows(acting()),
            error=error,
        )


def _rows(ages: Sequence[FileAge]) -> Sequence[FileRow]:
    """The files, of the many lists of documents only the one that expires first."""
    shelves = [age for age in ages if age.place.role in SHELVES]
    rows = [FileRow(str(age.place), age) for age in ages if age.place.role not in SHELVES]
    if shelves:
        rows.append(FileRow(f"{SHELVES[0]} … {SHELVES[-1]}", shelves[0]))
    return sorted(rows, key=lambda row: row.age.expires_at)
