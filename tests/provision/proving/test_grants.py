"""The rule of the phone plane as a table: who proved what, asks for what, gets what."""

import pytest

from provision.devices.identity import MacAddress
from provision.families.family import Families
from provision.families.identification import Origin, PhoneRequest, Proof, identify
from provision.proving.grants import Grant, decide

MAC, OTHER = "02f1a7000001", "02f1a7000002"
TOKEN = "T" * 43
PROOF = Proof(Origin.TOKEN, MacAddress(MAC))
CERTIFIED = Proof(Origin.CERTIFICATE, MacAddress(MAC))
ALIEN = Proof(Origin.CERTIFICATE, MacAddress(OTHER))
OWN, FOREIGN = f"FlatPhone/2.4.1 (FP-B2; mac {MAC})", f"FlatPhone/2.4.1 (FP-B2; mac {OTHER})"


@pytest.mark.parametrize(
    ("path", "proof", "agent", "grant"),
    [
        (f"/p/{MAC}.cfg", None, OWN, Grant.BOOTSTRAP),
        (f"/p/{MAC}.cfg", None, FOREIGN, Grant.BOOTSTRAP),
        (f"/p/{MAC}.cfg", CERTIFIED, OWN, Grant.CONFIGURATION),
        (f"/p/{MAC}.cfg", ALIEN, OWN, Grant.BOOTSTRAP),
        (f"/p/auth/{MAC}.cfg", None, OWN, Grant.CHALLENGE),
        (f"/p/auth/{MAC}.cfg", PROOF, OWN, Grant.CONFIGURATION),
        (f"/p/auth/{MAC}.cfg", PROOF, FOREIGN, Grant.NOTHING),
        (f"/p/{TOKEN}/{MAC}.cfg", PROOF, OWN, Grant.CONFIGURATION),
        (f"/p/{TOKEN}/{MAC}.cfg", PROOF, "curl/8.5", Grant.CONFIGURATION),
        (f"/p/{TOKEN}/{MAC}.cfg", PROOF, FOREIGN, Grant.NOTHING),
        (f"/p/{TOKEN}/{OTHER}.cfg", PROOF, OWN, Grant.NOTHING),
        (f"/p/{TOKEN}/{MAC}.cfg", None, OWN, Grant.NOTHING),
        (f"/p/{TOKEN}/firmware", PROOF, OWN, Grant.FIRMWARE),
        (f"/p/{TOKEN}/firmware", PROOF, FOREIGN, Grant.NOTHING),
        (f"/p/{TOKEN}/firmware", None, OWN, Grant.NOTHING),
        ("/p/FP-B2.cfg", None, OWN, Grant.COMMON),
        (f"/p/{TOKEN}/FP-B2.cfg", PROOF, OWN, Grant.COMMON),
        (f"/p/{TOKEN}/FP-B2.cfg", None, OWN, Grant.NOTHING),
        ("/p/", None, OWN, Grant.NOTHING),
        ("/p/auth", None, OWN, Grant.NOTHING),
        ("/p/../p/02f1a7000001.cfg", PROOF, OWN, Grant.NOTHING),
    ],
)
def test_what_a_request_gets(
    families: Families, path: str, proof: Proof | None, agent: str, grant: Grant
) -> None:
    asking = PhoneRequest("GET", path, agent, "10.0.0.7", proof)
    assert decide(identify(asking, families), "GET") is grant


def test_a_method_that_the_path_does_not_take_gets_nothing(families: Families) -> None:
    asking = PhoneRequest("PUT", f"/p/{TOKEN}/{MAC}-app.log", OWN, "10.0.0.7", PROOF)
    identity = identify(asking, families)
    assert decide(identity, "GET") is Grant.NOTHING
    assert decide(identity, "PUT") is Grant.LOG


def test_a_log_is_taken_from_nobody_who_proved_nothing(families: Families) -> None:
    asking = PhoneRequest("PUT", f"/p/{TOKEN}/{MAC}-app.log", OWN, "10.0.0.7")
    assert decide(identify(asking, families), "PUT") is Grant.NOTHING
