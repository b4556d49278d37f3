"""Publishing over the API: real HTTP, parts, repeated requests, and what a program is told."""

import hashlib
import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from accounts import tokens, users
from firmware import work
from storage import resumable
from storage.clock import now
from storage.installation import Installation
from tests.firmware.reviewing.review import CODE, NOTES, LogIn, Vendor, hand_in, image, page_of
from tests.served import serving
from tests.waitress_app import waitress

PART = 20_000


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Program:
    """A program with a person's token, over a socket."""

    base: str
    token: str
    headers: dict[str, str] = field(default_factory=dict)

    def ask(
        self, method: str, path: str, body: bytes | dict[str, Any] | None = None, **headers: str
    ) -> Answer:
        address = urlsplit(self.base)
        sent = {"Authorization": f"Bearer {self.token}", "Accept-Language": "en"}
        if isinstance(body, dict):
            body, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        elif body is not None:
            sent["Content-Type"] = "application/octet-stream"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def begin(self, content: bytes, name: str = "b2.bin", **said: Any) -> str:
        announced = {"file_name": name, "size": len(content), **said}
        answer = self.ask("POST", "/api/v1/uploads", announced)
        assert answer.status == 201, answer.body
        return str(answer.said["id"])

    def part(self, upload: str, at: int, body: bytes) -> Answer:
        return self.ask("PATCH", f"/api/v1/uploads/{upload}", body, Upload_Offset=str(at))

    def upload(self, content: bytes, name: str = "b2.bin", **said: Any) -> str:
        upload = self.begin(content, name, **said)
        for at in range(0, len(content), PART):
            answer = self.part(upload, at, content[at : at + PART])
            assert answer.status == 200, answer.body
        return upload

    def hand_in(self, upload: str, version: str, **said: Any) -> Answer:
        headers = {k: said.pop(k) for k in ("Idempotency_Key",) if k in said}
        body = {"version": version, "upload": upload, **NOTES, **said}
        return self.ask("POST", f"/api/v1/products/{CODE}/releases", body, **headers)


@pytest.fixture
def base(app: Flask) -> Iterator[str]:
    with waitress(app, threads=4) as port:
        yield f"http://127.0.0.1:{port}"


def program(installation: Installation, base: str, login: str) -> Program:
    with installation.database.writing() as session:
        person = users.get(session, login)
        token = tokens.issue(session, person, "test", actor="test", now=now())
    return Program(base, token)


@pytest.fixture
def anna(vendor: Vendor, installation: Installation, base: str) -> Program:
    assert vendor.versions() == ["1.0.0"]
    return program(installation, base, "anna")


def files(installation: Installation) -> list[Path]:
    folder = installation.data_dir / resumable.FOLDER
    return list(folder.iterdir()) if folder.is_dir() else []


def test_a_draft_from_parts_is_signed_off_and_published(
    vendor: Vendor, installation: Installation, anna: Program
) -> None:
    content = image("1.1.0", size=20_000)
    sha256 = hashlib.sha256(content).hexdigest()
    upload = anna.upload(content, "b2-1.1.0.bin", sha256=sha256)
    answer = anna.hand_in(upload, "1.1.0")
    assert (answer.status, answer.said["state"], answer.said["sha256"]) == (202, "draft", sha256)
    assert files(installation) == []
    draft = f"/api/v1/products/{CODE}/drafts/1.1.0"
    assert anna.ask("POST", f"{draft}/sign-off").said["code"] == "own-sign-off"
    assert anna.ask("POST", f"{draft}/publish").said["code"] == "sign-offs-missing"
    for login in ("boris", "vera"):
        other = program(installation, anna.base, login)
        assert other.ask("POST", f"{draft}/sign-off?revision=1").status == 200
    assert vendor.versions() == ["1.0.0"]
    assert anna.ask("POST", f"{draft}/publish").status == 201
    assert vendor.versions() == ["1.1.0"]
    promote = anna.ask(
        "POST", f"/api/v1/products/{CODE}/releases/1.1.0/promote", {"channel": "stable"}
    )
    assert (promote.status, promote.said["code"]) == (409, "sign-offs-missing")


