"""The pages of the import: a table is sent, looked at, and taken in whole or not at all."""

import io
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from accounts import users
from accounts.models import Role
from jobs import queue
from jobs.runner import Runner, Workbook, perform
from provision import credentials, profiles
from provision.devices.identity import MacAddress
from provision.devices.models import Device
from provision.enrolment import views, work
from provision.rendered import work as ahead
from storage.clock import now
from storage.installation import Installation
from tests.browserless import log_in, post
from tests.conftest import ADMIN_PASSWORD
from tests.provision import estate as estates
from tests.provision.estate import MAC, Estate

PAGE = "/staff/devices/import/"
FREE = "02f1a7000002"


@pytest.fixture
def estate(installation: Installation) -> Estate:
    with installation.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, now())
        for role in (Role.AGENT, Role.ENGINEER):
            new = users.NewUser(role, role, role, ADMIN_PASSWORD)
            users.add(session, new, actor="test", now=now())
    return estates.build(installation)


@pytest.fixture
def engineer(estate: Estate, app: Flask) -> FlaskClient:
    assert estate.token
    client = app.test_client()
    log_in(client, Role.ENGINEER)
    return client


def send(client: FlaskClient, content: str, name: str = "phones.csv") -> TestResponse:
    return post(client, PAGE, {"file": (io.BytesIO(content.encode()), name)})


def count(place: Installation) -> int:
    with place.database.reading() as session:
        return session.scalar(select(func.count(Device.id))) or 0


def test_a_table_is_looked_at_and_then_taken_in(estate: Estate, engineer: FlaskClient) -> None:
    address = send(engineer, f"mac,product,note\n{FREE},FP-B2,x\n{MAC},FP-B2,y\n").location
    page = engineer.get(address).text
    assert "note" in page
    assert count(estate.installation) == 1
    assert post(engineer, address, {}).status_code == 302
    assert count(estate.installation) == 2
    assert FREE in engineer.get("/staff/devices/").text.replace(":", "")


def test_rows_that_do_not_fit_are_named_and_nothing_is_stored(
    estate: Estate, engineer: FlaskClient
) -> None:
    address = send(engineer, f"mac,product\n{FREE},FP-B2\n=bad,FP-B2\n").location
    assert "=bad" in engineer.get(address).text
    told = engineer.get(address.replace("?", "/rows.csv?")).text.splitlines()
    assert (told[1].split(",")[:2], told[2].split(",")[:2]) == (["2", "new"], ["3", "bad-mac"])
    assert ",'=bad," in told[2]
    assert post(engineer, address, {}, PAGE).status_code == 409
    assert count(estate.installation) == 1


@pytest.mark.parametrize("content", ["", "nothing\n", 'mac,product\n"open\n', "PK\x03\x04"])
def test_a_file_that_is_no_table_is_refused_in_the_form(
    engineer: FlaskClient, content: str
) -> None:
    assert send(engineer, content).status_code == 422
    assert post(engineer, PAGE, {}).status_code == 422


def test_a_large_table_is_a_job_that_stores_all_or_none(
    estate: Estate, engineer: FlaskClient
) -> None:
    place = estate.installation
    rows = "".join(f"02f1a8{at:06x},FP-B2\n" for at in range(views.AT_ONCE_MAX))
    for last, stored, is_done in (("bad", 0, False), (FREE, views.AT_ONCE_MAX + 1, True)):
        address = send(engineer, f"mac,product\n{rows}{last},FP-B2\n").location
        progress = post(engineer, address, {}).location
        assert "hx-get" in engineer.get(progress).text
        number = int(re.findall(r"\d+", progress)[-1])
        with place.database.writing() as session:
            job = queue.claim_one(session, number, "test", now())
        assert job is not None
        perform(place, Workbook(work.HANDLERS), job)
        assert count(place) == 1 + stored
        page = engineer.get(progress).text
        assert ("notice-fault" in page, "notice-good" in page) == (not is_done, is_done)


def test_a_table_or_job_that_nobody_knows_is_not_found(engineer: FlaskClient) -> None:
    for name in ("0" * 64, "nonsense", "jobs/4711"):
        assert engineer.get(PAGE + name).status_code == 404


def test_only_engineers_import(estate: Estate, app: Flask) -> None:
    assert estate.token
    client = app.test_client()
    log_in(client, Role.AGENT)
    assert client.get(PAGE).status_code == 403


def test_the_tokens_of_new_phones_are_shown_once_and_open_their_settings(
    estate: Estate, engineer: FlaskClient
) -> None:
    address = send(
        engineer, f"mac,product,sip.1.number\n{FREE},FP-B2,201\n{MAC},FP-B2,101\n"
    ).location
    assert "sip.1.number" in engineer.get(address).text
    shown = post(engineer, address, {"tokens": "1"})
    assert (shown.status_code, shown.headers["Cache-Control"]) == (200, "no-store")
    token = re.search(r"/p/([A-Za-z0-9_-]{22,})/", shown.text)
    assert token
    with estate.installation.database.reading() as session:
        assert credentials.verify_token(session, token[1], MacAddress(FREE), now())
    assert token[1] not in engineer.get(address).text
    assert shown.text.count(token[1]) >= 2, "in the table and as CSV"


def test_how_far_the_first_configurations_are_is_told_with_the_tokens_and_on_a_page(
    estate: Estate, engineer: FlaskClient
) -> None:
    place = estate.installation
    with place.database.writing() as session:
        profiles.put(
            session, place.seal, profiles.GLOBAL, "firmware.factory", "2.3.1", actor="x", now=now()
        )
    table = f"mac,product,serial,hardware\n{FREE},FP-B2,SN-2,A\n{FREE[:-1]}3,FP-B2,,\n"
    shown = post(engineer, send(engineer, table).location, {"tokens": "1"}).text
    assert "0 / 2" in shown
    assert 'hx-get="/staff/devices/import/prepared"' in shown
    Runner(place, Workbook(ahead.HANDLERS)).run_due("test")
    page = engineer.get(f"{PAGE}prepared").text
    assert "1 / 2" in page, "of a phone without a serial number the words are not known"
    assert "Прошивку с завода" in page
    assert "hx-get" not in page.split('id="prepared"')[1].split(">")[0]


def test_a_table_with_passwords_lies_sealed_until_it_is_taken_in(
    estate: Estate, engineer: FlaskClient
) -> None:
    place = estate.installation
    address = send(engineer, f"mac,product,sip.1.password\n{FREE},FP-B2,s3cret-W0rd\n").location
    assert "s3cret-W0rd" not in engineer.get(address).text
    assert "s3cret-W0rd" not in engineer.get(address.replace("?", "/rows.csv?")).text
    post(engineer, address, {})
    for file in place.data_dir.rglob("*"):
        assert not file.is_file() or b"s3cret-W0rd" not in file.read_bytes(), file
