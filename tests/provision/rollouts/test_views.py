"""The staff's pages of rollouts: made with a look at who is in, steered, and read."""

import re
import time
from datetime import timedelta

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from accounts import users
from accounts.models import Role
from provision.rollouts import conducting, forms, planning
from provision.rollouts.chart import WIDTH, bar
from provision.rollouts.deciding import Tally
from storage.clock import now
from storage.installation import Installation
from storage.refusals import RefusedError
from storage.request import reading
from tests.browserless import log_in, post
from tests.conftest import ADMIN_PASSWORD
from tests.provision import estate as estates
from tests.provision.estate import MAC

LIST = "/staff/rollouts/"
NEW = f"{LIST}new"
FORM = {"release": "FP-B2 2.4.1", "waves": "50%", "stop": "5", "deadline": "24"}


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def engineer(app: Flask, installation: Installation) -> FlaskClient:
    with installation.database.writing() as session:
        estates.catalogue(session)
        for mac in (MAC, "02f1a7000002"):
            estates.add_phone(session, mac, serial=None).firmware = "2.3.1"
        estates.add_phone(session, "02f1a7000003", serial=None)
        for role in (Role.AGENT, Role.ENGINEER):
            new = users.NewUser(role, role, role, ADMIN_PASSWORD)
            users.add(session, new, actor="test", now=now())
    estates.publish(installation, "2.4.1", size=600)
    client = app.test_client()
    log_in(client, "engineer")
    return client


def text(client: FlaskClient, address: str) -> str:
    return client.get(address).get_data(as_text=True)


def test_the_form_shows_who_is_in_before_anything_is_stored(engineer: FlaskClient) -> None:
    page = post(engineer, NEW, {**FORM, "do": "preview"}).get_data(as_text=True)
    assert "Войдут 2 телефона" in page
    assert "ни разу не сообщил" in page
    assert "50%" in page
    assert "Развёртываний ещё нет" in text(engineer, LIST)


def test_a_rollout_is_made_begun_paused_and_ended_on_pages(engineer: FlaskClient) -> None:
    made = post(engineer, NEW, {**FORM, "do": "create"})
    assert made.headers["Location"] == f"{LIST}1"
    page = text(engineer, f"{LIST}1")
    assert "Не начато" in page
    for verb, shown in (("start", "Идёт"), ("pause", "На паузе"), ("resume", "Идёт")):
        post(engineer, f"{LIST}1/{verb}", {}, page=f"{LIST}1")
        assert shown in text(engineer, f"{LIST}1")
    assert post(engineer, f"{LIST}1/start", {}, page=f"{LIST}1").status_code == 302
    assert "уже другое" in text(engineer, f"{LIST}1")
    assert 'class="rollout-bar"' in text(engineer, LIST)
    assert MAC in text(engineer, f"{LIST}1?state=waiting") + text(
        engineer, f"{LIST}1?state=offered"
    )
    assert "Таких телефонов нет" in text(engineer, f"{LIST}1?state=succeeded")
    post(engineer, f"{LIST}1/abort", {}, page=f"{LIST}1")
    assert "Прекращено" in text(engineer, f"{LIST}1")


def test_the_page_of_a_release_says_whom_its_rollout_gives_it_and_both_lead_to_each_other(
    engineer: FlaskClient,
) -> None:
    release = "/staff/releases/FP-B2/2.4.1"
    assert "Получает каждый телефон" in text(engineer, release)
    post(engineer, NEW, {**FORM, "do": "create"})
    page = text(engineer, release)
    assert "Получает каждый телефон канала" not in page
    assert "Пока оно не началось, не получает никто" in page
    assert f'href="{LIST}1"' in page
    assert f'href="{release}"' in text(engineer, f"{LIST}1")
    post(engineer, f"{LIST}1/start", {}, page=f"{LIST}1")
    assert re.search(r"Получают сейчас: [012] из 2 ", text(engineer, release))
    assert "of 2 (" in text(engineer, f"/en{release}")
    post(engineer, f"{LIST}1/pause", {}, page=f"{LIST}1")
    assert "Сейчас не получает никто" in text(engineer, release)