def test_the_list_of_drafts_tells_each_check(anna: Program) -> None:
    anna.hand_in(anna.upload(image("1.1.0")), "1.1.0", notes_ru="")
    (draft,) = anna.ask("GET", f"/api/v1/products/{CODE}/drafts").said["items"]
    failed = [check["check"] for check in draft["checks"] if check["result"] == "failed"]
    assert (failed, draft["required"], draft["uploaded_by"]) == (["notes"], 2, "anna")


def test_a_wrong_byte_is_409_and_names_the_right_one(anna: Program) -> None:
    content = image("1.1.0")
    upload = anna.begin(content)
    anna.part(upload, 0, content[:1000])
    answer = anna.part(upload, 0, content[:1000])
    assert (answer.status, answer.said["offset"]) == (409, 1000)
    assert answer.headers["Upload-Offset"] == "1000"
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert anna.ask("GET", f"/api/v1/uploads/{upload}").headers["Upload-Offset"] == "1000"
    assert anna.ask("PATCH", f"/api/v1/uploads/{upload}", b"x").said["code"] == "missing-offset"


def test_a_wrong_hash_is_refused_and_the_upload_forgotten(
    vendor: Vendor, installation: Installation, anna: Program
) -> None:
    before = vendor.seen()
    upload = anna.upload(image("1.1.0"), sha256="0" * 64)
    answer = anna.hand_in(upload, "1.1.0")
    assert (answer.status, answer.said["code"]) == (422, "hash-mismatch")
    assert anna.hand_in(upload, "1.1.0").status == 404
    assert files(installation) == []
    assert vendor.seen() == before


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a/b.bin", image("1.1.0"), "bad-file-name"),
        ("a\\b.bin", image("1.1.0"), "bad-file-name"),
        ("a\nb.bin", image("1.1.0"), "bad-file-name"),
        ("..", image("1.1.0"), "bad-file-name"),
        ("b2-1.0.0.bin", image("1.1.0"), "file-name-taken"),
        ("b2.bin", image("1.1.0")[:-1], "image-payload-size"),
    ],
)
def test_bad_input_is_refused_and_nothing_visible_changes(
    vendor: Vendor, anna: Program, name: str, content: bytes, code: str
) -> None:
    before = vendor.seen()
    answer = anna.hand_in(anna.upload(content, name), "1.1.0")
    assert answer.said["code"] == code
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert [row.version for row in vendor.rows()] == ["1.0.0"]
    assert vendor.seen() == before


def test_an_unfinished_upload_is_not_published(anna: Program) -> None:
    content = image("1.1.0")
    upload = anna.begin(content)
    anna.part(upload, 0, content[:-1])
    answer = anna.hand_in(upload, "1.1.0")
    assert (answer.status, answer.said["code"]) == (409, "upload-incomplete")
    anna.part(upload, len(content) - 1, content[-1:])
    assert anna.hand_in(upload, "1.1.0").status == 202


def test_an_upload_is_nobody_elses_and_can_be_given_up(
    installation: Installation, anna: Program
) -> None:
    upload = anna.upload(image("1.1.0"))
    boris = program(installation, anna.base, "boris")
    assert boris.ask("GET", f"/api/v1/uploads/{upload}").status == 404
    assert boris.hand_in(upload, "1.1.0").status == 404
    assert program(installation, anna.base, "egor").ask("POST", "/api/v1/uploads", {}).status == 403
    assert anna.ask("DELETE", f"/api/v1/uploads/{upload}").status == 204
    assert anna.ask("GET", f"/api/v1/uploads/{upload}").status == 404
    assert files(installation) == []


