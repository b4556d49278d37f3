"""Whatever bytes come, they are answered without a fault."""

import json
from pathlib import Path

import pytest

from tests.provision.estate import MAC
from tests.provision.phone_plane import ask, send

RECORDED = Path(__file__).parents[2] / "recordings" / "phone-requests.jsonl"

NONSENSE = [
    b"GET /p/%00.cfg HTTP/1.0\r\n\r\n",
    b"GET /p/../../etc/passwd HTTP/1.0\r\n\r\n",
    b"GET /p/%2e%2e%2fetc%2fpasswd HTTP/1.0\r\n\r\n",
    b"GET /p/\xff\xfe\xfd.cfg HTTP/1.0\r\n\r\n",
    b"GET /p/%zz%.cfg HTTP/1.0\r\n\r\n",
    b"GET /p/" + b"a" * 20_000 + b" HTTP/1.0\r\n\r\n",
    b"GET /p HTTP/1.0\r\n\r\n",
    b"GET /p/ HTTP/1.0\r\n\r\n",
    b"GET // HTTP/1.0\r\n\r\n",
    b"GET * HTTP/1.0\r\n\r\n",
    b"PUT /p/02f1a7000001-app.log HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc",
    b"POST /p/02f1a7000001.cfg HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc",
    b"BREW /p/02f1a7000001.cfg HTTP/1.0\r\n\r\n",
    b"GET /p/auth/02f1a7000001.cfg HTTP/1.0\r\nAuthorization: Digest \xff\xff\r\n\r\n",
    b"GET /p/auth/02f1a7000001.cfg HTTP/1.0\r\nAuthorization: Basic Zm9v\r\n\r\n",
    b"GET /p/auth/02f1a7000001.cfg HTTP/1.0\r\nAuthorization: Digest "
    + b'username="02f1a7000001", ' * 200
    + b"\r\n\r\n",
    b"GET /p/02f1a7000001.cfg HTTP/1.1\r\nHost: \xff\x01 bad host\r\nConnection: close\r\n\r\n",
    b"GET /p/02f1a7000001.cfg HTTP/1.1\r\nConnection: close\r\n\r\n",
    b"GET /p/02f1a7000001.cfg HTTP/1.0\r\nUser-Agent: \x14\x16\xff FlatPhone\r\n\r\n",
    b'GET /p/02f1a7000001.cfg HTTP/1.0\r\nIf-None-Match: "\xff, W/\r\nRange: bytes=9-1\r\n\r\n',
    b"GET /p/02f1a7000001.cfg?mac=%00 HTTP/1.0\r\nCookie: flatpro=\xff\r\n\r\n",
    b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n",
]


def test_no_bytes_make_it_fail(port: int) -> None:
    for raw in NONSENSE:
        answer = send(port, raw)
        assert answer.status < 500, raw[:80]
        assert b"Traceback" not in answer.body
        assert "location" not in answer.headers
    assert ask(port, f"/p/{MAC}.cfg").status == 200


def test_whatever_real_phones_of_other_makers_send_is_answered_without_a_fault(port: int) -> None:
    if not RECORDED.exists():
        pytest.skip("the recordings of phones' requests are not here")
    rows = [json.loads(line) for line in RECORDED.read_text("utf-8").splitlines()]
    shown = [row for row in rows if row.get("path") or row.get("user_agent")]
    for row in shown:
        path = "/p/" + (row.get("path") or f"{MAC}.cfg").lstrip("/")
        agent = row.get("user_agent") or "-"
        answer = ask(port, path, f"User-Agent: {agent}", method=row.get("method") or "GET")
        assert answer.status in {200, 401, 404, 405}, (path, answer.status)
