"""Many phones in one process, from the command line as an operator starts them."""

import asyncio
import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from requests.auth import HTTPDigestAuth

from portal import demo
from simulator import __main__ as command
from simulator.fleet import Fleet, Verdict
from simulator.fleet_file import FleetPlan, PhonePlan, save_fleet
from simulator.fleet_state import load_states, state_path
from simulator.phone import SimulatedPhone
from simulator.provisioning import TokenCredential
from tests.ports import free_port
from tests.waiting import until

if TYPE_CHECKING:
    from conftest import Vendor

ROOT = Path(command.__file__).parents[1]
MACS = ("02f1a7000001", "02f1a7000002", "02f1a7000003")


def plan_of(vendor: "Vendor", **changes: object) -> FleetPlan:
    """Three phones; the vendor knows the first by its token, the third by none."""
    phones = tuple(
        PhonePlan(
            address=f"127.0.77.{number}",
            identity=vendor.identity(mac=mac, serial=f"S{number}"),
            credential=TokenCredential(vendor.token if number < 3 else "unknown"),
            http_password="page",
            cut_after_bytes=1000 if number == 1 else None,
        )
        for number, mac in enumerate(MACS, 1)
    )
    plan = {
        "server": vendor.url,
        "phones": phones,
        "online_keys": (vendor.online.public,),
        "firmware_keys": (vendor.offline.public,),
        "snmp_port": free_port(),
        "http_port": free_port(),
    }
    return FleetPlan(**{**plan, **changes})


@pytest.fixture
def three(vendor: "Vendor") -> "Vendor":
    """A vendor that knows all three phones."""
    for mac in MACS[1:]:
        boot = vendor.closed("#!flatphone 1\n[provisioning]\n")
        vendor.serve(f"/p/{mac}.cfg", boot)
        vendor.pages[f"/p/{vendor.token}/{mac}.cfg"] = vendor.configuration
    return vendor


@pytest.fixture
def fleet_file(three: "Vendor", tmp_path: Path) -> Path:
    path = tmp_path / "fleet.json"
    save_fleet(plan_of(three), path)
    return path


