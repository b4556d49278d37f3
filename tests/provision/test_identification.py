from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.devices.identity import MacAddress, SerialNumber
from provision.families.family import Families, PathKind
from provision.families.identification import (
    Claim,
    Identity,
    Origin,
    PhoneRequest,
    Proof,
    Strength,
    asked_for,
    identify,
)
from provision.families.loading import BUILT_IN, load_families

OWN = MacAddress("02f1a7000001")
OTHER = MacAddress("02f1a7000002")
SERIAL = SerialNumber("FP2648B2K7Q2XM6")
AGENT = "FlatPhone/2.4.1 (FP-B2; hw A; sn FP2648B2K7Q2XM6; mac 02f1a7000001)"
TOKEN = "t0ken-_" * 5


def ask(
    families: Families,
    path: str = "/p/02f1a7000001.cfg",
    user_agent: str = AGENT,
    proof: Proof | None = None,
) -> Identity:
    return identify(PhoneRequest("GET", path, user_agent, "127.0.0.1", proof), families)


def test_a_phone_that_proved_nothing_only_claims(families: Families) -> None:
    found = ask(families)
    said = Origin.USER_AGENT, Strength.CLAIMED
    assert found.family == Claim("flat_phone", *said)
    assert found.product == Claim("FP-B2", *said)
    assert found.hardware == Claim("A", *said)
    assert found.serial == Claim(SERIAL, *said)
    assert found.firmware == Claim("2.4.1", *said)
    assert found.mac == Claim(OWN, Origin.PATH, Strength.CLAIMED)
    assert (found.boot_version, found.contradictions) == (None, ())
    assert not found.may_have_secrets


@pytest.mark.parametrize(
    ("origin", "strength"),
    [
        (Origin.TOKEN, Strength.PROVED),
        (Origin.DIGEST, Strength.PROVED),
        (Origin.CERTIFICATE, Strength.CERTIFIED),
    ],
)
def test_a_proof_lends_its_strength_to_what_that_phone_says(
    families: Families, origin: Origin, strength: Strength
) -> None:
    found = ask(families, proof=Proof(origin, OWN))
    assert found.mac == Claim(OWN, origin, strength)
    assert found.firmware == Claim("2.4.1", Origin.USER_AGENT, strength)
    assert found.may_have_secrets


def test_a_user_agent_without_the_proved_mac_stays_a_claim(families: Families) -> None:
    found = ask(families, user_agent="FlatPhone/2.4.1", proof=Proof(Origin.TOKEN, OWN))
    assert found.firmware == Claim("2.4.1", Origin.USER_AGENT, Strength.CLAIMED)
    assert found.may_have_secrets


def test_a_certificate_tells_the_serial_before_the_phone_does(families: Families) -> None:
    other = SerialNumber("FP2648B2000000X")
    found = ask(families, proof=Proof(Origin.CERTIFICATE, OWN, other))
    assert found.serial == Claim(other, Origin.CERTIFICATE, Strength.CERTIFIED)
    assert [(one.field, len(one.claims)) for one in found.contradictions] == [("serial", 2)]
    assert found.may_have_secrets


@pytest.mark.parametrize(
    ("path", "user_agent", "proved"),
    [
        ("/p/02f1a7000002.cfg", AGENT, OWN),
        (f"/p/{TOKEN}/02f1a7000002.cfg", AGENT, OWN),
        ("/p/02f1a7000001.cfg", AGENT, OTHER),
        ("/p/02f1a7000001.cfg", AGENT.replace("0001)", "0002)"), OWN),
    ],
)
def test_two_macs_in_one_request_are_a_contradiction_and_get_no_secret(
    families: Families, path: str, user_agent: str, proved: MacAddress
) -> None:
    found = ask(families, path, user_agent, Proof(Origin.TOKEN, proved))
    assert [one.field for one in found.contradictions] == ["mac"]
    assert {str(claim.value) for claim in found.contradictions[0].claims} == {OWN.hex, OTHER.hex}
    assert not found.may_have_secrets


