"""A new phone's first configuration is made before it ever asks, and never instead of another."""

import json
from collections.abc import Mapping

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from jobs.models import Job
from jobs.runner import Runner, Work, Workbook
from provision import credentials, profiles
from provision.cli import device
from provision.devices import registry
from provision.devices.identity import MacAddress
from provision.dialects import families_of, family_of
from provision.enrolment import importing, table
from provision.enrolment.importing import Source
from provision.families.family import Families
from provision.families.identification import PhoneRequest, asked_for, identify
from provision.models import DeviceCredential
from provision.rendered import awaited, stale, work
from provision.rendered.ahead import Workshop
from provision.rendered.awaited import First
from provision.rendered.models import Rendered
from provision.rendered.press_mark import press_mark
from storage.clock import now
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import MAC
from tests.provision.rendered.fetcher import Fetcher

NEW, OTHER = "02f1a7000002", "02f1a7000003"
TABLE = (
    "mac,product,serial,hardware,site,sip.1.number,sip.1.password\n"
    f"{NEW},FP-B2,SN-2,A,Офис,102,other-Secret-43\n"
    f"{OTHER},FP-B2,SN-3,A,Офис,103,other-Secret-44\n"
)
FACTORY = "2.3.1"


@pytest.fixture
def place(phone: Fetcher) -> Installation:
    return phone.estate.installation


def put(place: Installation, name: str, value: str) -> None:
    with place.database.writing() as session:
        profiles.put(session, place.seal, profiles.GLOBAL, name, value, actor="test", now=now())
        work.ask(session, actor="test", now=now())


def take_in(place: Installation) -> Mapping[str, str]:
    """The tokens of the table's phones by MAC."""
    source, read = Source("phones.csv", "0" * 64), table.read(TABLE.encode())
    with importing.taking_in(
        place, read, source, actor="test", now=now(), with_tokens=True
    ) as done:
        return {one.mac: one.token for one in done.issued}


def run_jobs(place: Installation) -> None:
    Runner(place, Workbook(work.HANDLERS)).run_due("test")


def first(place: Installation) -> First:
    with place.database.reading() as session:
        return awaited.first(session, place, now())


def agent(firmware: str, mac: str = NEW, serial: str = "SN-2") -> str:
    return f"FlatPhone/{firmware} (FP-B2; hw A; sn {serial}; mac {mac})"


def target(tokens: Mapping[str, str], mac: str = NEW) -> str:
    return f"/p/{tokens[mac]}/{mac}.cfg"


def kept(place: Installation) -> int:
    with place.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Rendered)) or 0


def test_after_an_import_the_door_has_a_phones_first_configuration(
    phone: Fetcher, place: Installation
) -> None:
    put(place, "firmware.factory", FACTORY)
    tokens = take_in(place)
    assert first(place) == First(0, 2, is_going_on=True)
    run_jobs(place)
    assert first(place) == First(2, 2, is_going_on=False)
    given = phone.by_door(target(tokens), agent(FACTORY))
    assert 'password = "other-Secret-43"' in given.text
    assert tokens[NEW] in given.text
    by_views = phone.by_views(target(tokens), agent(FACTORY), If_None_Match='"other"')
    assert (by_views.data, by_views.headers["ETag"]) == (given.data, given.headers["ETag"])
    etag = given.headers["ETag"]
    assert phone.by_door(target(tokens, OTHER), agent(FACTORY, OTHER, "SN-3")).text != given.text
    assert phone.get(target(tokens), agent(FACTORY), If_None_Match=etag).status_code == 304


def test_a_first_fetch_by_the_door_is_on_record_like_any_other(
    phone: Fetcher, place: Installation
) -> None:
    put(place, "firmware.factory", FACTORY)
    tokens = take_in(place)
    run_jobs(place)
    phone.by_door(target(tokens), agent(FACTORY))
    phone.settle()
    with place.database.reading() as session:
        device = registry.get(session, NEW)
        used = session.scalars(
            select(DeviceCredential).where(DeviceCredential.device_id == device.id)
        ).one()
        assert device.firmware == FACTORY
        assert device.first_seen_at is not None
        assert used.first_used_at is not None
    assert first(place).total == 1
    # What it told made its row stale: it is made anew as for any phone that was here.
    run_look(place)
    phone.by_door(target(tokens), agent(FACTORY))
    put(place, "firmware.factory", "9.9.9")
    run_jobs(place)
    phone.by_door(target(tokens), agent(FACTORY))


def run_look(place: Installation) -> None:
    with place.database.writing() as session:
        work.ask(session, actor="test", now=now())
    run_jobs(place)


def test_the_release_that_is_due_stands_in_it(phone: Fetcher, place: Installation) -> None:
    estates.publish(place, "2.4.1")
    put(place, "firmware.factory", FACTORY)
    tokens = take_in(place)
    run_jobs(place)
    given = phone.by_door(target(tokens), agent(FACTORY))
    assert 'version = "2.4.1"' in given.text
    assert f"/p/{tokens[NEW]}/firmware" in given.text


def test_a_phone_that_says_other_words_is_served_by_them_and_its_place_is_its_own(
    phone: Fetcher, place: Installation
) -> None:
    estates.publish(place, "2.4.1")
    put(place, "firmware.factory", FACTORY)
    tokens = take_in(place)
    run_jobs(place)
    before = kept(place)
    assert "[firmware]" not in phone.by_views(target(tokens), agent("2.4.1")).text
    phone.settle()
    assert kept(place) == before
    phone.by_views(target(tokens), agent(FACTORY))