@contextlib.contextmanager
def running(fleet_file: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    arguments = [sys.executable, "-m", "simulator", "--fleet", str(fleet_file), *options]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_a_fleet_settles_answers_and_ends_when_told(
    fleet_file: Path, tmp_path: Path, leeway: float
) -> None:
    settled = tmp_path / "settled"
    options = ["--until-settled", "--settle-timeout", "60", "--settled-file", str(settled)]
    settled.touch()
    http_port = json.loads(fleet_file.read_text())["http_port"]
    with running(fleet_file, *options) as process:
        assert process.stdout is not None
        lines = []
        while not lines or "settled" not in lines[-1]:
            lines.append(process.stdout.readline())
        until(settled.exists)
        page = f"http://127.0.77.2:{http_port}/api/v1/status"
        status = requests.get(page, auth=HTTPDigestAuth("admin", "page"), timeout=20).json()
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert time.monotonic() - began < 2 * leeway
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert (status["mac"], status["firmware"]) == (MACS[1], "2.4.1")
    told = "".join(lines)
    resumed = r"^\d\d:\d\d:\d\d 02f1a7000001 download resumed: from byte 1000$"
    assert re.search(resumed, told, re.MULTILINE)
    assert "02f1a7000003 refused: UnexpectedAnswerError: 404" in told
    assert lines[-1].endswith("settled: 2 well, 1 refused, 0 not served\n")


def test_a_fleet_that_nobody_watches_runs_until_told(fleet_file: Path) -> None:
    with running(fleet_file) as process:
        assert process.stdout is not None
        assert "booted: 2.3.0, power on" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, warned = process.communicate(timeout=30)
        assert (process.returncode, warned) == (0, "")
    assert "settled" not in rest


def test_a_second_start_goes_on_where_the_first_ended(
    fleet_file: Path, three: "Vendor", tmp_path: Path
) -> None:
    arguments = ["--fleet", str(fleet_file), "--exit-when-settled", "--settled-file"]
    marker = str(tmp_path / "settled")
    assert command.main([*arguments, marker]) == 1
    states = load_states(state_path(fleet_file))
    assert [states[mac].firmware for mac in MACS] == ["2.4.1", "2.4.1", "2.3.0"]
    assert states[MACS[0]].manifest_serials == {"stable": 7}
    assert states[MACS[0]].cut_done
    assert "404" in (states[MACS[2]].last_error or "")
    before = len(three.downloads())
    three.pages[f"/p/unknown/{MACS[2]}.cfg"] = three.configuration
    assert command.main([*arguments, marker, "--time-scale", "60"]) == 0
    assert len(three.downloads()) == before + 1


def test_ports_that_are_taken_are_named_once_and_done_without(
    fleet_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ports = json.loads(fleet_file.read_text())
    stage = demo.Stage(fleet_file, tmp_path / "settled")
    arguments = ["--fleet", str(fleet_file), "--exit-when-settled"]
    arguments += ["--settled-file", str(stage.settled_file)]
    with contextlib.ExitStack() as taken:
        for number in (1, 2, 3):
            wire = taken.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            wire.bind((f"127.0.77.{number}", ports["snmp_port"]))
            page = taken.enter_context(socket.socket())
            page.bind((f"127.0.77.{number}", ports["http_port"]))
        assert command.main(arguments) == 1
    told = capsys.readouterr()
    assert "settled: 2 well, 1 refused" in told.out
    snmp, http = told.err.strip().split("\n")
    assert f"SNMP port {ports['snmp_port']} cannot be opened on 127.0.77.1, 127.0.77.2" in snmp
    assert "these phones go on without SNMP" in snmp
    assert f"HTTP port {ports['http_port']} cannot be opened on 127.0.77.1, 127.0.77.2" in http
    # The demo's server tells the same on its standard output.
    assert [f"simulator: {line}" for line in stage.wait_until_settled()] == [snmp, http]


def test_phones_that_nobody_serves_do_not_settle(
    fleet_file: Path, three: "Vendor", capsys: pytest.CaptureFixture[str]
) -> None:
    three.serve(f"/p/{MACS[0]}.cfg", status=503)
    arguments = ["--fleet", str(fleet_file), "--exit-when-settled", "--settle-timeout", "4"]
    assert command.main(arguments) == 1
    assert "settled: 1 well, 1 refused, 1 not served" in capsys.readouterr().out


def test_a_phone_that_fails_by_our_own_fault_leaves_the_others_alive(
    three: "Vendor", tmp_path: Path
) -> None:
    warned: list[str] = []

    async def run() -> Verdict:
        plan = plan_of(three, snmp_port=None, http_port=None)
        fleet = Fleet(plan, tmp_path / "s.json", say=lambda _: None, warn=warned.append)
        broken = fleet.phones[MACS[2]]
        assert isinstance(broken, SimulatedPhone)
        del broken._trust, broken._credential
        await fleet.start()
        verdict = await fleet.settled(60)
        await fleet.stop()
        return verdict

    assert asyncio.run(run()) == Verdict(2, 1, 0)
    assert len(warned) == 1
    assert "02f1a7000003 stopped by a fault of the simulator: AttributeError" in warned[0]


def test_a_state_that_cannot_be_saved_is_said_and_lived_with(
    three: "Vendor", tmp_path: Path
) -> None:
    warned: list[str] = []

    async def run() -> Verdict:
        plan = plan_of(three, snmp_port=None, http_port=None)
        fleet = Fleet(plan, tmp_path / "none" / "s", say=lambda _: None, warn=warned.append)
        await fleet.start()
        verdict = await fleet.settled(60)
        await fleet.stop()
        return verdict

    assert asyncio.run(run()).well == 2
    assert "the phones' state is not saved" in warned[-1]


def test_an_empty_fleet_is_settled_at_once(three: "Vendor", tmp_path: Path) -> None:
    async def run() -> Verdict:
        plan = plan_of(three, phones=())
        fleet = Fleet(plan, tmp_path / "s.json", say=str, warn=str)
        return await fleet.settled(5)

    assert asyncio.run(run()) == Verdict(0, 0, 0)


def test_wrong_usage_and_unreadable_files_are_one_line(
    tmp_path: Path, fleet_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--fleet", str(tmp_path / "none.json")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    with pytest.raises(SystemExit) as usage:
        command.main(["--fleet", str(fleet_file), "--time-scale", "0"])
    assert usage.value.code == 2
    plan = json.loads(fleet_file.read_text())
    fleet_file.write_text(json.dumps({**plan, "online_keys": ["x"]}))
    fleet_file.chmod(0o644)
    assert command.main(["--fleet", str(fleet_file)]) == 1
    told = capsys.readouterr().err
    assert "others may read it" in told
    assert "no minisign public key: 'x'" in told
