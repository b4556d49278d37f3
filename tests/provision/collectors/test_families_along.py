"""What a collector was not shipped with comes along with its errand: families, and users of v3."""

from collections.abc import Iterator

import pytest

from provision import profiles
from provision.collectors.agent import CollectorAgent, Settings
from provision.families.family import Families
from provision.families.loading import BUILT_IN, read_only_family, reading_tables
from provision.readers.ways import Via
from provision.reading import phone_reads
from provision.reading.phone_reads import ReadAnswer
from simulator.digest import Login
from simulator.faces import FaceOptions, Faces, serve_faces
from simulator.snmp_v3 import UserSecurity
from storage.clock import now
from tests.provision.collectors.conftest import COMMUNITY, LOOPBACK, PASSWORD, Phone, token_of
from tests.provision.collectors.test_collecting import Working
from tests.provision.estate import MAC, NOW, SERIAL, Estate

OWN = """
name = "workshop"
vendor = "Workshop"
[snmp]
enterprise = 32473
[snmp.fields]
serial = [{ mib = "FLATPRO-PHONE-MIB", oid = "1.3.6.1.4.1.{enterprise}.1.3.0" }]
"""


@pytest.fixture
def faces() -> Iterator[Faces]:
    """The phone of this room, which speaks v3 too."""
    security = UserSecurity("reader", "signing-words", "sealing-words")
    login = Login("admin", PASSWORD)
    options = FaceOptions(snmp_community=COMMUNITY, http_login=login, snmp_v3=security)
    with serve_faces(Phone(), options) as opened:
        yield opened


@pytest.fixture
def working(estate: Estate, server: str, families: Families) -> Working:
    told: list[str] = []
    settings = Settings(server, token_of(estate), LOOPBACK)
    return Working(CollectorAgent(settings, families, told.append), told)


def put(estate: Estate, **settings: str) -> None:
    with estate.installation.database.writing() as session:
        link = profiles.link_for(session, device=MAC)
        for name, text in settings.items():
            full, seal = f"read.{name}", estate.installation.seal
            profiles.put(session, seal, link, full, text, actor="test", now=NOW)


def read(estate: Estate, working: Working) -> ReadAnswer:
    def ask() -> list[ReadAnswer]:
        found = phone_reads.read_phone(
            estate.installation, MAC, asked_by="agent", now=now(), ways=[Via.SNMP]
        )
        return list(found)

    (answer,) = working.while_asked(ask)
    return answer


def test_a_family_of_the_operator_is_read_at_the_site_too(estate: Estate, working: Working) -> None:
    folder = estate.installation.data_dir / "families" / "workshop"
    folder.mkdir(parents=True)
    (folder / "family.toml").write_text(OWN)
    put(estate, family="workshop")
    answer = read(estate, working)
    assert answer.error is None
    assert answer.facts is not None
    assert (answer.facts.vendor, str(answer.facts.serial)) == ("Workshop", SERIAL)
    assert answer.facts.firmware is None, "its file names no firmware"


def test_a_v3_user_reads_through_a_collector_and_the_lane_comes_back(
    estate: Estate, working: Working
) -> None:
    put(
        estate,
        snmp_user="reader",
        snmp_auth_password="signing-words",
        snmp_priv_password="sealing-words",
    )
    answer = read(estate, working)
    assert (answer.error, answer.lane) == (None, "pysnmp")


def test_a_refused_v3_user_is_the_same_answer_as_one_here(estate: Estate, working: Working) -> None:
    put(estate, snmp_user="nobody", snmp_auth_password="signing-words")
    answer = read(estate, working)
    assert answer.error is not None
    assert answer.error.code == "snmp-v3-refused"
    assert "no such user" in answer.error.text("en")


def test_what_goes_along_reads_as_the_whole_file_does(families: Families) -> None:
    whole = families.get("flat_phone")
    part = read_only_family(reading_tables(BUILT_IN / "flat_phone.toml"))
    assert (part.snmp, part.http) == (whole.snmp, whole.http)
    assert part.output.templates == {}