def test_another_spelling_is_no_contradiction(families: Families) -> None:
    spelled = AGENT.replace("02f1a7000001", "02:F1:A7:00:00:01")
    assert ask(families, "/p/02-F1-A7-00-00-01.cfg", spelled).contradictions == ()
    assert ask(families, "/p/fp-b2.cfg").contradictions == ()


def test_a_boot_loader_says_nothing_about_the_firmware(families: Families) -> None:
    found = ask(families, user_agent=AGENT.replace("FlatPhone/2.4.1", "FlatPhone-Boot/1.0.3"))
    assert found.firmware is None
    assert found.boot_version == Claim("1.0.3", Origin.USER_AGENT, Strength.CLAIMED)
    assert found.product is not None


@pytest.mark.parametrize(
    "user_agent",
    [
        "FlatPhone/2.4.1 (FP-B2; hw A; sn FP2648B2K7Q2XM6; mac 000000000000)",
        "FlatPhone/2.4.1 (FP-B2; hw A; sn FP2648B2K7Q2XM6; mac 01:00:5e:00:00:01)",
        "FlatPhone/2.4.1 (FP-B2; hw A; sn FP2648B2K7Q2XM6)",
    ],
)
def test_a_mac_that_names_no_device_is_left_out(families: Families, user_agent: str) -> None:
    found = ask(families, "/p/fp-b2.cfg", user_agent)
    assert (found.mac, found.serial) == (None, Claim(SERIAL, Origin.USER_AGENT, Strength.CLAIMED))


def test_a_placeholder_for_a_serial_is_left_out(families: Families) -> None:
    assert (
        ask(families, user_agent=AGENT.replace("FP2648B2K7Q2XM6", "Default string")).serial is None
    )


def test_a_foreign_user_agent_is_known_by_what_it_asks_for(families: Families) -> None:
    found = ask(families, user_agent="curl/7.88.1")
    assert found.family == Claim("flat_phone", Origin.PATH, Strength.CLAIMED)
    assert (found.product, found.firmware) == (None, None)


def test_nothing_at_all_is_an_identity_too(families: Families) -> None:
    found = ask(families, "/favicon.ico", "")
    assert (found.asked, found.family, found.mac) == (None, None, None)
    assert not found.may_have_secrets


@pytest.mark.parametrize(
    ("path", "kind", "mac", "token", "product", "name"),
    [
        ("/p/02f1a7000001.cfg", PathKind.BOOTSTRAP, OWN, None, None, None),
        ("/p/000000000000.cfg", PathKind.BOOTSTRAP, None, None, None, None),
        ("/p/auth/02F1A7000001.cfg", PathKind.AUTHENTICATED, OWN, None, None, None),
        (f"/p/{TOKEN}/02f1.a700.0001.cfg", PathKind.CONFIGURATION, OWN, TOKEN, None, None),
        ("/p/FP-B2.cfg", PathKind.PRODUCT, None, None, "FP-B2", None),
        (f"/p/{TOKEN}/FP-B2.cfg", PathKind.PRODUCT, None, TOKEN, "FP-B2", None),
        (f"/p/{TOKEN}/firmware", PathKind.FIRMWARE, None, TOKEN, None, None),
        (f"/p/{TOKEN}/02f1a7000001-boot.log", PathKind.LOG, OWN, TOKEN, None, "boot"),
        (f"/p/{TOKEN}/02-f1-a7-00-00-01-a.b.log", PathKind.LOG, OWN, TOKEN, None, "a.b"),
    ],
)
def test_every_address_of_the_phone_plane_is_told_apart(
    families: Families,
    path: str,
    kind: PathKind,
    mac: MacAddress | None,
    token: str | None,
    product: str | None,
    name: str | None,
) -> None:
    asked = asked_for(path, families)
    assert asked is not None
    assert (asked.kind, asked.mac, asked.token, asked.product, asked.name) == (
        kind,
        mac,
        token,
        product,
        name,
    )
    assert asked.methods == (("PUT",) if kind is PathKind.LOG else ("GET", "HEAD"))


