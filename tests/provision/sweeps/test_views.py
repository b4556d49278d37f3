"""The staff's pages of sweeps: started, followed, paused, and told as picture, table and files."""

from collections import Counter
from dataclasses import replace
from ipaddress import IPv4Network

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from accounts import users
from accounts.models import Role
from jobs import queue
from jobs.models import Job
from jobs.runner import Work
from portal.app import create_app
from portal.settings import Settings
from provision.readers.networks import ReadOptions
from provision.sweeps import conducting, work
from provision.sweeps.grid import SILENT, grid
from provision.sweeps.models import SweepState
from storage.clock import now
from storage.installation import Installation
from tests.browserless import log_in, post
from tests.conftest import ADMIN_PASSWORD
from tests.provision import estate as estates
from tests.provision.estate import MAC, NOW, SERIAL
from tests.provision.sweeps.conftest import Street

LIST = "/staff/sweeps/"


@pytest.fixture
def ours(installation: Installation) -> Installation:
    estates.build(installation)
    with installation.database.writing() as session:
        for role in (Role.AGENT, Role.ENGINEER):
            new = users.NewUser(role, role, role, ADMIN_PASSWORD)
            users.add(session, new, actor="test", now=now())
    networks = ReadOptions(networks=(IPv4Network("127.0.88.0/24"),))
    return replace(installation, options={**installation.options, ReadOptions: networks})


@pytest.fixture
def site(ours: Installation, settings: Settings) -> Flask:
    return create_app(ours, settings)


@pytest.fixture
def engineer(site: Flask) -> FlaskClient:
    client = site.test_client()
    log_in(client, "engineer")
    return client


def start(ours: Installation, street: Street) -> int:
    new = conducting.NewSweep(["127.0.88.0/24"], 20_000, street.port, 0.1, 0, "public")
    with ours.database.writing() as session:
        return conducting.start(session, ours, new, actor="test", now=NOW)


def test_a_sweep_started_on_the_page_is_a_job_that_finishes_it(
    ours: Installation, engineer: FlaskClient
) -> None:
    answer = post(
        engineer,
        LIST,
        {"networks": "127.0.88.0/30", "rate": "20000", "community": "public"},
    )
    assert answer.status_code == 302
    with ours.database.reading() as session:
        job = session.scalars(select(Job).where(Job.kind == work.WALK)).one()
    work.walk(Work(job.id, job.arguments, job.actor, ours))
    with ours.database.reading() as session:
        assert conducting.standing(session, 1).state == SweepState.DONE


def test_a_found_phone_stands_in_the_picture_and_in_the_table(
    ours: Installation, street: Street, engineer: FlaskClient
) -> None:
    street.phone("127.0.88.17", SERIAL, MAC)
    street.phone("127.0.88.18", "<script>x", "02f1a7000099")
    number = start(ours, street)
    conducting.walk(ours, number)
    page = engineer.get(f"{LIST}{number}").get_data(as_text=True)
    assert page.count('<rect class="is-') == 256
    assert page.count('<rect class="is-silent"') == 254
    assert SERIAL in page
    assert f"/staff/devices/{MAC}" in page
    assert "<script>x" not in page
    assert "hx-trigger" not in page.split('id="followed"')[1].split(">")[0]
    document = engineer.get(f"{LIST}{number}/results.json").get_json()
    assert document["found"] == 2
    csv = engineer.get(f"{LIST}{number}/results.csv")
    assert csv.mimetype == "text/csv"
    assert SERIAL in csv.get_data(as_text=True)


def test_a_sweep_is_paused_and_goes_on_from_the_page(
    ours: Installation, street: Street, engineer: FlaskClient
) -> None:
    number = start(ours, street)
    post(engineer, f"{LIST}{number}/pause", {}, page=LIST)
    assert conducting.walk(ours, number).state == SweepState.PAUSED
    post(engineer, f"{LIST}{number}/resume", {}, page=LIST)
    post(engineer, f"{LIST}{number}/resume", {}, page=LIST)
    with ours.database.reading() as session:
        assert queue.is_due(session, [work.WALK], now())
        assert len(session.scalars(select(Job).where(Job.kind == work.WALK)).all()) == 1


@pytest.mark.parametrize(
    "typed",
    [
        {"networks": "10.0.0.0/24"},
        {"networks": ""},
        {"networks": "phones"},
        {"networks": "127.0.88.0/24", "rate": "0"},
        {"networks": "127.0.88.0/24", "rate": "²"},
        {"networks": "127.0.88.0/24", "rate": "9" * 500},
        {"networks": "127.0.88.0/30", "rate": "000000001999999", "community": "public"},
        {"networks": "127.0.88.0/24"},
    ],
)
def test_what_may_not_be_swept_is_refused_in_the_form(
    engineer: FlaskClient, typed: dict[str, str]
) -> None:
    answer = post(engineer, LIST, {**typed})
    assert answer.status_code == 422
    assert 'class="error"' in answer.get_data(as_text=True)


def test_support_looks_and_starts_nothing(site: Flask, ours: Installation, street: Street) -> None:
    number = start(ours, street)
    client = site.test_client()
    log_in(client, "agent")
    assert client.get(f"{LIST}{number}").status_code == 200
    assert post(client, LIST, {"networks": "127.0.88.0/30"}).status_code == 403
    assert client.get(f"{LIST}99").status_code == 404
    assert client.get(f"{LIST}99/results.csv").status_code == 404


def test_a_picture_has_a_cell_for_each_address() -> None:
    cells = grid(IPv4Network("10.1.2.0/24"), {"10.1.2.17": "new"}).cells
    assert Counter(cell.verdict for cell in cells) == {SILENT: 255, "new": 1}
    assert len({(cell.x, cell.y) for cell in cells}) == 256
    assert (cells[17].address, cells[17].x // 21, cells[17].y // 21) == ("10.1.2.17", 1, 1)
