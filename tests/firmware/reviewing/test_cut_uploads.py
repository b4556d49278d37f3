"""R17: an upload that is cut off, or whose length is a lie, lists nothing and can go on."""

import contextlib
import hashlib
import re
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from flask import Flask

from portal.page_listener.page_server import Limits
from storage.installation import Installation
from tests.firmware.reviewing.review import Vendor, image
from tests.firmware.reviewing.test_release_api import Program, files, program
from tests.paged import paged

CONTENT = image("1.1.0")
HASTY = Limits(head_within_s=2.0, read_within_s=2.0, body_grace_s=2.0)
#: Where the connection is cut: within the head, at its end, within the body, before its last byte.
CUTS = 50
LENGTHS = (
    b"-1",
    b"+5",
    b"abc",
    b"",
    b"1e3",
    b"0x10",
    b"9" * 30,
    b"5, 6",
    b"5\r\nContent-Length: 6",
)


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def base(app: Flask) -> Iterator[str]:
    """The pages' own listener."""
    with paged(app, HASTY) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def anna(vendor: Vendor, installation: Installation, base: str) -> Program:
    assert vendor.versions() == ["1.0.0"]
    return program(installation, base, "anna")


def raw(anna: Program, upload: str, length: bytes, at: int = 0) -> bytes:
    head = (
        f"PATCH /api/v1/uploads/{upload} HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {anna.token}\r\nUpload-Offset: {at}\r\n"
        "Content-Type: application/octet-stream\r\nContent-Length: "
    )
    return head.encode() + length + b"\r\n\r\n"


def told(anna: Program, sent: bytes) -> list[int]:
    """Send it, say that nothing more comes, and take every answer until the end."""
    place = urlsplit(anna.base)
    received = b""
    there = (place.hostname or "", place.port or 80)
    with socket.create_connection(there, 20) as line, contextlib.suppress(ConnectionError):
        line.sendall(sent)
        with contextlib.suppress(OSError):
            # It may have ended the connection already.
            line.shutdown(socket.SHUT_WR)
        while piece := line.recv(65536):
            received += piece
    return [int(status) for status in re.findall(rb"HTTP/1\.\d (\d+)", received)]


def offset(anna: Program, upload: str) -> int:
    return int(anna.ask("GET", f"/api/v1/uploads/{upload}").headers["Upload-Offset"])


def test_proof_r17_an_upload_cut_at_any_point_lists_nothing_and_goes_on(
    vendor: Vendor, installation: Installation, anna: Program
) -> None:
    upload = anna.begin(CONTENT, sha256=hashlib.sha256(CONTENT).hexdigest())
    whole = raw(anna, upload, b"%d" % len(CONTENT)) + CONTENT
    before, statuses = vendor.seen(), []
    for cut in range(1, CUTS + 1):
        statuses += told(anna, whole[: len(whole) * cut // (CUTS + 1)])
        assert offset(anna, upload) == 0, "no part of what was cut counts"
        assert anna.hand_in(upload, "1.1.0").said["code"] == "upload-incomplete"
    assert vendor.seen() == before
    assert max(statuses, default=0) < 500
    assert anna.part(upload, 0, CONTENT).status == 200
    assert anna.hand_in(upload, "1.1.0").status == 202
    assert files(installation) == []
    print(f"R17: cut at {CUTS} points, 0 listed, 0 failures, then whole with the right hash")  # noqa: T201


def test_proof_r17_a_length_that_lies_is_no_part_and_no_failure(
    vendor: Vendor, installation: Installation, anna: Program
) -> None:
    upload = anna.begin(CONTENT, sha256=hashlib.sha256(CONTENT).hexdigest())
    before = vendor.seen()
    for length in LENGTHS:
        assert set(told(anna, raw(anna, upload, length) + CONTENT)) <= {400, 413, 501}, length
        assert offset(anna, upload) == 0
    more_than_came = told(anna, raw(anna, upload, b"%d" % (len(CONTENT) + 1)) + CONTENT)
    assert set(more_than_came) <= {400, 408}
    assert offset(anna, upload) == 0
    # What comes behind the length that was said is no part of the body, and no request either.
    first, *rest = told(anna, raw(anna, upload, b"1000") + CONTENT)
    assert (first, set(rest) <= {400}) == (200, True)
    assert offset(anna, upload) == 1000
    assert vendor.seen() == before
    assert anna.part(upload, 1000, CONTENT[1000:]).status == 200
    assert anna.hand_in(upload, "1.1.0").status == 202
    assert files(installation) == []
