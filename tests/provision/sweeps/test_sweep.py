"""Sweeps end to end: found and judged, paced, paused, killed and resumed, and never elsewhere."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner, Result

from portal.settings import Settings
from provision.devices.identity import MacAddress, SerialNumber
from provision.devices.readings import MatchVerdict
from provision.readers.errors import NoCredentialError, RangeNotAllowedError
from provision.readers.facts import DeviceFacts
from provision.readers.snmp_question import question
from provision.readers.snmp_sweep import Pace, Sweep
from provision.sweeps import conducting, results, route
from provision.sweeps.cli import sweep
from provision.sweeps.conducting import NewSweep, UnknownSweepError
from provision.sweeps.models import SweepState
from provision.sweeps.scanning import Swept
from storage.clock import now
from storage.installation import Installation
from tests.provision.estate import MAC, NOW, SERIAL
from tests.provision.sweeps.conftest import Street

NET = "127.0.88.0/28"
OTHER_SERIAL = "FP2648B2AAAAAA6"


def start(ours: Installation, street: Street, *networks: str, **more: object) -> int:
    made = {"rate": 20_000, "timeout_s": 0.4, "retries": 1, "community": "public", **more}
    new = NewSweep(networks or (NET,), port=street.port, **made)
    with ours.database.writing() as session:
        return conducting.start(session, ours, new, actor="test", now=NOW)


def found(ours: Installation, number: int) -> dict[str, str]:
    with ours.database.reading() as session:
        return {one.address: one.verdict for one in results.listed(session, number)}


def run(ours: Installation, *arguments: str) -> Result:
    done = CliRunner().invoke(sweep, arguments, obj=lambda: ours)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_phones_are_found_and_judged_against_the_register(
    ours: Installation, street: Street
) -> None:
    street.phone("127.0.88.1", SERIAL, MAC)
    street.phone("127.0.88.2", OTHER_SERIAL, MAC)
    street.phone("127.0.88.3", OTHER_SERIAL, "02f1a7000099")
    street.phone("127.0.88.4", SERIAL, "02f1a7000099")
    street.houses["127.0.88.5"] = {}
    number = start(ours, street)
    done = conducting.walk(ours, number)
    assert (done.state, done.scanned, done.found) == (SweepState.DONE, 16, 5)
    assert found(ours, number) == {
        "127.0.88.1": MatchVerdict.MATCHED,
        "127.0.88.2": MatchVerdict.SERIAL_DIFFERS,
        "127.0.88.3": MatchVerdict.NEW,
        "127.0.88.4": MatchVerdict.MAC_DIFFERS,
        "127.0.88.5": MatchVerdict.NAMELESS,
    }


def test_a_phone_that_speaks_only_standard_mibs_is_known_by_them(
    ours: Installation, street: Street
) -> None:
    street.phone("127.0.88.1", SERIAL, MAC)
    moved = {
        "1.3.6.1.2.1.47.1.1.1.1.11.1": street.houses["127.0.88.1"]["1.3.6.1.4.1.32473.1.3.0"],
    }
    street.houses["127.0.88.1"] = moved
    number = start(ours, street)
    conducting.walk(ours, number)
    assert found(ours, number) == {"127.0.88.1": MatchVerdict.MATCHED}


def test_the_silent_are_asked_again_and_only_they(ours: Installation, street: Street) -> None:
    street.phone("127.0.88.1", SERIAL, MAC)
    street.phone("127.0.88.2", OTHER_SERIAL, "02f1a7000099")
    street.deaf["127.0.88.2"] = 1
    number = start(ours, street)
    conducting.walk(ours, number)
    assert set(found(ours, number)) == {"127.0.88.1", "127.0.88.2"}
    assert street.asked["127.0.88.1"] == 1
    assert street.asked["127.0.88.2"] == 2
    assert street.asked["127.0.88.9"] == 2


def test_liars_cost_their_own_timeout_and_are_not_believed(
    ours: Installation, street: Street, leeway: float
) -> None:
    for last in range(1, 8):
        street.phone(f"127.0.88.{last}", SERIAL, MAC)
    street.spoil = {
        "127.0.88.1": lambda good: [good[:-3]],
        "127.0.88.2": lambda good: [b"\x30\x80" + good[2:]],
        "127.0.88.3": lambda good: [good.replace(b"public", b"secret")],
        "127.0.88.4": lambda good: [b"", b"\xff" * 1400, good, good],
        "127.0.88.5": lambda good: [good.replace(b"\x2b\x06\x01\x04", b"\x2b\x06\x01\x05")],
        "127.0.88.6": lambda _good: [],
    }
    number = start(ours, street)
    began = time.monotonic()
    conducting.walk(ours, number)
    assert time.monotonic() - began < 5 * leeway
    verdicts = found(ours, number)
    assert verdicts.pop("127.0.88.4") == MatchVerdict.MATCHED
    assert verdicts.pop("127.0.88.7") == MatchVerdict.MATCHED
    assert set(verdicts.values()) <= {MatchVerdict.NAMELESS}


def test_an_answer_from_elsewhere_or_with_another_id_is_dropped(street: Street) -> None:
    def other_id(good: bytes) -> list[bytes]:
        at = good.index(b"\x02\x04") + 2
        return [good[:at] + b"\x40\0\0\1" + good[at + 4 :]]

    for last in (1, 2, 3):
        street.phone(f"127.0.88.{last}", SERIAL, MAC)
    street.spoil["127.0.88.1"] = other_id
    street.moved["127.0.88.2"] = "127.0.88.9"
    asked = question("public", ["1.3.6.1.4.1.32473.1.3.0"])
    addresses = [f"127.0.88.{last}" for last in range(1, 10)]
    walked = Sweep(asked, addresses, street.port, Pace(1000, 0.6, 0))
    assert [address for address, _ in walked.run()] == ["127.0.88.3"]
    assert walked.tally.stray == 2


def test_a_sweep_outside_the_read_networks_is_refused(ours: Installation, street: Street) -> None:
    for network in ("10.0.0.0/24", "127.0.87.0/24", "127.0.0.0/16", "0.0.0.0/16"):
        with pytest.raises(RangeNotAllowedError):
            start(ours, street, NET, network)


def test_a_sweep_without_a_community_is_refused(ours: Installation, street: Street) -> None:
    with pytest.raises(NoCredentialError):
        start(ours, street, community=None)


def test_a_paused_sweep_waits_and_goes_on_where_it_was(
    ours: Installation, street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(route, "CHUNK", 4)
    for last in range(16):
        street.phone(f"127.0.88.{last}", f"FP2648B2{last:05}X", f"02f1a70001{last:02x}")
    number = start(ours, street, timeout_s=10)

    def pause(_far: object) -> None:
        with ours.database.writing() as session:
            conducting.pause(session, number, actor="test", now=now())

    halted = conducting.walk(ours, number, pause)
    assert (halted.state, halted.scanned, halted.found) == (SweepState.PAUSED, 4, 4)
    with ours.database.writing() as session:
        conducting.resume(session, number, actor="test", now=now())
    done = conducting.walk(ours, number)
    assert (done.state, done.scanned, done.found) == (SweepState.DONE, 16, 16)
    assert set(street.asked.values()) == {1}


def test_a_second_look_that_is_told_less_takes_nothing_away(
    ours: Installation, street: Street
) -> None:
    number = start(ours, street)
    full = DeviceFacts(serial=SerialNumber.parse(SERIAL), mac=MacAddress.parse(MAC))
    for facts in (full, DeviceFacts(firmware="2.4.2"), None):
        with ours.database.writing() as session:
            results.store(session, number, [Swept("127.0.88.1", "sweep", facts)], NOW)
    with ours.database.reading() as session:
        (row,) = results.listed(session, number)
    assert (row.serial, row.mac, row.firmware) == (SERIAL, MAC, "2.4.2")


def test_the_command_prints_the_document_that_programs_expect(
    ours: Installation, street: Street
) -> None:
    street.phone("127.0.88.1", SERIAL, MAC)
    arguments = ["--rate", "20000", "--timeout", "0.4", "--port", str(street.port)]
    done = run(ours, NET, *arguments, "--community", "public", "--via", "snmp", "--json")
    assert done.exit_code == 0
    document = json.loads(done.stdout)
    assert (document["id"], document["scanned"], document["found"]) == (1, 16, 1)
    assert 0 < document["seconds"] < 60
    (result,) = document["results"]
    assert result["address"] == "127.0.88.1"
    assert result["serial"] == SERIAL
    assert result["product"] == "FP-B2"
    assert result["firmware"] == "2.4.1"
    assert result["mac"] == MAC
    assert result["verdict"] == "matched"
    assert result["lane"] == "sweep"
    assert json.loads(run(ours, "list", "--json").stdout)[0]["found"] == 1
    assert json.loads(run(ours, "show", "1", "--json").stdout)["results"] == [result]
    assert run(ours).exit_code == 2
    with pytest.raises(UnknownSweepError):
        run(ours, "show", "99")


def test_a_spreadsheet_gets_no_formula_from_a_phone(ours: Installation, street: Street) -> None:
    street.phone("127.0.88.1", SERIAL, MAC, firmware='=HYPERLINK("x",1)')
    number = start(ours, street)
    conducting.walk(ours, number)
    done = run(ours, "show", str(number), "--csv")
    assert '"\'=HYPERLINK(""x"",1)"' in done.stdout


WALKER = """
import sys
from portal.installing import open_installation
from portal.settings import Settings
from provision.sweeps import conducting, route
ours = open_installation(Settings(data_dir=sys.argv[1], database_url=sys.argv[2], demo=False))
print("walking", flush=True)
conducting.walk(ours, int(sys.argv[3]), lambda far: print(far.scanned, flush=True))
"""


def test_a_killed_sweep_loses_nothing(
    ours: Installation, settings: Settings, street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(route, "CHUNK", 32)
    for last in range(256):
        street.phone(f"127.0.88.{last}", f"FP2648B2{last:05}X", f"02f1a70001{last:02x}")
    number = start(ours, street, "127.0.88.0/24", rate=200, timeout_s=5)
    command = [sys.executable, "-c", WALKER, settings.data_dir, settings.database_url, str(number)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as walker:
        assert walker.stdout is not None
        while "32" not in walker.stdout.readline():
            assert walker.poll() is None
        walker.send_signal(signal.SIGKILL)
    with ours.database.reading() as session:
        halted = conducting.standing(session, number)
    assert 32 <= halted.scanned < 256
    done = conducting.walk(ours, number)
    assert (done.state, done.scanned, done.found) == (SweepState.DONE, 256, 256)
    assert len(found(ours, number)) == 256
    assert max(street.asked.values()) <= 3