@pytest.mark.parametrize(
    "path", ["/", "/p/", "/p/auth/FP-B2.cfg", "/p/short/02f1a7000001.cfg", "/p/auth/firmware"]
)
def test_any_other_address_asks_for_nothing(families: Families, path: str) -> None:
    assert asked_for(path, families) is None


def test_a_token_is_in_no_printed_form(families: Families) -> None:
    request = PhoneRequest("GET", f"/p/{TOKEN}/firmware", AGENT, "127.0.0.1")
    assert TOKEN not in repr(request) + repr(identify(request, families))


@given(st.binary(), st.binary())
def test_no_bytes_make_it_stumble(families: Families, path: bytes, user_agent: bytes) -> None:
    found = ask(families, path.decode("latin-1"), user_agent.decode("latin-1"))
    assert not found.may_have_secrets


@given(st.text(), st.text())
def test_no_text_behind_a_known_beginning_makes_it_stumble(
    families: Families, path: str, user_agent: str
) -> None:
    ask(families, f"/p/{path}", f"FlatPhone/2.4.1 ({user_agent}")


FOREIGN = r"""
name = "other_phone"
vendor = "Other"
[[user_agent]]
pattern = '''(?i)Nobody\s+SIP-(?P<product>\S+)\s+(?P<firmware>[0-9.]+)\s+(?P<mac>[0-9a-f:]{17})'''
[[user_agent]]
pattern = '''(?x) Nobodystream [ ] (?P<product>\S+) [ ] \( [^:]*:(?P<firmware>[0-9.]+)
  / [^:]*:(?P<boot_version>[0-9.]+) \) [ ] DevId [ ] (?P<mac>\w{12})'''
[[path]]
kind = "bootstrap"
shape = "/{mac}.cfg"
[[path]]
kind = "bootstrap"
shape = "/snom.htm?mac={mac}"
[[path]]
kind = "bootstrap"
shape = "/p/{mac}.cfg"
[output]
format = "flatphone"
media_type = "text/plain"
templates = {}
"""


@pytest.fixture
def both(tmp_path: Path) -> Families:
    (tmp_path / "other.toml").write_text(FOREIGN)
    return load_families([BUILT_IN, tmp_path])


def test_a_foreign_family_is_held_as_data(both: Families) -> None:
    found = ask(both, "/0015653931fc.cfg", "Nobody SIP-T22P 7.72.0.30 00:15:65:39:31:fc")
    assert found.asked is not None
    assert (found.asked.family, str(found.mac and found.mac.value)) == (
        "other_phone",
        "0015653931fc",
    )
    assert found.product == Claim("T22P", Origin.USER_AGENT, Strength.CLAIMED)


def test_one_user_agent_may_tell_firmware_and_boot_version(both: Families) -> None:
    agent = "Nobodystream GXP2000 (gxp2000e.bin:1.2.5.3/boot55e.bin:1.1.6.9) DevId 000b822726c8"
    found = ask(both, "/000b822726c8.cfg", agent)
    assert found.firmware is not None
    assert found.boot_version is not None
    assert (found.firmware.value, found.boot_version.value) == ("1.2.5.3", "1.1.6.9")


def test_a_mac_in_a_query_is_found_where_the_family_says_so(both: Families) -> None:
    asked = asked_for("/snom.htm?mac=000413922D24", both)
    assert asked is not None
    assert asked.mac == MacAddress("000413922d24")
    assert asked_for("/snom.htm", both) is None


def test_a_shape_of_two_families_is_read_as_the_user_agents(both: Families) -> None:
    assert asked_for("/p/02f1a7000001.cfg", both) == asked_for(
        "/p/02f1a7000001.cfg", both, prefer="flat_phone"
    )
    other = asked_for("/p/02f1a7000001.cfg", both, prefer="other_phone")
    assert other is not None
    assert other.family == "other_phone"


def test_a_user_agent_of_one_family_asking_as_another_is_noted(both: Families) -> None:
    found = ask(both, "/02f1a7000001.cfg", AGENT)
    assert [one.field for one in found.contradictions] == ["family"]
