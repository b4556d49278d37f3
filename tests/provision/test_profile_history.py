"""Every change of a profile is kept and can be taken back, secrets included and never shown."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner

from provision import profile_history, profiles
from provision.models import Level
from provision.profile_cli import profile
from provision.profile_history import Change, UnknownChangeError
from provision.profiles import GLOBAL, ChangedSinceError, Link
from provision.vocabulary import Value
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import MAC, NOW, SIP_PASSWORD, Estate

VLAN = "network.vlan"
OWN = Link(Level.DEVICE, MAC, MAC)


@pytest.fixture
def estate(installation: Installation) -> Estate:
    return estates.build(installation)


def put(estate: Estate, link: Link, name: str, text: str) -> None:
    with estate.installation.database.writing() as session:
        profiles.put(session, estate.installation.seal, link, name, text, actor="anna", now=NOW)


def remove(estate: Estate, link: Link, name: str) -> None:
    with estate.installation.database.writing() as session:
        profiles.remove(session, link, name, actor="anna", now=NOW)


def undo(estate: Estate, number: int) -> None:
    with estate.installation.database.writing() as session:
        profiles.undo(session, number, actor="boris", now=NOW + timedelta(hours=1))


def changes(estate: Estate, link: Link) -> list[Change]:
    with estate.installation.database.reading() as session:
        return list(profile_history.of_links(session, [link], 100))


def value(estate: Estate, link: Link, name: str) -> Value | None:
    with estate.installation.database.reading() as session:
        found = profiles.resolve(session, [link]).settings.get(name)
        return found.opened(estate.installation.seal) if found else None


def test_each_change_is_kept_with_both_values(estate: Estate) -> None:
    put(estate, GLOBAL, VLAN, "10")
    put(estate, GLOBAL, VLAN, "20")
    put(estate, GLOBAL, VLAN, "20")
    remove(estate, GLOBAL, VLAN)
    assert [(one.old.value, one.new.value, one.actor) for one in changes(estate, GLOBAL)] == [
        (20, None, "anna"),
        (10, 20, "anna"),
        (None, 10, "anna"),
    ]
    assert all(one.name == VLAN for one in changes(estate, GLOBAL))


def test_a_change_is_taken_back_and_that_too(estate: Estate) -> None:
    put(estate, GLOBAL, VLAN, "10")
    put(estate, GLOBAL, VLAN, "20")
    undo(estate, changes(estate, GLOBAL)[0].id)
    assert value(estate, GLOBAL, VLAN) == 10
    (taken_back, changed, made) = changes(estate, GLOBAL)
    assert (taken_back.undoes, taken_back.actor) == (changed.id, "boris")
    undo(estate, taken_back.id)
    assert value(estate, GLOBAL, VLAN) == 20
    with pytest.raises(ChangedSinceError):
        undo(estate, made.id)


def test_what_was_new_is_gone_and_what_was_gone_is_back(estate: Estate) -> None:
    put(estate, GLOBAL, VLAN, "10")
    undo(estate, changes(estate, GLOBAL)[0].id)
    assert value(estate, GLOBAL, VLAN) is None
    undo(estate, changes(estate, GLOBAL)[0].id)
    assert value(estate, GLOBAL, VLAN) == 10


def test_a_secret_comes_back_and_is_in_no_clear_text(estate: Estate) -> None:
    put(estate, OWN, "sip.1.password", "another-One-7")
    last = changes(estate, OWN)[0]
    assert (last.old.value, last.new.value) == (None, None)
    assert SIP_PASSWORD not in repr(last)
    undo(estate, last.id)
    assert value(estate, OWN, "sip.1.password") == SIP_PASSWORD


def test_an_unknown_change_is_not_found(estate: Estate) -> None:
    with pytest.raises(UnknownChangeError):
        undo(estate, 999_999)


def test_commands_show_and_undo_changes(estate: Estate) -> None:
    def run(*arguments: str) -> str:
        done = CliRunner().invoke(profile, arguments, obj=lambda: estate.installation)
        assert done.exit_code == 0, done.output
        return done.stdout

    run("set", VLAN, "7", "--site", "Офис")
    (found,) = json.loads(run("history", "--site", "Офис", "--json"))
    assert (found["name"], found["old"], found["new"]) == (VLAN, None, 7)
    run("undo", str(found["id"]))
    assert len(json.loads(run("history", "--site", "Офис", "--json"))) == 2
    assert SIP_PASSWORD not in run("history", "--device", MAC)
    assert "sip.N.transport" in run("settings")
