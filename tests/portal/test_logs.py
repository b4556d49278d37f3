"""Logs: one JSON record a line, whatever a client sends; a failure with its reason; no secret."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from unicodedata import category

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from accounts.access import anyone
from jobs import queue
from jobs.models import Job
from portal import logs, request_log
from storage.clock import now
from storage.installation import Installation
from storage.request import writing
from tests.provision.hostile_phone import MARK, WORDS

TOKEN = "y8lGVnSecretSecretSecretSecretSecretSecretS"


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Path]:
    logs.configure(tmp_path / "log")
    yield tmp_path / "log"
    logs.configure()


def read(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_no_address_that_holds_a_secret_is_logged_with_it(app: Flask) -> None:
    """Whoever adds such an address makes this red until logs know it."""
    held = [rule for rule in app.url_map.iter_rules() if "token" in rule.arguments]
    assert len(held) > 5
    for rule in held:
        parts = {name: TOKEN if name == "token" else "1" for name in rule.arguments}
        path = _filled(rule, parts)
        assert TOKEN in path
        assert TOKEN not in request_log.masked_path(path)
        assert TOKEN not in request_log.masked_path(f"/en{path}")


def _filled(rule: Rule, parts: dict[str, str]) -> str:
    return re.sub(r"<(?:[^:>]*:)?([^>]+)>", lambda found: parts[found[1]], rule.rule)


@pytest.mark.parametrize(
    "path",
    [
        *("/p/{}/02f1a7000001.cfg", "//p//{}//x.cfg", "/p/{}", "/p/{}/firmware", "/p///{}/a/b"),
        *("/support/r/{}", "/support/r/{}/reply", "/repair/r/{}"),
    ],
)
def test_a_secret_address_never_stands_in_a_record(path: str) -> None:
    assert TOKEN not in request_log.masked_path(path.format(TOKEN))


def test_an_address_without_a_token_is_recorded_as_it_is() -> None:
    for path in (
        "/p/02f1a7000001.cfg",
        "/p/auth/02f1a7000001.cfg",
        "/downloads/FP-B2/",
        "/support/new",
    ):
        assert request_log.masked_path(path) == path


def test_hostile_text_stays_inside_its_record(app: Flask, records: Path) -> None:
    agent = 'a\x1b[31m \x85 \u2028 {"status": 200}'.encode().decode("latin-1")
    app.test_client().get("/downloads/", headers={"User-Agent": agent})
    (record,) = read(records)
    assert (record["event"], record["status"]) == ("request", 200)


HOSTILE = (
    *("\x1b[31m", "a\x85b", "a\u2028b", '{"status": 200}', "a\\n{}", "\x7f\x00", "%0d%0a{}"),
    "ы" * 3000,
)


def test_proof_s14_every_logged_field_stays_inside_its_record(app: Flask, records: Path) -> None:
    client = app.test_client()
    sent = 0
    for text in HOSTILE:
        wire = text.encode().decode("latin-1")
        headers = {"User-Agent": wire, "X-Forwarded-For": wire, "Referer": wire, "Host": "x"}
        for environ in (
            {"PATH_INFO": f"/{wire}"},
            {"REQUEST_METHOD": "GET" + wire.replace(" ", "")[:8]},
            {"QUERY_STRING": wire},
            {"REMOTE_ADDR": "127.0.0.1"},
        ):
            with client.open("/downloads/", headers=headers, environ_overrides=environ):
                sent += 1
    raw = records.read_bytes()
    found = [record for record in read(records) if record["event"] == "request"]
    print(f"S14: {sent} requests with hostile fields, {len(found)} records")  # noqa: T201
    assert len(found) == sent
    assert not any((byte < 0x20 and byte != 0x0A) or byte == 0x7F for byte in raw)
    assert not any(mark in raw.decode() for mark in ("\x85", "\u2028"))


def test_proof_h4_no_word_of_a_phone_leaves_its_record(app: Flask, records: Path) -> None:
    client = app.test_client()
    for word in WORDS:
        agent = {"HTTP_USER_AGENT": word.encode().decode("latin-1")}
        with client.get("/downloads/", environ_overrides=agent) as answer:
            assert answer.status_code == 200
    raw = records.read_text(encoding="utf-8")
    told = [str(record["agent"]) for record in read(records) if record["event"] == "request"]
    print(f"H4: {len(WORDS)} hostile words in the log, {len(told)} records")  # noqa: T201
    assert len(told) == len(WORDS)
    assert all(MARK in agent for agent in told)
    assert not [char for char in raw if char != "\n" and category(char) in {"Cc", "Zl", "Zp"}]


def test_a_failure_is_recorded_with_its_reason_and_its_place(app: Flask, records: Path) -> None:
    def broken() -> str:
        raise ZeroDivisionError("the reason")

    app.add_url_rule("/broken", "broken", anyone(broken))
    assert app.test_client().get("/broken").status_code == 500
    failure = next(record for record in read(records) if record["event"] == "library")
    assert failure["level"] == "error"
    assert "ZeroDivisionError: the reason" in str(failure["exception"])
    assert "test_logs.py" in str(failure["exception"])


def test_a_job_carries_the_request_that_submitted_it(
    app: Flask, installation: Installation
) -> None:
    @app.get("/submits")
    @anyone
    def submits() -> str:
        with writing() as session:
            queue.submit(session, "x.y", {}, actor="test", now=now())
        return ""

    with app.test_client().get("/submits") as answer:
        told = answer.headers["X-Request-Id"]
    with app.test_client().get("/healthz") as answer:
        assert answer.headers["X-Request-Id"] != told
    with installation.database.reading() as session:
        assert session.scalars(select(Job.request_id)).all() == [told]
