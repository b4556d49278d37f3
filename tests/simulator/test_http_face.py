"""The phone's own pages, opened by requests and by curl."""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import requests
from requests.auth import HTTPDigestAuth

from simulator import http_face
from simulator.digest import DigestProof, Login
from simulator.faces import FaceOptions, Faces, serve_faces

if TYPE_CHECKING:
    from conftest import Desk

LOGIN = Login("admin", 'pass "w" Б')


@pytest.fixture
def face(desk: "Desk") -> Iterator[Faces]:
    with serve_faces(desk, FaceOptions(snmp_port=None, http_login=LOGIN)) as faces:
        yield faces


@pytest.fixture
def url(face: Faces) -> str:
    return f"http://127.0.0.1:{face.http_port}"


def auth(password: str = LOGIN.password) -> HTTPDigestAuth:
    return HTTPDigestAuth("admin", password)


def test_requests_reads_the_status_page(url: str) -> None:
    page = requests.get(f"{url}/api/v1/status", auth=auth(), timeout=20)
    assert page.status_code == 200
    assert page.headers["content-type"] == "application/json; charset=utf-8"
    assert page.json() == {
        "model": "FP-B2",
        "hardware": "A",
        "serial": "FP2648B2K7Q2XM6",
        "mac": "02f1a7000001",
        "firmware": "2.4.1",
        "uptime_s": 12,
        "last_reboot_reason": "power on",
        "network": {
            "ip": "127.0.77.1",
            "vlan": 1,
            "poe_class": 2,
            "neighbour": "switch-3 gi1/0/7",
            "duplex": "full",
            "link_mbps": 100,
        },
        "lines": [
            {"number": "101", "server": "pbx.example", "state": "registered"},
            {"number": "102", "server": "pbx.example", "state": "unregistered"},
        ],
        "quality": {"mos": 4.3, "loss_percent": 0.1, "jitter_ms": 4.0},
        "time": "2026-11-22T10:00:00+00:00",
        "certificate_until": "2027-01-01T00:00:00+00:00",
        "configuration": "abc123",
    }


def test_curl_reads_the_status_page(url: str) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    who = f"{LOGIN.username}:{LOGIN.password}"
    command = [curl, "-sS", "-q", "--digest", "-u", who, f"{url}/api/v1/status?x=1"]
    told = subprocess.run(command, check=True, capture_output=True).stdout
    assert json.loads(told)["serial"] == "FP2648B2K7Q2XM6"


def test_the_buttons_work_behind_the_same_login(url: str, desk: "Desk") -> None:
    for button in ("resync", "reboot"):
        assert requests.post(f"{url}/api/v1/{button}", timeout=20).status_code == 401
        pressed = requests.post(f"{url}/api/v1/{button}", auth=auth(), data=b"{}", timeout=20)
        assert pressed.status_code == 202
    assert desk.pressed == ["resync", "reboot"]


@pytest.mark.parametrize("credentials", [None, auth("wrong"), ("admin", "basic")])
def test_without_proof_there_is_a_challenge_and_nothing_else(url: str, credentials: object) -> None:
    page = requests.get(f"{url}/api/v1/status", auth=credentials, timeout=20)
    assert page.status_code == 401
    assert page.content == b""
    assert 'Digest realm="flatphone", qop="auth"' in page.headers["www-authenticate"]
    assert "stale" not in page.headers["www-authenticate"]


def test_a_proof_for_one_page_opens_no_other(url: str) -> None:
    session = requests.Session()
    first = session.get(f"{url}/api/v1/status", auth=auth(), timeout=20)
    proof = first.request.headers["Authorization"]
    session.close()
    headers = {"Authorization": proof}
    assert requests.get(f"{url}/api/v1/status", headers=headers, timeout=20).status_code == 200
    assert requests.post(f"{url}/api/v1/reboot", headers=headers, timeout=20).status_code == 401
    for word in ("flatphone", "status"):
        spoiled = {"Authorization": proof.replace(word, "another")}
        assert requests.get(f"{url}/api/v1/status", headers=spoiled, timeout=20).status_code == 401


def proof_with(nonce: str, algorithm: str = "MD5", qop: str = "auth") -> dict[str, str]:
    proof = DigestProof("MD5", "flatphone", nonce, "1", "c", "GET", "/api/v1/status")
    fields = {
        "username": "admin",
        "realm": "flatphone",
        "nonce": nonce,
        "uri": "/api/v1/status",
        "nc": "1",
        "cnonce": "c",
        "response": proof.response(LOGIN),
        "algorithm": algorithm,
        "qop": qop,
    }
    return {"Authorization": "Digest " + ", ".join(f'{k}="{v}"' for k, v in fields.items())}


def test_an_old_nonce_is_called_stale_and_a_strange_one_is_not(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = f"{url}/api/v1/status"
    nonce = requests.get(page, timeout=20).headers["www-authenticate"].split('nonce="')[1][:33]
    assert requests.get(page, headers=proof_with(nonce), timeout=20).status_code == 200
    for wrong in (proof_with(nonce, "SHA-512"), proof_with(nonce, qop="auth-int")):
        assert requests.get(page, headers=wrong, timeout=20).status_code == 401
    for strange in ("", "x", "zz-00", nonce[:-1], "-" + nonce):
        told = requests.get(page, headers=proof_with(strange), timeout=20)
        assert told.status_code == 401
        assert "stale" not in told.headers["www-authenticate"]
    monkeypatch.setattr(http_face, "_NONCE_AGE_S", -1)
    told = requests.get(page, headers=proof_with(nonce), timeout=20)
    assert (told.status_code, "stale=true" in told.headers["www-authenticate"]) == (401, True)


def test_other_pages_and_methods_do_not_exist(url: str) -> None:
    assert requests.get(f"{url}/", timeout=20).status_code == 404
    wrong = requests.get(f"{url}/api/v1/reboot", auth=auth(), timeout=20)
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")


def test_head_has_the_length_and_no_body(url: str) -> None:
    page = requests.head(f"{url}/api/v1/status", auth=auth(), timeout=20)
    assert page.status_code == 200
    assert int(page.headers["content-length"]) > 100
    assert page.content == b""


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"\x00\xff\r\n\r\n", b"400"),
        (b"GET status HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / SIP/2.0\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", b"400"),
        (b"GET / HTTP/1.0\r\n\r\n", b"404"),
        (b"GET / HT", b""),
    ],
)
def test_noise_gets_a_short_no_and_does_no_harm(face: Faces, raw: bytes, status: bytes) -> None:
    with socket.create_connection(("127.0.0.1", face.http_port), timeout=20) as wire:
        wire.sendall(raw)
        wire.shutdown(socket.SHUT_WR)
        told = b""
        while data := wire.recv(4096):
            told += data
    assert told[9:12] == status
    page = requests.get(f"http://127.0.0.1:{face.http_port}/api/v1/status", timeout=20)
    assert page.status_code == 401
