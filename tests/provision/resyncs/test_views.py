"""The staff's pages of resyncs: asked from a phone's page, a form, followed and stopped."""

import json
from ipaddress import IPv4Network

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from accounts import users
from accounts.models import Role
from jobs.models import Job
from portal.settings import Settings
from provision.resyncs import cli, conducting, work
from provision.rollouts import planning, steering, waves
from storage.clock import now
from storage.installation import Installation
from tests.browserless import form_token, log_in, post
from tests.conftest import ADMIN_PASSWORD
from tests.provision import estate as estates
from tests.provision.estate import MAC

LIST = "/staff/resyncs/"
SECOND = "02f1a7000002"


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"read_networks": (IPv4Network("127.0.0.0/8"),)})


@pytest.fixture
def people(app: Flask, installation: Installation) -> Flask:
    estates.build(installation)
    with installation.database.writing() as session:
        for role in (Role.AGENT, Role.ENGINEER):
            new = users.NewUser(role, role, role, ADMIN_PASSWORD)
            users.add(session, new, actor="test", now=now())
    return app


def client(people: Flask, login: str) -> FlaskClient:
    found = people.test_client()
    log_in(found, login)
    return found


def text(client: FlaskClient, address: str) -> str:
    return client.get(address).get_data(as_text=True)


def test_support_asks_one_phone_from_its_page_and_nobody_else(people: Flask) -> None:
    agent = client(people, "agent")
    token = form_token(agent, f"/staff/devices/{MAC}")
    answer = agent.post(f"{LIST}device/{MAC}", data={"csrf_token": token})
    assert answer.headers["Location"] == f"{LIST}1"
    assert agent.post(LIST, data={"csrf_token": token, "name": MAC}).status_code == 403
    assert agent.post(f"{LIST}1/stop", data={"csrf_token": token}).status_code == 403


def test_a_form_makes_a_job_and_its_page_follows_it(
    people: Flask, installation: Installation
) -> None:
    engineer = client(people, "engineer")
    post(engineer, LIST, {"site": "Офис", "rate": "50"})
    with installation.database.reading() as session:
        job = session.scalars(select(Job).where(Job.kind == work.ASK)).one()
    assert job.arguments == {"resync": 1}
    assert 'hx-trigger="every 2s"' in text(engineer, f"{LIST}1")
    conducting.walk(installation, 1)
    page = text(engineer, f"{LIST}1")
    assert "адрес неизвестен" in page
    assert "площадка «Офис»" in page
    assert "hx-trigger" not in page.split('id="resync-live"')[1].split(">")[0]
    post(engineer, LIST, {"name": MAC, "reboot": "1"})
    post(engineer, f"{LIST}2/stop", {}, page=f"{LIST}2")
    assert "Остановлено" in text(engineer, f"{LIST}2")


NOT_MEANT: tuple[dict[str, object], ...] = (
    {},
    {"name": MAC, "site": "Офис"},
    {"name": "02:f1:a7:ff:ff:ff"},
    {"site": "Нет"},
    {"rollout": "x"},
    {"rollout": "7"},
    {"rollout": "٣"},
    {"rollout": "9" * 300},
    {"group": "1"},
    {"name": MAC, "rate": "0"},
    {"name": MAC, "rate": "-1"},
    {"name": MAC, "rate": "1e3"},
    {"name": "x " * 5000},
)


def test_a_form_that_cannot_be_meant_is_refused_with_what_was_typed(people: Flask) -> None:
    engineer = client(people, "engineer")
    for typed in NOT_MEANT:
        answer = post(engineer, LIST, typed)
        assert answer.status_code == 422, typed
        page = answer.get_data(as_text=True)
        assert 'role="alert"' in page
        shown = [str(value) for name, value in typed.items() if name != "site"]
        assert all(f'value="{value}"' in page for value in shown if len(value) < 20), typed


def test_a_group_of_a_rollout_is_asked_without_those_that_it_leaves_out(
    people: Flask, installation: Installation
) -> None:
    with installation.database.writing() as session:
        for mac in (SECOND, "02f1a7000003"):
            estates.add_phone(session, mac, serial=None).firmware = "2.3.1"
    estates.publish(installation, "2.4.1", size=600)
    new = planning.NewRollout("FP-B2", "2.4.1", waves=waves.parse_all([SECOND]))
    with installation.database.writing() as session:
        number = planning.create(session, new, actor="test", now=now())
        steering.start(session, number, actor="test", now=now())
    engineer = client(people, "engineer")
    assert f"{LIST}?rollout={number}" in text(engineer, f"/staff/rollouts/{number}")
    post(engineer, LIST, {"rollout": str(number), "group": "1"})
    page = text(engineer, f"{LIST}1")
    assert SECOND in page
    assert "02f1a7000003" not in page
    post(engineer, LIST, {"rollout": str(number)})
    # The phone that never told its version is left out of the rollout.
    page = text(engineer, f"{LIST}2")
    assert "02f1a7000003" in page
    assert f"devices/{MAC}" not in page
    assert post(engineer, LIST, {"rollout": str(number), "group": "9"}).status_code == 422


@pytest.mark.usefixtures("people")
def test_the_command_asks_tells_and_ends_with_1_when_nobody_accepts(
    installation: Installation,
) -> None:
    done = CliRunner().invoke(cli.resync, [MAC, "--json"], obj=lambda: installation)
    assert done.exit_code == 1
    document = json.loads(done.stdout)
    assert (document["phones"], document["accepted"], document["state"]) == (1, 0, "done")
    assert document["results"][0]["state"] == "no-address"
    usage = CliRunner().invoke(cli.resync, [MAC, "--group", "1"], obj=lambda: installation)
    assert usage.exit_code == 2
