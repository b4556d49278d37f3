"""The WSGI side: what is reported when a download ends, is cut, or cannot begin."""

import hashlib
import http.client
import io
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import pytest
from flask import Flask, Response, request
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import EnvironBuilder, run_wsgi_app

from storage.blob_keeping.local_blobs import LocalBlobStore
from storage.blobs import BlobMissingError
from storage.http_answers.sending import PIECE_BYTES, DamagedFileError, Sent, respond
from storage.refusals import UnavailableError
from storage.serving import Cache, Representation


def representation(sha256: str, size: int) -> Representation:
    return Representation(
        sha256=sha256,
        size=size,
        content_type="application/octet-stream",
        file_name="fw.bin",
        last_modified=datetime(2026, 11, 22, 10, 0, tzinfo=UTC),
        cache=Cache.revalidate(0),
    )


def answer_to(
    shown: Representation,
    file: io.BytesIO,
    reports: list[Sent],
    method: str = "GET",
    **headers: str,
) -> tuple[Iterator[bytes], str]:
    """The raw body iterator that a server would get, and the status line."""
    app = Flask("test")

    @app.route("/", methods=["GET", "HEAD"])
    def view() -> Response:
        return respond(shown, lambda: file, request, reports.append)

    names = {name.replace("_", "-"): value for name, value in headers.items()}
    environ = EnvironBuilder(method=method, headers=names).get_environ()
    statuses: list[str] = []
    body = app.wsgi_app(environ, lambda status, *_rest: statuses.append(status))
    return body, statuses[0]


@pytest.fixture
def whole(image: bytes) -> Representation:
    return representation(hashlib.sha256(image).hexdigest(), len(image))


def close(body: Iterator[bytes]) -> None:
    """What PEP 3333 has the server do at the end, however it came."""
    body.close()  # type: ignore[attr-defined]


def test_a_whole_download_is_reported_when_it_is_closed(
    whole: Representation, image: bytes
) -> None:
    reports: list[Sent] = []
    file = BytesIO(image)
    body, _ = answer_to(whole, file, reports)
    pieces = list(body)
    assert reports == []
    assert b"".join(pieces) == image
    assert max(map(len, pieces)) == PIECE_BYTES
    close(body)
    close(body)
    assert reports == [Sent(200, 0, len(image), len(image), complete=True)]
    assert file.closed


def test_a_cut_download_reports_what_the_server_took(whole: Representation, image: bytes) -> None:
    reports: list[Sent] = []
    body, _ = answer_to(whole, BytesIO(image), reports)
    next(body)
    next(body)  # asks on after the first piece; the second is cut
    close(body)
    assert reports == [Sent(200, 0, PIECE_BYTES, len(image), complete=False)]


def test_an_answer_never_asked_for_sent_nothing(whole: Representation, image: bytes) -> None:
    reports: list[Sent] = []
    file = BytesIO(image)
    body, _ = answer_to(whole, file, reports, Range="bytes=5-")
    close(body)
    assert reports == [Sent(206, 5, 0, len(image) - 5, complete=False)]
    assert file.closed


def test_a_resumed_download_says_where_it_went_on(whole: Representation, image: bytes) -> None:
    reports: list[Sent] = []
    body, _ = answer_to(whole, BytesIO(image), reports, Range="bytes=70000-")
    assert b"".join(body) == image[70_000:]
    close(body)
    assert reports == [Sent(206, 70_000, len(image) - 70_000, len(image) - 70_000, complete=True)]


def test_part_headers_are_no_bytes_of_the_file(whole: Representation, image: bytes) -> None:
    reports: list[Sent] = []
    body, _ = answer_to(whole, BytesIO(image), reports, Range="bytes=20-29,5-6")
    assert len(b"".join(body)) > 12
    close(body)
    assert reports == [Sent(206, 20, 12, 12, complete=True)]


@pytest.mark.parametrize(
    ("status", "method", "headers"),
    [
        (200, "HEAD", {}),
        (304, "GET", {"If_None_Match": "*"}),
        (412, "GET", {"If_Match": '"x"'}),
        (416, "GET", {"Range": "bytes=999999-"}),
    ],
)
def test_an_answer_without_the_file_never_opens_it(
    status: int, method: str, headers: dict[str, str], whole: Representation
) -> None:
    reports: list[Sent] = []

    class Unopened(io.BytesIO):
        def seek(self, *_args: object) -> int:
            raise AssertionError("the file was touched")

    body, line = answer_to(whole, Unopened(), reports, method, **headers)
    list(body)
    close(body)
    assert line.startswith(str(status))
    assert reports == [Sent(status, 0, 0, 0, complete=True)]


