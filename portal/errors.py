"""The one table that turns domain errors into HTTP, and the three forms an error takes.

People get a page in their language, programs problem+json with a stable code (RFC 9457), phones
a short plain line.
"""

import errno
import json
from collections.abc import Callable

import structlog
from flask import Flask, Response, g, render_template, request
from flask_babel import gettext as _
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError

from portal import languages
from storage.answer_language import answer_language
from storage.blobs import StorageFullError
from storage.db import DatabaseFullError, is_full
from storage.refusals import ConflictError, NotFoundError, RefusedError, UnavailableError
from storage.request import tell_status

RETRY_AFTER_S = "5"
_RETRIED = (503, 507)
_FULL = (errno.ENOSPC, errno.EDQUOT)
_NO_FILES = (errno.EMFILE, errno.ENFILE)
#: The first class that fits decides.
STATUS = (
    (StorageFullError, 507),
    (DatabaseFullError, 507),
    (NotFoundError, 404),
    (ConflictError, 409),
    (UnavailableError, 503),
    (RefusedError, 422),
)
Answer = Callable[[int, str, str], Response]

_log = structlog.get_logger(__name__)


def status_of(error: RefusedError) -> int:
    """The HTTP status of a refusal."""
    return next(status for kind, status in STATUS if isinstance(error, kind))


def init_pages(app: Flask) -> None:
    """Errors as pages, and as problem+json under /api/."""
    _register(app, _page_or_problem)


def as_usual(error: HTTPException) -> Response:
    """The page or the problem+json of an error that HTTP has a number for."""
    status = error.code or 500
    return _page_or_problem(status, error.name.lower().replace(" ", "-"), _words(status))


def init_phones(app: Flask) -> None:
    """Errors as short plain text: a phone's screen has no use for more."""
    _register(app, _plain)


def _register(app: Flask, answer: Answer) -> None:
    _register_faults_below(app, answer)
    tell_status(app, status_of)

    @app.after_request
    def _retry_after(response: Response) -> Response:
        # A form that is shown again says when to try, as any other refusal does.
        if response.status_code in _RETRIED:
            response.headers.setdefault("Retry-After", RETRY_AFTER_S)
        return response

    @app.errorhandler(RefusedError)
    def _refused(error: RefusedError) -> Response:
        return answer(status_of(error), error.code, error.text(answer_language()))

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        if isinstance(error.response, Response):
            return error.response
        status = error.code or 500
        response = answer(status, error.name.lower().replace(" ", "-"), _words(status))
        if status == 405:
            response.headers.extend(error.get_headers())
            response.headers["Content-Type"] = response.content_type
        return response

    @app.errorhandler(InternalServerError)
    def _unexpected(_error: InternalServerError) -> Response:
        return answer(500, "internal-error", _words(500))


def _register_faults_below(app: Flask, answer: Answer) -> None:
    """What the database and the disk raise, where no check of ours came first."""

    @app.errorhandler(OperationalError)
    def _database_away(error: OperationalError) -> Response:
        _log.error("database-failed", error=type(error.orig).__name__)
        if is_full(error):
            return answer(507, DatabaseFullError.code, _words(507))
        return answer(503, "database-unavailable", _words(503))

    @app.errorhandler(DataError)
    @app.errorhandler(OverflowError)  # SQLite's driver raises its own for a number.
    def _unstorable(_error: DataError | OverflowError) -> Response:
        # A number or text past what the database can hold, which no check of ours caught.
        return answer(422, "unstorable", _words(422))

    @app.errorhandler(IntegrityError)
    def _raced(_error: IntegrityError) -> Response:
        # Two people made the same thing at once, and the database let one of them in.
        return answer(409, "conflict", _words(409))

    @app.errorhandler(OSError)
    def _no_room(error: OSError) -> Response:
        if error.errno in _NO_FILES:
            return answer(503, "no-descriptors", _words(503))
        if error.errno not in _FULL:
            raise error
        return answer(507, "storage-full", _words(507))


def _page_or_problem(status: int, code: str, detail: str) -> Response:
    if request.path.startswith("/api/"):
        body = {"type": f"urn:flatpro:{code}", "title": detail, "status": status, "code": code}
        if _names_request(status):
            body["request_id"] = g.request_id
        response = Response(
            json.dumps(body, ensure_ascii=False), status, mimetype="application/problem+json"
        )
    elif status == 405 and request.method in {"GET", "HEAD"}:
        # Somebody opens by a link or a bookmark what a form answered: there it begins.
        response = Response("", 302, {"Location": request.script_root + languages.readable_path()})
    else:
        try:
            response = Response(
                render_template(
                    "error.html", status=status, detail=detail, reference=_reference(status, code)
                ),
                status,
            )
        except OSError:
            # Without a free descriptor no page is read from the disk that was not read before.
            return _plain(status, code, detail)
    return _uncached(response)


def _reference(status: int, code: str) -> str:
    """What to name to support: of a fault of ours the request's name, too, leads to its record."""
    return " ".join((str(status), code, *([g.request_id] if _names_request(status) else ())))


def _names_request(status: int) -> bool:
    """Refusals are alike to the byte, so that nobody learns from one what there is."""
    return status >= 500 and "request_id" in g


def _plain(status: int, code: str, detail: str) -> Response:  # noqa: ARG001 - all answers take the same
    # The same few bytes for every refusal of a kind: nothing tells one phone from another.
    return _uncached(Response(f"{status}\n", status, mimetype="text/plain"))


def _uncached(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _words(status: int) -> str:
    """What happened and what to do, for statuses that no refusal of ours explains."""
    words = {
        400: _("The request could not be understood. Check the address or the form."),
        401: _("Log in first, or send a valid API token."),
        403: _("Your role does not allow this. Ask an administrator."),
        404: _("There is no such page. It may have moved: try the search on the front page."),
        405: _("This address does not take this kind of request."),
        409: _("Somebody else changed this at the same moment. Look again and repeat."),
        413: _("What was sent is too large. Nothing was saved."),
        414: _("What was sent is too large. Nothing was saved."),
        422: _("A value is too large or unusable. Nothing was saved."),
        429: _("Too many requests. Wait a little and try again."),
        500: _("Something failed on our side. Nothing was changed; the failure is in the log."),
        507: _("The disk is full. Nothing was saved; try again later."),
        503: _("The service is busy or under maintenance. Try again in a few seconds."),
    }
    return str(words.get(status, _("The request was refused.")))