def test_without_a_word_on_the_factorys_firmware_nothing_is_made_until_there_is_one(
    phone: Fetcher, place: Installation
) -> None:
    tokens = take_in(place)
    run_jobs(place)
    assert first(place) == First(0, 2, is_going_on=False)
    put(place, "firmware.factory", FACTORY)
    run_jobs(place)
    assert first(place).ready == 2
    put(place, "network.vlan", "204")
    put(place, "firmware.factory", "2.3.2")
    run_jobs(place)
    assert 'vlan = "204"' in phone.by_door(target(tokens), agent("2.3.2")).text
    phone.by_views(target(tokens, OTHER), agent(FACTORY, OTHER, "SN-3"))


def test_a_changed_setting_is_in_the_first_configuration(
    phone: Fetcher, place: Installation
) -> None:
    put(place, "firmware.factory", FACTORY)
    tokens = take_in(place)
    run_jobs(place)
    put(place, "network.vlan", "204")
    assert 'vlan = "204"' in phone.by_views(target(tokens), agent(FACTORY)).text
    run_jobs(place)
    given = phone.by_door(target(tokens, OTHER), agent(FACTORY, OTHER, "SN-3"))
    assert 'vlan = "204"' in given.text


def test_a_revoked_token_opens_nothing_that_was_made_for_it(
    phone: Fetcher, place: Installation
) -> None:
    put(place, "firmware.factory", FACTORY)
    tokens = take_in(place)
    run_jobs(place)
    with place.database.writing() as session:
        credentials.revoke(session, registry.get(session, NEW), actor="test", now=now())
    assert phone.by_views(target(tokens), agent(FACTORY)).status_code == 404
    run_look(place)
    assert first(place) == First(1, 1, is_going_on=False)


def test_a_rotated_token_is_left_to_the_views_which_end_the_old_one(
    phone: Fetcher, place: Installation
) -> None:
    put(place, "firmware.factory", FACTORY)
    phone.warm()
    with place.database.writing() as session:
        token = credentials.issue_token(session, registry.get(session, MAC), actor="x", now=now())
        assert awaited.expect(session, place, [(MAC, token)], actor="test", now=now()) == 0
    assert phone.by_views(f"/p/{token}/{MAC}.cfg").status_code == 200
    assert phone.by_views().status_code == 404


def test_a_command_that_issues_tokens_has_first_configurations_made_too(
    phone: Fetcher, place: Installation
) -> None:
    put(place, "firmware.factory", FACTORY)
    with place.database.writing() as session:
        estates.add_phone(session, NEW, "SN-2")
    done = CliRunner().invoke(device, ["credential", NEW, "--new", "--json"], obj=lambda: place)
    (told,) = json.loads(done.stdout)
    run_jobs(place)
    phone.by_door(f"/p/{told['token']}/{NEW}.cfg", agent(FACTORY))


def test_phones_that_never_came_are_made_last_and_a_turn_goes_on_among_them(
    phone: Fetcher, place: Installation
) -> None:
    phone.warm()
    put(place, "firmware.factory", FACTORY)
    take_in(place)
    with place.database.reading() as session:
        mark = press_mark(place)
        listed = stale.devices(session, mark, 9, None)
        assert [one.mac for one in listed] == [MAC, NEW, OTHER]
        assert [one.mac for one in stale.devices(session, mark, 9, listed[0])] == [NEW, OTHER]
        assert [one.mac for one in stale.devices(session, mark, 9, listed[1])] == [OTHER]
        assert stale.devices(session, mark, 1, listed[2]) == []
        job = session.scalars(select(Job).where(Job.kind == work.PREPARE)).one()
    Workshop.of(place).prepare(listed[:2])
    told = {"at": None, "mac": NEW, "total": 3}
    work.prepare(Work(job.id, told, "test", place))
    assert first(place).ready == 2


@pytest.mark.parametrize("mac", [NEW, "02f1a700000a"])
def test_the_words_that_are_expected_are_those_that_its_family_reads(
    installation: Installation, mac: str
) -> None:
    """Of each family that says how a first fetch looks: what it says is understood as meant."""
    families: Families = families_of(installation)
    said = {"product": "FP-B2", "hardware": "A", "serial": "SN-2", "firmware": "2.3.1", "mac": mac}
    found = [family for family in families if family.first_fetch is not None]
    assert family_of(installation) in found
    for family in found:
        assert family.first_fetch is not None
        path = family.first_fetch.path.format(token="t" * 43, mac=mac)
        asked = asked_for(path, families)
        assert asked is not None
        assert asked.kind == "configuration"
        assert asked.mac == MacAddress(mac)
        agent_said = family.first_fetch.agent.format(**said)
        identity = identify(PhoneRequest("GET", path, agent_said, ""), families)
        assert identity.product
        assert identity.hardware
        assert identity.firmware
        assert identity.serial
        assert (identity.product.value, identity.firmware.value) == ("FP-B2", "2.3.1")
        assert (identity.hardware.value, identity.serial.value.text) == ("A", "SN2")
        assert identity.contradictions == ()