def test_a_file_of_another_size_is_refused_before_any_header(
    whole: Representation, image: bytes
) -> None:
    file = BytesIO(image[:-1])
    with Flask("test").test_request_context(), pytest.raises(DamagedFileError) as refused:
        respond(whole, lambda: file, request)
    assert refused.value.details == {"found": len(image) - 1, "expected": len(image)}
    assert file.closed


def test_a_missing_file_is_the_openers_error(store: LocalBlobStore, whole: Representation) -> None:
    with Flask("test").test_request_context(), pytest.raises(BlobMissingError):
        respond(whole, lambda: store.open(whole.sha256), request)


def test_a_file_that_shrinks_while_it_is_sent_never_ends_as_whole(
    whole: Representation, image: bytes
) -> None:
    reports: list[Sent] = []
    file = BytesIO(image)
    body, _ = answer_to(whole, file, reports)
    next(body)
    file.truncate(PIECE_BYTES)
    with pytest.raises(DamagedFileError):
        next(body)
    close(body)
    assert reports == [Sent(200, 0, PIECE_BYTES, len(image), complete=False)]


@pytest.mark.parametrize(
    "failure",
    [
        OSError(28, "No space left on device"),
        UnavailableError(),
        OperationalError("x", {}, OSError()),
    ],
)
def test_a_report_that_cannot_be_kept_is_logged_and_harms_no_answer(
    failure: Exception, whole: Representation, image: bytes
) -> None:
    class FullJournal(list[Sent]):
        def append(self, _sent: Sent, /) -> None:
            raise failure

    body, _ = answer_to(whole, BytesIO(image), FullJournal(), "HEAD")
    with capture_logs() as logs:
        close(body)
    assert [entry["event"] for entry in logs] == ["sent-report-failed"]


def test_nobody_need_listen(whole: Representation, image: bytes) -> None:
    app = Flask("test")
    app.add_url_rule("/", view_func=lambda: respond(whole, lambda: BytesIO(image), request))
    chunks, status, headers = run_wsgi_app(app, EnvironBuilder().get_environ(), buffered=True)
    assert (b"".join(chunks), status) == (image, "200 OK")
    assert headers["Content-Length"] == str(len(image))


class QuietHandler(WSGIRequestHandler):
    def log(self, *_args: object) -> None:
        """Say nothing: the test reads the answer."""


@pytest.mark.parametrize(
    ("range_line", "status", "length"), [("bytes=0-9", 206, 10), ("items=0-9", 200, 200_123)]
)
def test_werkzeugs_server_sends_the_same(
    range_line: str, status: int, length: int, whole: Representation, image: bytes
) -> None:
    reports: list[Sent] = []
    app = Flask("test")
    app.add_url_rule(
        "/", view_func=lambda: respond(whole, lambda: BytesIO(image), request, reports.append)
    )
    with make_server("127.0.0.1", 0, app, request_handler=QuietHandler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as client:
            client.request("GET", "/", headers={"Range": range_line})
            answer = client.getresponse()
            assert (answer.status, answer.read()) == (status, image[:length])
        thread.join(20)
    assert reports == [Sent(status, 0, length, length, complete=True)]


def test_werkzeugs_server_reports_a_hang_up(whole: Representation) -> None:
    reports: list[Sent] = []
    size = 64 * 1024 * 1024
    app = Flask("test")
    shown = replace(whole, size=size)
    app.add_url_rule(
        "/", view_func=lambda: respond(shown, lambda: BytesIO(bytes(size)), request, reports.append)
    )
    with make_server("127.0.0.1", 0, app, request_handler=QuietHandler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            # Werkzeug raises a handler class to HTTP/1.1 for good once a threaded server used it.
            assert client.recv(1000).split(b" ")[1] == b"200"
        thread.join(20)
    (cut,) = reports
    assert (cut.first_byte, cut.bytes_planned, cut.complete) == (0, size, False)
    assert cut.bytes_sent < size
