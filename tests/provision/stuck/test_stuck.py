"""Who is in trouble by the records alone, on both databases, and how staff read it."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import CliRunner
from flask import Flask

from accounts import users
from accounts.models import Role
from provision import checkins, rollouts
from provision.devices import registry
from provision.models import CheckInKind
from provision.stuck import finding
from provision.stuck.cli import attention
from provision.stuck.troubles import Patience, Trouble
from storage.clock import now
from storage.installation import Installation
from tests.browserless import log_in
from tests.conftest import ADMIN_PASSWORD
from tests.provision import estate as estates

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FIRST, SECOND = "02f1a7000001", "02f1a7000002"
Do = Callable[[Installation], None]


def set_first(**values: object) -> Do:
    def do(place: Installation) -> None:
        with place.database.writing() as session:
            for name, value in values.items():
                setattr(registry.get(session, FIRST), name, value)

    return do


def check_in(kind: CheckInKind, ago: timedelta, times: int = 1, **more: object) -> Do:
    """The first phone was heard of in this way."""

    def do(place: Installation) -> None:
        for _ in range(times):
            visit = checkins.Visit(
                **{
                    "at": now() - ago,
                    "kind": kind,
                    "method": "GET",
                    "path_kind": "x",
                    "status": 404,
                    "address": "10.0.0.7",
                    "user_agent": "x",
                    "mac": FIRST,
                    "firmware": "2.3.1",
                    **more,
                }  # type: ignore[arg-type]
            )
            with place.database.writing() as session:
                number = checkins.record(session, visit)
                if kind is CheckInKind.FIRMWARE:
                    sent = checkins.SentBytes(0, 600, 600, complete=True)
                    checkins.finish(session, number, 200, sent, visit.at)

    return do


def publish(place: Installation) -> None:
    estates.publish(place, "2.4.1", size=600)


def hold(place: Installation) -> None:
    with place.database.writing() as session:
        phone = registry.get(session, FIRST)
        rollouts.hold(session, phone, "в ремонте", actor="test", now=now() - HOUR)


@pytest.fixture
def fleet(installation: Installation) -> Installation:
    """Two phones that are well: seen an hour ago, on the only version that they know."""
    with installation.database.writing() as session:
        estates.catalogue(session)
        for mac in (FIRST, SECOND):
            phone = estates.add_phone(session, mac, serial=None)
            phone.firmware, phone.firmware_seen_at = "2.3.1", now() - HOUR
            phone.last_check_in_at = now() - HOUR
    return installation


def troubles(place: Installation, patience: Patience | None = None) -> dict[str, set[Trouble]]:
    found: dict[str, set[Trouble]] = {}
    with place.database.reading() as session:
        for trouble in Trouble:
            for one in finding.phones(session, trouble, patience or Patience(), now()):
                found.setdefault(one.mac, set()).add(trouble)
    return found


def test_phones_that_are_well_are_in_no_trouble(fleet: Installation) -> None:
    assert troubles(fleet) == {}
    with fleet.database.reading() as session:
        assert set(finding.counts(session, Patience(), now()).values()) == {0}


@pytest.mark.parametrize(
    ("do", "trouble"),
    [
        (check_in(CheckInKind.REFUSED, HOUR / 2), Trouble.REFUSED),
        (check_in(CheckInKind.REFUSED, HOUR / 2, hint="letter-case"), Trouble.LETTER_CASE),
        (check_in(CheckInKind.REFUSED, HOUR / 2, proof="token"), Trouble.OTHER_MAC),
        (check_in(CheckInKind.BOOTSTRAP, HOUR / 2, 3, hint="certificate"), Trouble.CERTIFICATE),
        (check_in(CheckInKind.BOOTSTRAP, HOUR / 2, 3), Trouble.NO_CONFIGURATION),
        (check_in(CheckInKind.REFUSED, HOUR / 2, status=503, proof="token"), Trouble.NOT_WRITTEN),
        (check_in(CheckInKind.FIRMWARE, DAY, 3), Trouble.TAKES_IN_VAIN),
        (set_first(last_check_in_at=now() - 4 * DAY), Trouble.SILENT),
        (set_first(last_check_in_at=None, created_at=now() - 4 * DAY), Trouble.NEVER_SEEN),
    ],
)
def test_each_trouble_is_found_by_its_records(
    fleet: Installation, do: Do, trouble: Trouble
) -> None:
    do(fleet)
    assert troubles(fleet) == {FIRST: {trouble}}


@pytest.mark.parametrize(
    "do",
    [
        # Before it was last well; one bootstrap after a restart; long ago; an image in two tries.
        check_in(CheckInKind.REFUSED, 2 * HOUR),
        check_in(CheckInKind.BOOTSTRAP, HOUR / 2, 2),
        check_in(CheckInKind.BOOTSTRAP, 2 * HOUR, hint="certificate"),
        check_in(CheckInKind.REFUSED, 2 * HOUR, hint="letter-case"),
        check_in(CheckInKind.REFUSED, 3 * DAY, status=503),
        check_in(CheckInKind.FIRMWARE, DAY, 2),
        check_in(CheckInKind.FIRMWARE, DAY, 3, firmware="2.2.0"),
        set_first(last_check_in_at=now() - 2 * DAY),
        set_first(last_check_in_at=None, created_at=now() - DAY),
    ],
)
def test_what_passes_by_itself_is_no_trouble(fleet: Installation, do: Do) -> None:
    do(fleet)
    assert troubles(fleet) == {}


def test_old_firmware_is_trouble_once_a_newer_one_has_long_been_out(fleet: Installation) -> None:
    publish(fleet)
    assert troubles(fleet) == {}
    impatient = Patience(old=timedelta(0))
    assert troubles(fleet, impatient) == {mac: {Trouble.OLD_FIRMWARE} for mac in (FIRST, SECOND)}
    hold(fleet)
    assert troubles(fleet, impatient).keys() == {SECOND}
    set_first(firmware="2.4.1")(fleet)
    assert troubles(fleet, impatient).keys() == {SECOND}


def test_staff_read_the_reason_and_what_to_do(fleet: Installation, app: Flask) -> None:
    with fleet.database.writing() as session:
        new = users.NewUser("agent", "agent", Role.AGENT, ADMIN_PASSWORD)
        users.add(session, new, actor="test", now=now())
    client = app.test_client()
    log_in(client, "agent")
    page = client.get("/staff/attention/").get_data(as_text=True)
    assert "Все телефоны в порядке" in page
    check_in(CheckInKind.REFUSED, HOUR / 2, 4)(fleet)
    page = client.get("/staff/attention/?site=Офис").get_data(as_text=True)
    assert f"/staff/devices/{FIRST}" in page
    assert "чужой токен" in page
    assert 'aria-current="page"' in page
    assert SECOND not in page
    assert "Таких телефонов нет" in client.get("/staff/attention/?trouble=silent").get_data(
        as_text=True
    )
    assert client.get("/staff/attention/?trouble=x&page=-1&site=%D1%85").status_code == 200


def test_programs_read_the_same(fleet: Installation) -> None:
    check_in(CheckInKind.REFUSED, HOUR / 2, 4)(fleet)
    done = CliRunner().invoke(attention, ["--json"], obj=lambda: fleet)
    (found,) = json.loads(done.stdout)
    assert (found["mac"], found["trouble"], found["times"]) == (FIRST, "refused", 4)
    none = CliRunner().invoke(attention, ["--trouble", "silent", "--json"], obj=lambda: fleet)
    assert json.loads(none.stdout) == []