@pytest.mark.parametrize(
    "wrong",
    [
        {"release": ""},
        {"release": "FP-B2 9.9"},
        {"release": "NONE 2.4.1"},
        {"waves": "phones"},
        {"waves": "60%\n60%"},
        {"stop": "0"},
        {"stop": "²"},
        {"deadline": "9999"},
        {"window": "late"},
        {"site": "Луна"},
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    engineer: FlaskClient, wrong: dict[str, str]
) -> None:
    answer = post(engineer, NEW, {**FORM, "window": "01:00-05:00", "do": "create", **wrong})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'role="alert"' in page
    assert wrong.get("window", "01:00-05:00") in page


def test_the_pages_of_its_phones_and_the_home_page_tell_of_a_rollout(
    engineer: FlaskClient, installation: Installation
) -> None:
    post(engineer, NEW, {**FORM, "waves": "", "do": "create"})
    post(engineer, f"{LIST}1/start", {}, page=f"{LIST}1")
    assert f'href="{LIST}1"' in text(engineer, f"/staff/devices/{MAC}")
    assert f'href="{LIST}1"' not in text(engineer, "/staff/")
    with installation.database.writing() as session:
        conducting.take_turn(session, 1, now() + timedelta(hours=25))
    assert f'href="{LIST}1"' in text(engineer, "/staff/")
    assert "не объявился" in text(engineer, f"/staff/devices/{MAC}")


def test_a_phone_is_kept_at_a_version_and_let_go(engineer: FlaskClient) -> None:
    page = f"/staff/devices/{MAC}"
    assert post(engineer, f"{page}/pin", {"version": "2.3.1"}, page=page).status_code == 302
    assert "закреплён за 2.3.1" in text(engineer, page)
    refused = post(engineer, f"{page}/pin", {"version": "newest"}, page=page)
    assert refused.status_code == 422
    assert "не версия" in refused.get_data(as_text=True)
    post(engineer, f"{page}/pin", {"version": ""}, page=page)
    assert "закреплён за" not in text(engineer, page)


@pytest.mark.parametrize("name", ["waves", "window", "stop", "deadline", "site", "release"])
def test_a_long_text_is_refused_quickly(engineer: FlaskClient, name: str) -> None:
    """S20: 64 KiB in any field cost no time worth mentioning."""
    typed = {**FORM, name: "site: " + "5% ,:=-–" * 8192, "do": "preview"}
    begun = time.process_time()
    sent = engineer.application.test_request_context(method="POST", data=typed)
    with sent, pytest.raises(RefusedError):
        planning_of()
    assert time.process_time() - begun < 0.5


def planning_of() -> None:
    """The form as it is read, with what is looked up for it."""
    with reading() as session:
        planning.preview(session, forms.read(request.form), now())


def test_support_looks_and_steers_nothing(app: Flask, engineer: FlaskClient) -> None:
    post(engineer, NEW, {**FORM, "do": "create"})
    agent = app.test_client()
    log_in(agent, "agent")
    assert agent.get(f"{LIST}1").status_code == 200
    assert agent.get(NEW).status_code == 403
    assert post(agent, f"{LIST}1/start", {}, page=LIST).status_code == 403
    assert agent.get(f"{LIST}99").status_code == 404
    assert agent.get(f"{LIST}1?state=x&page=nonsense").status_code == 200


def test_a_bar_grows_towards_its_line() -> None:
    drawn = bar(Tally(waiting=50, offered=20, succeeded=20, failed=10), 2, 20)
    assert [(piece.kind, piece.width) for piece in drawn.pieces] == [
        ("fault", 60),
        ("good", 120),
        ("info", 120),
        ("waiting", 300),
    ]
    assert drawn.limit == WIDTH * 0.22
    assert bar(Tally(), 0, 5).pieces == []


def test_before_the_promotion_the_page_of_a_release_counts_no_phones(
    engineer: FlaskClient, installation: Installation
) -> None:
    estates.publish(installation, "2.5.0", size=600, channel="testing")
    post(engineer, NEW, {**FORM, "release": "FP-B2 2.5.0", "do": "create"})
    post(engineer, f"{LIST}1/start", {}, page=f"{LIST}1")
    page = text(engineer, "/staff/releases/FP-B2/2.5.0")
    assert "пока не может ни один телефон" in page
    assert "0 из 0" not in page