def test_a_repeated_request_gets_its_answer_and_nothing_is_done_twice(
    vendor: Vendor, installation: Installation, anna: Program
) -> None:
    announced = {"file_name": "b2.bin", "size": len(image("1.1.0"))}
    first, second = (
        anna.ask("POST", "/api/v1/uploads", announced, Idempotency_Key="u-1") for _ in range(2)
    )
    assert (first.status, first.body) == (201, second.body)
    assert len(files(installation)) == 1
    upload = str(first.said["id"])
    anna.part(upload, 0, image("1.1.0"))
    answers = [anna.hand_in(upload, "1.1.0", Idempotency_Key="r-1") for _ in range(3)]
    assert {(answer.status, answer.body) for answer in answers} == {(202, answers[0].body)}
    assert [row.version for row in vendor.rows()] == ["1.0.0", "1.1.0"]
    assert [action for _, action in vendor.audited()].count("release.draft") == 1
    other = anna.hand_in(upload, "1.2.0", Idempotency_Key="r-1")
    assert (other.status, other.said["code"]) == (422, "idempotency-key-reused")
    bad = anna.hand_in(upload, "1.2.0", Idempotency_Key="a" * 201)
    assert bad.said["code"] == "bad-idempotency-key"


def test_one_persons_key_is_not_anothers(installation: Installation, anna: Program) -> None:
    announced = {"file_name": "b2.bin", "size": 5}
    boris = program(installation, anna.base, "boris")
    ids = {
        who.ask("POST", "/api/v1/uploads", announced, Idempotency_Key="same").said["id"]
        for who in (anna, boris)
    }
    assert len(ids) == 2


def test_the_page_takes_an_upload_in_parts_too(
    vendor: Vendor, installation: Installation, log_in: LogIn
) -> None:
    """What the page's script does: the session and its form token, parts, then the form."""
    client, content = log_in("anna"), image("1.1.0")
    page = client.get("/en/staff/releases/new").get_data(as_text=True)
    token = page.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]
    said = {"file_name": "b2-1.1.0.bin", "size": len(content), "sha256": None}
    assert client.post("/en/api/v1/uploads", json=said).status_code == 400, "no form token"
    headers = {"X-CSRFToken": token}
    begun = client.post("/en/api/v1/uploads", json=said, headers=headers)
    address = begun.headers["Location"]
    for at in range(0, len(content), PART):
        part = {**headers, "Upload-Offset": str(at), "Content-Type": "application/octet-stream"}
        assert client.patch(address, data=content[at : at + PART], headers=part).status_code == 200
    form = {"product": CODE, **NOTES, "csrf_token": token, "upload": begun.json["id"]}
    refused = client.post("/en/staff/releases/new", data={**form, "version": "x"})
    assert refused.status_code == 422
    assert "is here already" in refused.get_data(as_text=True)
    taken = client.post("/en/staff/releases/new", data={**form, "version": "1.1.0"})
    assert taken.headers["Location"] == page_of("1.1.0")
    assert vendor.rows()[-1].artifact.sha256 == hashlib.sha256(content).hexdigest()
    assert files(installation) == []
    assert hand_in(client, "1.2.0").status_code == 302, "and without a script"


def test_the_job_clears_what_nobody_finished(installation: Installation, anna: Program) -> None:
    upload = anna.begin(image("1.1.0"))
    with installation.database.writing() as session:
        found = resumable.get(session, upload, owner="anna", now=now())
        found.expires_at = now()
    work.sweep_uploads(work.Work(0, {}, "schedule", installation))
    assert files(installation) == []


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("required", [0])
def test_a_server_killed_between_parts_goes_on_where_it_was(
    tmp_path: Path, backend: str, required: int
) -> None:
    assert (backend, required) == ("sqlite", 0)
    content = image("1.0.0", size=60_000)
    with serving(tmp_path / "served", FLATPRO_DEMO="0") as first:
        first.flatpro("product", "add", CODE, "--name-ru", "Б2", "--name-en", "B2")
        token = first.flatpro("token", "issue", "admin", "--name", "test").split()[-1]
        before = Program(first.public, token)
        upload = before.begin(content, sha256=hashlib.sha256(content).hexdigest())
        assert before.part(upload, 0, content[:100_000]).status == 200
        first.kill()
    with serving(tmp_path / "served", FLATPRO_DEMO="0") as second:
        after = Program(second.public, token)
        came = int(after.ask("GET", f"/api/v1/uploads/{upload}").headers["Upload-Offset"])
        assert came == 100_000
        assert after.part(upload, came, content[came:]).status == 200
        assert after.hand_in(upload, "1.0.0").status == 201
        assert second.get(f"/firmware/{CODE}/1.0.0/b2.bin") == content
