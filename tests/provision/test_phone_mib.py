"""The MIB file that people download says what the family file asks and the phones answer."""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from portal.assets import FOLDER
from provision.families.family import Family
from simulator.facts import PhoneFacts, PhoneLine
from simulator.snmp_tree import tree_of

MODULE = "FLATPRO-PHONE-MIB"
FILE = FOLDER / "mibs" / f"{MODULE}.txt"
NAMES = {
    "product": "fpModel.0",
    "hardware": "fpHardware.0",
    "serial": "fpSerial.0",
    "mac": "fpMac.0",
    "firmware": "fpFirmware.0",
    "uptime_s": "fpUptime.0",
    "last_reboot_reason": "fpLastRebootReason.0",
}
LINE_NAMES = {
    "number": "fpSipLineNumber",
    "server": "fpSipLineServer",
    "state": "fpSipLineState",
}


Translate = Callable[..., Sequence[str]]


@pytest.fixture
def translated(tmp_path: Path) -> Translate:
    """What Debian's snmptranslate makes of names with this one file and no other MIB."""
    program = shutil.which("snmptranslate")
    if program is None:
        pytest.skip("Debian's package snmp is not installed")
    (tmp_path / "cert_indexes").mkdir()
    environment = {"PATH": os.environ["PATH"], "SNMP_PERSISTENT_DIR": str(tmp_path)}

    def translate(*arguments: str) -> Sequence[str]:
        command = [program, "-M", str(FILE.parent), "-m", MODULE, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        assert done.stderr == "", "Net-SNMP loads it without a complaint"
        return done.stdout.split()

    return translate


def test_every_oid_that_the_server_asks_has_its_name_in_the_mib(
    flat_phone: Family, translated: Translate
) -> None:
    places = flat_phone.snmp
    assert places is not None
    asked = {
        name: place.oid
        for name, order in places.fields.items()
        for place in order
        if place.mib == MODULE
    }
    assert set(asked) == set(NAMES), "a new fact of the family file needs its object in the MIB"
    given = translated("-On", *(f"{MODULE}::{NAMES[name]}" for name in asked))
    assert list(given) == [f".{oid}" for oid in asked.values()]


def test_the_columns_of_lines_are_those_of_the_table(
    flat_phone: Family, translated: Translate
) -> None:
    assert flat_phone.snmp is not None
    lines = flat_phone.snmp.lines
    assert lines is not None
    assert set(lines.columns) == set(LINE_NAMES)
    given = translated("-On", *(f"{MODULE}::{LINE_NAMES[name]}.2" for name in lines.columns))
    assert list(given) == [f".{lines.oid(name, 2)}" for name in lines.columns]


def test_all_that_a_phone_answers_has_a_name(translated: Translate) -> None:
    facts = PhoneFacts(
        "FP-B2", "A", "S1", "02f1a7000001", "2.4.1", 1.0, "power on", (PhoneLine("101", "pbx"),)
    )
    own = [".".join(map(str, leaf.oid)) for leaf in tree_of(facts).leaves if 32473 in leaf.oid]
    assert len(own) == 11
    for name in translated(*own):
        assert name.startswith(f"{MODULE}::fp"), name


def test_the_file_is_offered_beside_the_documents(client: FlaskClient) -> None:
    page = client.get("/en/docs/search").text
    link = page.split('href="')
    address = next(part.partition('"')[0] for part in link if MODULE in part.partition('"')[0])
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain")
    assert answer.data == FILE.read_bytes()
