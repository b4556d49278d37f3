"""The fleet file and the state beside it: read strictly, written whole, for their owner alone."""

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from simulator.facts import Network, PhoneLine, Quality, Trouble
from simulator.faults import Fault
from simulator.fleet_file import (
    FleetFileError,
    FleetPlan,
    PhonePlan,
    load_fleet,
    readable_by_others,
    save_fleet,
)
from simulator.fleet_state import FleetStateError, load_states, save_states, state_path
from simulator.hostile_faces import Hostility
from simulator.identity import LabelError, PhoneIdentity
from simulator.phone import PhoneState
from simulator.provisioning import PasswordCredential, TokenCredential
from simulator.refusal import RefusedError
from simulator.snmp_v3 import UserSecurity

PHONE = {
    "address": "127.0.77.1",
    "mac": "02f1a7000001",
    "serial": "S1",
    "product": "FP-B2",
    "hardware": "A",
    "firmware": "2.3.0",
    "token": "t0ken",
}
FLEET = {
    "format": 1,
    "server": "http://127.0.0.1:8081",
    "online_keys": ["k"],
    "firmware_keys": [],
    "phones": [PHONE],
}


def written(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value))
    return path


def test_a_short_fleet_file_is_enough(tmp_path: Path) -> None:
    plan = load_fleet(written(tmp_path / "fleet.json", FLEET))
    assert (plan.snmp_port, plan.http_port, plan.snmp_community) == (None, None, "public")
    assert plan.phones[0].credential == TokenCredential("t0ken")
    assert plan.phones[0].network == Network("127.0.77.1")


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    identity = PhoneIdentity("02f1a7000001", "S1", "FP-B2", "A", "2.3.0")
    phone = PhonePlan("127.0.77.1", identity, TokenCredential("t"), network=Network("127.0.77.1"))
    other = replace(
        phone,
        identity=replace(identity, mac="02f1a7000002"),
        credential=PasswordCredential("п"),
        http_password="h",
        cut_after_bytes=9,
        lines=(PhoneLine("101", "pbx", "unregistered"),),
        network=Network("127.0.77.1", 7, 3, "sw"),
    )
    plan = FleetPlan(
        server="http://127.0.0.1:8081",
        phones=(phone, other),
        online_keys=("a",),
        firmware_keys=("b", "c"),
        snmp_port=16161,
        http_port=18088,
        snmp_community="c",
        snmp_v3=UserSecurity("u", "12345678", "12345678"),
        http_user="root",
        time_scale=60.0,
    )
    path = tmp_path / "fleet.json"
    save_fleet(plan, path)
    assert load_fleet(path) == plan
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not readable_by_others(path)
    path.chmod(0o640)
    assert readable_by_others(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["fleet.json"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": 2}, "format 2"),
        ({"server": "https://x"}, "no absolute http address"),
        ({"server": "http://x/p"}, "path"),
        ({"server": None}, "server is no text"),
        ({"snmp_port": 70_000}, "snmp_port"),
        ({"http_port": "18088"}, "http_port"),
        ({"online_keys": [1]}, "online_keys"),
        ({"time_scale": 0}, "time_scale"),
        ({"time_scale": "fast"}, "time_scale"),
        ({"snmp_v3": {"user": "u", "auth_password": "short", "priv_password": "12345678"}}, "8"),
        ({"phones": {}}, "phones"),
        ({"phones": ["x"]}, r"phones\[0\]"),
        ({"phones": [{**PHONE, "token": None}]}, r"phones\[0\]: exactly one"),
        ({"phones": [{**PHONE, "password": "p"}]}, "exactly one"),
        ({"phones": [{**PHONE, "mac": "x"}]}, "MAC"),
        ({"phones": [PHONE, PHONE]}, "twice"),
        ({"phones": [{**PHONE, "lines": [{}]}]}, r"lines\[0\]: number"),
    ],
)
def test_a_wrong_fleet_file_is_refused_with_the_place(
    tmp_path: Path, change: dict[str, object], told: str
) -> None:
    with pytest.raises((FleetFileError, LabelError, RefusedError), match=told):
        load_fleet(written(tmp_path / "fleet.json", {**FLEET, **change}))


def test_a_fleet_file_that_is_none_is_refused(tmp_path: Path) -> None:
    for text in (None, "{", "[]"):
        if text is not None:
            (tmp_path / "fleet.json").write_text(text)
        with pytest.raises(FleetFileError):
            load_fleet(tmp_path / "fleet.json")


def test_states_come_back_as_they_were(tmp_path: Path) -> None:
    path = state_path(tmp_path / "fleet.json")
    assert path.name == "fleet.json.state.json"
    assert load_states(path) == {}
    states = {
        "02f1a7000001": PhoneState("2.4.1", '"e"', {"stable": 7}, cut_done=True, last_error="x"),
        "02f1a7000002": PhoneState("2.3.0"),
    }
    save_states(states, path)
    assert load_states(path) == states
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "value",
    [
        [],
        {"format": 2, "phones": {}},
        {"format": 1, "phones": {"m": {"firmware": "1", "manifest_serials": {}, "cut_done": 1}}},
    ],
)
def test_a_broken_state_file_is_refused_rather_than_forgotten(
    tmp_path: Path, value: object
) -> None:
    with pytest.raises(FleetStateError):
        load_states(written(tmp_path / "s.json", value))
    (tmp_path / "s.json").write_text("{")
    with pytest.raises(FleetStateError):
        load_states(tmp_path / "s.json")


def test_what_is_wrong_with_a_phone_on_purpose_survives_the_file(tmp_path: Path) -> None:
    trouble = Trouble(
        -90.5,
        "2026-12-01T00:00:00Z",
        600.0,
        "brownout",
        keeps_settings=True,
        hostile=Hostility.DRIP,
    )
    plan = load_fleet(written(tmp_path / "short.json", FLEET))
    assert (plan.phones[0].quality, plan.phones[0].trouble) == (Quality(), Trouble())
    phone = replace(plan.phones[0], quality=Quality(2.9, 6.5, 48.0), trouble=trouble)
    save_fleet(replace(plan, phones=(phone,)), tmp_path / "fleet.json")
    assert load_fleet(tmp_path / "fleet.json").phones == (phone,)


def test_a_restart_every_no_seconds_is_refused(tmp_path: Path) -> None:
    phone = {**PHONE, "trouble": {"reboot_every_s": 0}}
    with pytest.raises(FleetFileError):
        load_fleet(written(tmp_path / "fleet.json", {**FLEET, "phones": [phone]}))


def test_a_hostility_that_there_is_not_is_refused(tmp_path: Path) -> None:
    phone = {**PHONE, "trouble": {"hostile": "rude"}}
    with pytest.raises(FleetFileError):
        load_fleet(written(tmp_path / "fleet.json", {**FLEET, "phones": [phone]}))


def test_how_a_phone_breaks_survives_the_file_and_any_other_word_is_refused(
    tmp_path: Path,
) -> None:
    plan = load_fleet(
        written(
            tmp_path / "fleet.json",
            {**FLEET, "phones": [{**PHONE, "fault": "comes-back-old"}]},
        )
    )
    assert plan.phones[0].fault is Fault.COMES_BACK_OLD
    save_fleet(plan, tmp_path / "again.json")
    assert load_fleet(tmp_path / "again.json") == plan
    wrong = {**FLEET, "phones": [{**PHONE, "fault": "explodes"}]}
    with pytest.raises(FleetFileError, match="fault"):
        load_fleet(written(tmp_path / "wrong.json", wrong))
