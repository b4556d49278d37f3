"""The profile chain: the nearest level wins, says where from, and keeps secrets sealed."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from accounts.models import AuditEntry
from accounts.users import UnknownSiteError
from provision import profiles
from provision.devices import registry
from provision.devices.registry import UnknownDeviceError
from provision.models import Level, ProfileSetting
from provision.profiles import GLOBAL, Link, SeveralLevelsError, UnknownSettingError
from storage.installation import Installation
from storage.sealed import Seal, UnsealError
from tests.provision import estate as estates
from tests.provision.estate import MAC, NOW, SIP_PASSWORD, Estate

NAME = "network.vlan"


@pytest.fixture
def estate(installation: Installation) -> Estate:
    made = estates.build(installation)
    with installation.database.writing() as session:
        registry.get(session, MAC).group_name = "лаборатория"
    return made


def links(estate: Estate) -> dict[Level, Link]:
    with estate.installation.database.reading() as session:
        named = (
            profiles.link_for(session),
            profiles.link_for(session, product="FP-B2"),
            profiles.link_for(session, organisation="Ромашка"),
            profiles.link_for(session, site="Офис"),
            profiles.link_for(session, group="лаборатория"),
            profiles.link_for(session, device="02:F1:A7:00:00:01"),
        )
    return {link.level: link for link in named}


def put(estate: Estate, link: Link, name: str, text: str) -> None:
    with estate.installation.database.writing() as session:
        profiles.put(session, estate.installation.seal, link, name, text, actor="engineer", now=NOW)


def resolved(estate: Estate) -> profiles.Profile:
    with estate.installation.database.reading() as session:
        return profiles.resolve(session, profiles.chain_of(registry.get(session, MAC)))


def test_each_level_wins_over_the_one_before_and_says_so(estate: Estate) -> None:
    named = links(estate)
    assert list(named) == list(Level)
    for number, level in enumerate(Level, start=1):
        put(estate, named[level], NAME, str(number))
        winner = resolved(estate).settings[NAME]
        assert (winner.value, winner.link.level) == (number, level)
    before = resolved(estate).overridden[NAME]
    assert [setting.value for setting in before] == [1, 2, 3, 4, 5]
    assert resolved(estate).settings[NAME].link.label == MAC


def test_settings_of_others_have_no_say(estate: Estate) -> None:
    put(estate, Link(Level.SITE, "999"), NAME, "7")
    put(estate, Link(Level.DEVICE, "02f1a7000002"), NAME, "8")
    assert NAME not in resolved(estate).settings


def test_a_value_set_again_replaces_and_a_removed_one_gives_way(estate: Estate) -> None:
    device = links(estate)[Level.DEVICE]
    put(estate, GLOBAL, NAME, "1")
    put(estate, device, NAME, "2")
    put(estate, device, NAME, "3")
    assert resolved(estate).settings[NAME].value == 3
    with estate.installation.database.writing() as session:
        profiles.remove(session, device, NAME, actor="engineer", now=NOW)
    assert resolved(estate).settings[NAME].value == 1
    with pytest.raises(UnknownSettingError), estate.installation.database.writing() as session:
        profiles.remove(session, device, NAME, actor="engineer", now=NOW)


def test_a_secret_is_sealed_at_rest_and_opens_only_in_its_own_place(estate: Estate) -> None:
    found = resolved(estate)
    secret = found.settings["sip.1.password"]
    assert secret.is_secret
    assert secret.value is None
    assert SIP_PASSWORD not in repr(secret)
    assert found.opened(estate.installation.seal)["sip.1.password"] == SIP_PASSWORD
    with pytest.raises(UnsealError):
        secret.opened(Seal(b"x" * 32))
    elsewhere = replace(secret, link=Link(Level.DEVICE, "02f1a7000002"))
    with pytest.raises(UnsealError):
        elsewhere.opened(estate.installation.seal)


def test_neither_a_row_nor_the_audit_trail_holds_a_secret(estate: Estate) -> None:
    with estate.installation.database.reading() as session:
        rows = session.scalars(select(ProfileSetting)).all()
        entries = session.scalars(select(AuditEntry)).all()
    held = repr([vars(row) for row in (*rows, *entries)])
    assert SIP_PASSWORD not in held
    assert "sip.1.password" in held


def test_a_plain_setting_can_be_read_by_all(estate: Estate) -> None:
    put(estate, GLOBAL, NAME, "20")
    with estate.installation.database.reading() as session:
        settings = profiles.every(session)
    shown = [(setting.link.level, setting.name, setting.value) for setting in settings]
    assert shown == [
        (Level.GLOBAL, NAME, 20),
        (Level.DEVICE, "sip.1.number", "101"),
        (Level.DEVICE, "sip.1.password", None),
    ]
    assert [setting.name for setting in resolved(estate)] == [
        NAME,
        "sip.1.number",
        "sip.1.password",
    ]


def test_owners_are_shown_by_their_names(estate: Estate) -> None:
    for link in links(estate).values():
        put(estate, link, NAME, "20")
    put(estate, Link(Level.SITE, "999"), NAME, "7")
    with estate.installation.database.reading() as session:
        labels = [s.link.label for s in profiles.every(session) if s.name == NAME]
    assert labels == ["", "FP-B2", "Ромашка", "Офис", "999", "лаборатория", MAC]


def test_one_level_is_named_at_a_time_and_it_exists(estate: Estate) -> None:
    with estate.installation.database.reading() as session:
        with pytest.raises(SeveralLevelsError):
            profiles.link_for(session, product="FP-B2", site="Офис")
        with pytest.raises(UnknownSiteError):
            profiles.link_for(session, site="Луна")
        with pytest.raises(UnknownDeviceError):
            profiles.link_for(session, device="02f1a7000009")
