"""The staff's pages of a diagnosis: asked with one click, followed, and told with what to do."""

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from jobs import queue
from jobs.models import Job
from jobs.runner import Work
from portal.app import create_app
from portal.settings import Settings
from provision.devices import registry
from provision.diagnosis import work
from simulator.facts import Network, Quality
from storage.clock import now
from tests.browserless import log_in, post
from tests.provision.diagnosis.conftest import Phone
from tests.provision.estate import MAC, Estate

PAGE = f"/staff/devices/{MAC}"
FIXES = "/staff/diagnosis/fixes"


@pytest.fixture
def site(estate: Estate, settings: Settings) -> Flask:
    return create_app(estate.installation, settings)


@pytest.fixture
def agent(site: Flask) -> FlaskClient:
    client = site.test_client()
    log_in(client, "agent")
    return client


def do_jobs(estate: Estate) -> None:
    with estate.installation.database.reading() as session:
        jobs = session.scalars(select(Job).where(Job.kind == work.DIAGNOSE)).all()
    for job in jobs:
        work.diagnose(Work(job.id, job.arguments, job.actor, estate.installation))


def test_one_click_asks_the_phone_and_the_page_follows_it(
    agent: FlaskClient, estate: Estate, phone: Phone
) -> None:
    phone.shown = replace(
        phone.shown,
        network=Network("127.0.0.1", 1, 2, "<b>sw</b>", "half"),
        quality=Quality(2.8, 7.5, 44.0),
    )
    assert "/diagnose" in agent.get(PAGE).text
    answer = post(agent, f"{PAGE}/diagnose", {}, PAGE)
    assert answer.status_code == 302
    address = answer.headers["Location"]
    waiting = agent.get(address).text
    assert 'hx-trigger="every 1s"' in waiting
    do_jobs(estate)
    done = agent.get(address).text
    assert "hx-trigger" not in done
    assert "Порт в полудуплексе" in done
    assert "Включите автосогласование" in done
    assert "<b>sw</b>" not in done, "what a phone says is text"
    assert "<svg" in done
    english = agent.get(address, headers={"Accept-Language": "en"}).text
    assert "The port is at half duplex" in english


def test_a_phone_that_is_well_is_told_so(agent: FlaskClient, estate: Estate) -> None:
    address = post(agent, f"{PAGE}/diagnose", {}, PAGE).headers["Location"]
    do_jobs(estate)
    assert "Неполадок не найдено" in agent.get(address).text


def test_the_history_says_of_a_phone_that_may_not_be_read_that_it_was_not_asked(
    agent: FlaskClient, estate: Estate
) -> None:
    with estate.installation.database.writing() as session:
        registry.get(session, MAC).address = "127.0.9.9"
    address = post(agent, f"{PAGE}/diagnose", {}, PAGE).headers["Location"]
    do_jobs(estate)
    page = agent.get(address).text
    assert "не спрашивали" in page.split('id="history"')[1]
    assert "нет ответа" not in page
    assert 'class="is-unknown"' in page


def test_a_diagnosis_whose_job_gave_up_says_so_and_is_followed_no_more(
    agent: FlaskClient, estate: Estate
) -> None:
    first = post(agent, f"{PAGE}/diagnose", {}, PAGE).headers["Location"]
    second = post(agent, f"{PAGE}/diagnose", {}, PAGE).headers["Location"]
    with estate.installation.database.writing() as session:
        job = session.scalars(select(Job).where(Job.kind == work.DIAGNOSE).order_by(Job.id)).first()
        assert job is not None
        job.attempts = job.max_attempts
        queue.fail(session, job.id, "OverflowError", now())
    page = agent.get(first).text
    assert "Диагностика не удалась" in page
    assert "hx-trigger" not in page
    assert "/bundle" not in page
    assert 'hx-trigger="every 1s"' in agent.get(second).text, "the other one still runs"


def test_an_unknown_diagnosis_or_phone_is_not_found(agent: FlaskClient) -> None:
    assert agent.get(f"{PAGE}/diagnosis/99").status_code == 404
    assert agent.get("/staff/devices/02f1a7ffff01/diagnosis/1").status_code == 404


def test_publishers_say_what_a_release_mends_and_agents_read_it(
    agent: FlaskClient, site: Flask
) -> None:
    publisher = site.test_client()
    log_in(publisher, "publisher")
    form = {"product": "FP-B2", "code": "packet-loss", "fixed_in": "2.4.1", "text_ru": "Буфер"}
    refused = post(publisher, FIXES, {**form, "fixed_in": "latest"}, FIXES)
    assert refused.status_code == 422
    assert "Буфер" in refused.text, "what was typed stays"
    assert post(publisher, FIXES, form, FIXES).status_code == 302
    assert "Буфер" in agent.get(FIXES).text
    assert post(agent, FIXES, form, PAGE).status_code == 403
    assert post(publisher, f"{FIXES}/1/remove", {}, FIXES).status_code == 302
    assert "Буфер" not in agent.get(FIXES).text
