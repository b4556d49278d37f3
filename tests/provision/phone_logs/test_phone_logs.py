"""Logs that phones send: who may, how much, what stays, and who may take one."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from accounts import users
from accounts.models import AuditEntry
from provision import folding
from provision.devices import registry
from provision.models import CheckIn, CheckInKind
from provision.phone_logs import keeping
from provision.phone_logs.keeping import KEPT_PER_DEVICE, LOG_BYTES_MAX, LogSummary
from provision.phone_logs.models import PhoneLog
from provision.proving.doorkeeper import LOGS_PER_MINUTE
from storage.clock import now
from storage.installation import Installation
from tests.browserless import log_in, post
from tests.conftest import ADMIN_PASSWORD
from tests.evented import evented
from tests.provision import estate as estates
from tests.provision.estate import MAC, UNKNOWN, Estate
from tests.provision.phone_plane import Answer, send

LOG = b"sip: registered\n\x00\xff\x1b[2J password=hunter2\n"


@pytest.fixture
def estate(installation: Installation) -> Estate:
    return estates.build(installation)


@pytest.fixture
def port(estate: Estate, phones: Flask) -> Iterator[int]:
    assert estate.token
    with evented(phones) as found:
        yield found


def put(port: int, target: str, content: bytes = LOG) -> Answer:
    head = f"PUT {target} HTTP/1.0\r\nContent-Length: {len(content)}\r\n\r\n"
    return send(port, head.encode() + content)


def kept(place: Installation) -> list[LogSummary]:
    with place.database.reading() as session:
        return list(keeping.of_device(session, registry.get(session, MAC)))


def test_a_proved_phones_log_is_kept_sealed_and_told_in_its_story(
    port: int, estate: Estate
) -> None:
    place = estate.installation
    answer = put(port, f"/p/{estate.token}/{MAC}-app.log")
    assert (answer.status, answer.body) == (204, b"")
    (log,) = kept(place)
    assert (log.name, log.size) == ("app", len(LOG))
    folding.reader_of(place).fold()
    with place.database.reading() as session:
        (row,) = session.scalars(select(PhoneLog)).all()
        check_in = session.scalars(select(CheckIn).where(CheckIn.kind == CheckInKind.LOG)).one()
    assert b"hunter2" not in row.sealed
    assert (check_in.status, check_in.total_bytes, check_in.proof) == (204, len(LOG), "token")


def test_whoever_proves_nothing_gets_the_one_refusal_and_leaves_no_log(
    port: int, estate: Estate
) -> None:
    guessed = "A" * len(estate.token)
    for target in (
        f"/p/{guessed}/{MAC}-app.log",
        f"/p/{estate.token}/{UNKNOWN}-app.log",
        f"/p/{MAC}-app.log",
        f"/p/{estate.token}/{MAC}.cfg",
        "/p/nothing",
    ):
        answer = put(port, target)
        assert (answer.status, answer.body) == (404, b"404\n"), target
    assert kept(estate.installation) == []


def test_a_log_too_long_is_refused_whole(port: int, estate: Estate) -> None:
    target = f"/p/{estate.token}/{MAC}-app.log"
    assert put(port, target, b"x" * (LOG_BYTES_MAX + 1)).status == 413
    assert kept(estate.installation) == []
    assert put(port, target, b"x" * LOG_BYTES_MAX).status == 204


def test_only_the_last_few_stay_and_one_phone_may_not_send_without_end(
    port: int, estate: Estate
) -> None:
    statuses = [
        put(port, f"/p/{estate.token}/{MAC}-{number}.log").status
        for number in range(LOGS_PER_MINUTE + 2)
    ]
    assert statuses == [204] * LOGS_PER_MINUTE + [429] * 2
    names = [log.name for log in kept(estate.installation)]
    assert names == [str(n) for n in range(LOGS_PER_MINUTE)][::-1][:KEPT_PER_DEVICE]


@pytest.fixture
def admin(estate: Estate, app: Flask) -> FlaskClient:
    with estate.installation.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, now())
        phone = registry.get(session, MAC)
        keeping.keep(session, estate.installation.seal, phone, "app", LOG, now())
        estates.add_phone(session, "02f1a7000002", None)
    client = app.test_client()
    log_in(client)
    return client


def test_staff_take_one_as_a_file_and_that_stays_on_record(
    admin: FlaskClient, estate: Estate
) -> None:
    (log,) = kept(estate.installation)
    page = admin.get(f"/staff/devices/{MAC}").text
    assert f"/staff/devices/{MAC}/logs/{log.id}" in page
    assert "hunter2" not in page
    answer = post(admin, f"/staff/devices/{MAC}/logs/{log.id}", {})
    assert (answer.status_code, answer.data) == (200, LOG)
    assert answer.headers["Content-Disposition"].startswith(f'attachment; filename="{MAC}-app-')
    assert answer.mimetype == "application/octet-stream"
    with estate.installation.database.reading() as session:
        actions = session.scalars(select(AuditEntry.action)).all()
    assert "device.log.take" in actions
    for path in (f"{MAC}/logs/{log.id + 1}", f"02f1a7000002/logs/{log.id}"):
        assert post(admin, f"/staff/devices/{path}", {}).status_code == 404
