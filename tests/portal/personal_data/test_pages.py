"""The pages and commands of personal data."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from accounts import audit, users
from accounts.models import AuditEntry
from portal.personal_data import expiring
from storage.clock import moscow_date, now
from support.personal_data import terms
from support.requests.vocabulary import Channel
from support.subject_requests import keeping as subject_requests
from support.subject_requests.keeping import NewSubjectRequest
from support.subject_requests.vocabulary import Channel as SubjectChannel
from support.subject_requests.vocabulary import Kind
from tests.browserless import log_in, post
from tests.conftest import ADMIN_PASSWORD
from tests.portal.personal_data.story import EMAIL, Story, hits
from tests.support.repairs.workshop import moscow

HOME = "/staff/personal-data/"
DUE = f"{HOME}due"


@pytest.fixture
def officer(client: FlaskClient, story: Story) -> FlaskClient:
    """The first administrator, who answers for personal data."""
    with story.installation.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, now())
    log_in(client)
    return client


def test_an_officer_finds_exports_and_erases_a_person(officer: FlaskClient, story: Story) -> None:
    story.ends(story.asks())
    page = post(officer, f"{HOME}find", {"q": "петров"}, HOME).get_data(as_text=True)
    assert EMAIL in page
    page = post(officer, f"{HOME}person", {"email": EMAIL}, HOME).get_data(as_text=True)
    assert '/staff/requests/1">Обращение № 1</a>' in page
    with story.installation.database.reading() as session:
        looked = audit.latest(session, 1)[0]
    assert (looked.action, looked.actor) == ("personal-data.look", "admin")
    assert EMAIL not in looked.subject
    made = post(officer, f"{HOME}export", {"email": EMAIL}, HOME)
    assert made.status_code == 302
    with officer.get(f"{HOME}exports/1.zip") as fetched:
        assert fetched.data[:2] == b"PK"
    unsure = post(officer, f"{HOME}erase", {"email": EMAIL, "basis": "request"}, HOME)
    assert unsure.status_code == 422
    done = post(officer, f"{HOME}erase", {"email": EMAIL, "basis": "request", "sure": "1"}, HOME)
    assert done.status_code == 302
    assert officer.get(f"{HOME}exports/1.zip").status_code == 404
    assert officer.get(f"{HOME}acts/1.pdf").data[:4] == b"%PDF"
    assert json.loads(officer.get(f"{HOME}acts/1.json").data)["basis"] == "request"
    assert EMAIL not in officer.get(HOME).get_data(as_text=True)
    assert hits(story.installation) == []
    # What the case was about can still be looked at, and its letter is gone.
    assert "данные удалены" in officer.get("/staff/requests/1").get_data(as_text=True)
    assert officer.get("/staff/letters/1.eml").status_code == 404
    assert officer.get("/staff/letters/").status_code == 200


def test_a_repair_whose_person_is_erased_is_still_shown(officer: FlaskClient, story: Story) -> None:
    unit_id = story.sends_a_phone()
    story.has_it_back(unit_id)

    address = story.workshop.address(unit_id)
    expiring.run(story.installation, moscow("2033-01-02T10:00"), now())
    for path in (f"/staff/repairs/{unit_id}", f"{address}", f"{address}/act.pdf"):
        assert officer.get(path).status_code == 200
    assert hits(story.installation) == []


def save_terms(officer: FlaskClient, **days: str) -> TestResponse:
    """Send the page's whole form, with these days typed in it."""
    page = officer.get(DUE).get_data(as_text=True)
    form = dict(re.findall(r'name="((?:days|was)-[a-z-]+)" value="(\d+)"', page))
    assert len(form) > 20
    return post(officer, DUE, form | {f"days-{code}": typed for code, typed in days.items()})


def days_kept(story: Story) -> dict[str, int]:
    with story.installation.database.reading() as session:
        return dict(terms.current(session).days)


def test_terms_are_set_together_and_what_is_past_them_is_shown(
    officer: FlaskClient, story: Story
) -> None:
    story.ends(story.asks())
    before = days_kept(story)
    assert save_terms(officer, request="400", account="500").status_code == 302
    assert days_kept(story) == before | {"request": 400, "account": 500}
    assert 'value="400"' in officer.get(DUE).get_data(as_text=True)
    with story.installation.database.reading() as session:
        query = select(AuditEntry.subject).where(AuditEntry.action == "personal-data.term")
        changed = set(session.scalars(query))
    assert changed == {"personal-data:request", "personal-data:account"}, "and no other"


