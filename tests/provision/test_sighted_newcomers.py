"""Phones that a sweep met and no register knows wait beside those that call."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from accounts import users
from provision import dialects, folding
from provision.devices.identity import MacAddress, SerialNumber
from provision.newcomers import waiting
from provision.newcomers.waiting import Newcomer
from provision.readers.facts import DeviceFacts
from provision.sweeps import results
from provision.sweeps.models import Sweep
from provision.sweeps.scanning import Swept
from storage.clock import now
from storage.installation import Installation
from tests.browserless import log_in, post
from tests.conftest import ADMIN_PASSWORD
from tests.provision import estate as estates
from tests.provision.estate import MAC, SERIAL, UNKNOWN

LIST = "/staff/newcomers/"
STRANGER, ITS_SERIAL = "02f1a7000077", "FP2648B2AAAAAA6"


def met(mac: str, serial: str, address: str = "127.0.88.9") -> Swept:
    facts = DeviceFacts(
        serial=SerialNumber.parse(serial),
        mac=MacAddress.parse(mac),
        product="FP-B2",
        hardware="A",
        firmware="2.4.1",
    )
    return Swept(address, "sweep", facts)


def swept(place: Installation, found: Sequence[Swept], at: datetime) -> int:
    with place.database.writing() as session:
        made = Sweep(
            networks=["127.0.88.0/28"], addresses=16, seed=0, rate=1000, port=161, timeout_s=1.0,
            retries=1, community=b"", started_by="test", started_at=at,
        )  # fmt: skip
        session.add(made)
        session.flush()
        results.store(session, made.id, found, at)
        return made.id


def listed(place: Installation) -> list[Newcomer]:
    with place.database.reading() as session:
        found = waiting.waiting(session, dialects.families_of(place), now())
        assert waiting.count(session, now()) == len(found)
    return list(found)


@pytest.fixture
def ours(installation: Installation) -> Installation:
    with installation.database.writing() as session:
        users.ensure_admin(session, ADMIN_PASSWORD, now())
    return estates.build(installation).installation


@pytest.fixture
def admin(ours: Installation, app: Flask) -> FlaskClient:
    assert ours
    client = app.test_client()
    log_in(client)
    return client


def test_a_new_phone_lands_in_the_list_and_a_known_one_does_not(ours: Installation) -> None:
    number = swept(ours, [met(STRANGER, ITS_SERIAL), met(MAC, SERIAL, "127.0.88.1")], now())
    (found,) = listed(ours)
    assert (found.mac, found.serial, found.sweep, found.calls) == (
        STRANGER, ITS_SERIAL, number, 0,
    )  # fmt: skip
    assert (found.product, found.hardware, found.addresses) == ("FP-B2", "A", ["127.0.88.9"])


def test_the_last_of_many_sightings_counts_and_old_ones_are_forgotten(ours: Installation) -> None:
    swept(ours, [met(STRANGER, ITS_SERIAL)], now() - timedelta(days=8))
    assert listed(ours) == []
    swept(ours, [met(STRANGER, ITS_SERIAL, "127.0.88.2")], now() - timedelta(days=2))
    last = swept(ours, [met(STRANGER, ITS_SERIAL, "127.0.88.3")], now())
    (found,) = listed(ours)
    assert (found.sweep, found.addresses) == (last, ["127.0.88.3"])


def test_who_was_met_and_calls_too_stands_there_once(ours: Installation, phones: Flask) -> None:
    agent = {"User-Agent": f"FlatPhone/2.3.1 (FP-B2; hw A; sn X; mac {UNKNOWN})"}
    phones.test_client().get(f"/p/{UNKNOWN}.cfg", headers=agent)
    folding.reader_of(ours).fold()
    swept(ours, [met(UNKNOWN, ITS_SERIAL)], now())
    (found,) = listed(ours)
    assert (found.calls, found.firmware, found.serial) == (1, "2.3.1", ITS_SERIAL)
    assert found.addresses == ["127.0.0.1", "127.0.88.9"]


def test_what_the_sweep_read_stands_in_the_form_and_the_phone_is_taken_in(
    ours: Installation, admin: FlaskClient
) -> None:
    number = swept(ours, [met(STRANGER, ITS_SERIAL)], now())
    page = f"{LIST}{STRANGER}"
    assert f"/staff/sweeps/{number}" in admin.get(LIST).text
    assert page in admin.get(f"/staff/sweeps/{number}").text, "from the sweep it is one step"
    form = admin.get(page).text
    assert 'value="FP-B2" selected' in form
    assert f'value="{ITS_SERIAL}"' in form
    typed = {"product": "FP-B2", "serial": ITS_SERIAL, "hardware": "A"}
    assert post(admin, page, typed).status_code == 200
    assert listed(ours) == []
    assert admin.get(page).status_code == 404
