"""The commands device and profile, as they print and as they exit."""

import json
import re
from dataclasses import replace
from ipaddress import IPv4Network

import pytest
from click.testing import CliRunner, Result

from provision import profiles, rollouts
from provision.cli import device
from provision.devices import registry
from provision.devices.registry import DeviceExistsError, UnknownDeviceError
from provision.profile_cli import profile
from provision.profiles import GLOBAL, SeveralLevelsError
from provision.readers.networks import ReadOptions
from provision.vocabulary import BadSettingValueError
from simulator.faces import FaceOptions, serve_faces
from simulator.facts import PhoneFacts
from storage.clock import now
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import MAC, NOW, SERIAL, SIP_PASSWORD, Estate


@pytest.fixture
def estate(installation: Installation) -> Estate:
    return estates.build(installation)


def run(estate: Estate, *arguments: str) -> Result:
    """The command as the program runs it; a refusal is raised for the program to print."""
    command = {"device": device, "profile": profile}[arguments[0]]
    found = CliRunner().invoke(command, arguments[1:], obj=lambda: estate.installation)
    if found.exception and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


def document(estate: Estate, *arguments: str) -> object:
    done = run(estate, *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_list_is_an_array_of_objects_as_programs_expect_them(estate: Estate) -> None:
    assert document(estate, "device", "list") == [
        {
            "mac": MAC,
            "serial": SERIAL,
            "product": "FP-B2",
            "hardware": "A",
            "firmware": None,
            "site": "Офис",
            "last_check_in": None,
        }
    ]
    assert document(estate, "device", "list", "--search", "nothing") == []
    assert MAC in run(estate, "device", "list").stdout


def test_a_device_is_added_and_shown(estate: Estate) -> None:
    added = run(
        estate,
        *("device", "add", "--mac", "02-F1-A7-00-00-02", "--serial", "X 1", "--product", "FP-B2"),
        *("--hw", "B", "--site", "Офис", "--group", "lab", "--channel", "testing"),
    )
    assert added.exit_code == 0
    assert added.stdout == ""
    shown = document(estate, "device", "show", "x1")
    assert isinstance(shown, dict)
    assert (shown["mac"], shown["hardware"], shown["group"]) == ("02f1a7000002", "B", "lab")
    assert (shown["channel"], shown["organisation"]) == ("testing", "Ромашка")
    with pytest.raises(DeviceExistsError):
        run(estate, "device", "add", "--mac", MAC, "--product", "FP-B2", "--hw", "A")
    with pytest.raises(UnknownDeviceError):
        run(estate, "device", "show", "nobody")


@pytest.mark.parametrize("whom", [(MAC,), ("--all",), ("--site", "Офис")])
def test_a_new_token_is_printed_once_and_opens(estate: Estate, whom: tuple[str, ...]) -> None:
    done = run(estate, "device", "credential", *whom, "--new", "--json")
    (row,) = json.loads(done.stdout)
    assert row["mac"] == MAC
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", row["token"])
    listed = run(estate, "device", "credential", *whom).stdout
    assert row["token"] not in listed
    assert "token" in listed


def test_a_new_password_can_be_asked_for(estate: Estate) -> None:
    (row,) = json.loads(
        run(estate, "device", "credential", MAC, "--new", "--password", "--json").stdout
    )
    assert row["password"] != estate.password


def test_credentials_of_nobody_are_wrong_usage(estate: Estate) -> None:
    assert run(estate, "device", "credential", "--new").exit_code == 2


def test_a_preview_masks_secrets(estate: Estate) -> None:
    text = run(estate, "device", "preview", SERIAL).stdout
    assert text.startswith("#!flatphone 1\n")
    assert 'number = "101"' in text
    assert SIP_PASSWORD not in text


def test_settings_are_set_shown_listed_and_unset(estate: Estate) -> None:
    assert run(estate, "profile", "set", "network.vlan", "20", "--site", "Офис").exit_code == 0
    run(estate, "profile", "set", "network.vlan", "30")
    shown = document(estate, "profile", "show", MAC)
    assert isinstance(shown, list)
    by_name = {row["name"]: row for row in shown}
    assert by_name["network.vlan"] == {
        "name": "network.vlan",
        "value": 20,
        "level": "site",
        "of": "Офис",
    }
    assert by_name["sip.1.password"]["value"] == "••••"
    assert SIP_PASSWORD not in run(estate, "profile", "list").stdout
    run(estate, "profile", "unset", "network.vlan", "--site", "Офис")
    listed = document(estate, "profile", "list")
    assert isinstance(listed, list)
    assert [row["value"] for row in listed if row["name"] == "network.vlan"] == [30]
    with pytest.raises(BadSettingValueError):
        run(estate, "profile", "set", "network.vlan", "many")
    with pytest.raises(SeveralLevelsError):
        run(estate, "profile", "set", "network.vlan", "1", "--site", "Офис", "--group", "lab")


class Phone:
    def facts(self) -> PhoneFacts:
        return PhoneFacts("FP-B2", "A", SERIAL, MAC, "2.3.1", 42.0, "power on")

    def resync(self) -> None: ...

    def reboot(self) -> None: ...


def test_reading_prints_what_each_way_told_and_fails_when_none_did(estate: Estate) -> None:
    networks = ReadOptions(networks=(IPv4Network("127.0.0.0/24"),))
    place = replace(estate.installation, options={ReadOptions: networks})
    readable = replace(estate, installation=place)
    with serve_faces(Phone(), FaceOptions(snmp_community="public")) as faces:
        with place.database.writing() as session:
            registry.get(session, MAC).address = "127.0.0.1"
            for name, text in (
                ("read.snmp_community", "public"),
                ("read.snmp_port", str(faces.snmp_port)),
                ("read.http_user", "admin"),
                ("read.http_port", "9"),
            ):
                profiles.put(session, place.seal, GLOBAL, name, text, actor="test", now=NOW)
        told = document(readable, "device", "read", MAC)
        assert isinstance(told, dict)
        assert (told["serial"], told["firmware"], told["mac"]) == (SERIAL, "2.3.1", MAC)
        assert (told["verdict"], told["address"]) == ("matched", "127.0.0.1")
        assert [one["error"] for one in told["readings"]] == [None, "phone-unreachable"]
        people = run(readable, "device", "read", "127.0.0.1", "--via", "snmp")
        assert people.exit_code == 0
        assert "2.3.1" in people.stdout
        assert "matched" in people.stdout
    silent = run(readable, "device", "read", MAC, "--via", "http")
    assert silent.exit_code == 1
    assert silent.stdout == ""
    assert silent.stderr.startswith("HTTP: ")
    assert run(readable, "device", "read", MAC, "--port", "9").exit_code == 2


def test_credentials_are_ended_by_kind_or_all_at_once(estate: Estate) -> None:
    assert document(estate, "device", "credential", MAC, "--revoke", "--kind", "password") == [
        {"mac": MAC, "ended": 1}
    ]
    assert document(estate, "device", "credential", MAC, "--revoke") == [{"mac": MAC, "ended": 1}]
    assert run(estate, "device", "credential", MAC, "--new", "--revoke").exit_code == 2
    assert run(estate, "device", "credential", MAC, "--kind", "token").exit_code == 2


def test_a_phone_is_held_let_go_and_kept_at_a_version(estate: Estate) -> None:
    run(estate, "device", "hold", MAC, "--reason", "в ремонте")
    with estate.installation.database.reading() as session:
        held = rollouts.held(session, registry.get(session, MAC), now())
        assert held is not None
        assert held.reason == "в ремонте"
    run(estate, "device", "release", MAC)
    run(estate, "device", "pin", MAC, "2.4.1")
    with estate.installation.database.reading() as session:
        assert rollouts.held(session, registry.get(session, MAC), now()) is None
        assert registry.get(session, MAC).pinned_version == "2.4.1"
    run(estate, "device", "pin", MAC)
    with estate.installation.database.reading() as session:
        assert registry.get(session, MAC).pinned_version is None