def test_a_wrong_term_saves_none_and_keeps_all_that_was_typed(
    officer: FlaskClient, story: Story
) -> None:
    before = days_kept(story)
    refused = save_terms(officer, request="400", repair="10", account="x")
    assert refused.status_code == 422
    page = refused.get_data(as_text=True)
    assert days_kept(story) == before
    for typed in ('value="400"', 'value="10"', 'value="x"'):
        assert typed in page
    assert page.count('aria-invalid="true"') == 2
    assert 'href="#days-repair"' in page
    # The same form again, put right, still knows what was changed.
    form = dict(re.findall(r'name="((?:days|was)-[a-z-]+)" value="(\w+)"', page))
    right = form | {"days-repair": form["was-repair"], "days-account": form["was-account"]}
    assert post(officer, DUE, right).status_code == 302
    assert days_kept(story) == before | {"request": 400}


def test_a_term_that_somebody_else_changed_meanwhile_stays_theirs(
    officer: FlaskClient, story: Story
) -> None:
    page = officer.get(DUE).get_data(as_text=True)
    form = dict(re.findall(r'name="((?:days|was)-[a-z-]+)" value="(\d+)"', page))
    assert save_terms(officer, request="400").status_code == 302
    assert post(officer, DUE, form | {"days-account": "500"}).status_code == 302
    assert days_kept(story)["request"] == 400
    assert days_kept(story)["account"] == 500


def test_a_correction_that_waits_is_among_the_terms_with_its_seven_days(
    officer: FlaskClient, story: Story
) -> None:
    new = NewSubjectRequest(
        Kind.CORRECTION, SubjectChannel.PAPER, moscow_date(now()), "Анна", "", "+7 900 000-00-00",
        "Фамилия теперь другая", "k" * 24,
    )  # fmt: skip
    assert "исправление данных" not in officer.get(DUE).get_data(as_text=True)
    with story.installation.database.writing() as session:
        subject_requests.register(session, story.installation, new, actor="olga", now=now())
    page = officer.get(DUE).get_data(as_text=True)
    assert "исправление данных" in page
    assert "день 0 из 7" in page.replace("\u00a0", " ")


def test_nonsense_is_told_and_never_a_fault(officer: FlaskClient, story: Story) -> None:
    story.desk.comes(channel=Channel.FORM)
    for path, form in (
        ("find", {"q": "\u202e%_\\'" * 40}),
        ("person", {"email": "x" * 5000}),
        ("export", {"email": "nobody@example.ru"}),
        ("erase", {"email": "nobody@example.ru", "basis": "request", "sure": "1"}),
        ("withdraw", {"phone": "12"}),
    ):
        assert post(officer, f"{HOME}{path}", form, HOME).status_code < 500
    for path in ("exports/9999999999999.zip", "acts/0.pdf", "acts/77.json"):
        assert officer.get(f"{HOME}{path}").status_code == 404


def test_only_an_administrator_may_look(client: FlaskClient) -> None:
    assert client.get(HOME).status_code in {302, 401, 403}


def test_the_command_says_what_would_go_and_then_erases(story: Story, tmp_path: Path) -> None:
    story.ends(story.asks())
    environment = {
        **os.environ, "FLATPRO_DATA_DIR": str(story.installation.data_dir), "LC_ALL": "C.UTF-8",
    }  # fmt: skip

    def run(*words: str) -> str:
        command = [sys.executable, "-m", "portal.cli", "personal-data", *words]
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, env=environment, timeout=60
        )
        return done.stdout

    assert EMAIL in run("find", "Петров", "--json")
    run("export", str(tmp_path / "anna.zip"), "--email", EMAIL)
    assert (tmp_path / "anna.zip").read_bytes()[:2] == b"PK"
    erase = ("erase", "--email", EMAIL, "--basis", "request")
    assert "request:1" in run(*erase, "--dry-run", "--json")
    assert json.loads(run(*erase, "--json"))["act"] == 1
    run("log", str(tmp_path / "erasures.jsonl"))
    assert '"act": 1' in (tmp_path / "erasures.jsonl").read_text()
    assert hits(story.installation) == []
