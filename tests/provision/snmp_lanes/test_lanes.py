"""Each lane against Debian's agent and against a lying one: the same answers, the same mistrust."""

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest
from pysnmp.proto.api import v2c

from provision.families.family import Family
from provision.readers.errors import ReadError, UnexpectedAnswerError, UnreachableError
from provision.readers.networks import Target
from provision.readers.snmp import read_snmp
from provision.readers.snmp_credentials import AuthProtocol, Community, SnmpCredential, UsmUser
from provision.readers.snmp_lanes import How, Lane, Told, lane_for, read
from provision.readers.snmp_many import Manner, read_many
from provision.readers.snmp_peer import Peer, SnmpV3RefusedError
from provision.readers.snmp_sweep import Pace
from provision.readers.snmp_wire import General
from provision.readers.what import What
from tests.provision.snmp_lanes.conftest import OWN, USERS, Agent

PUBLIC = Community("public")
SERIAL = f"{OWN}.3.0"
UPTIME, ABSENT = "1.3.6.1.2.1.1.3.0", f"{OWN}.99.0"
ASKED = What((f"{OWN}.1.0", SERIAL, UPTIME, ABSENT), frozenset({UPTIME}), frozenset({ABSENT}))
KNOWN = (Lane.GUFO, Lane.PYSNMP)
CREDENTIALS: dict[str, SnmpCredential] = {"v2c": PUBLIC, **USERS}
Script = Callable[..., Any]


def ask(
    credential: SnmpCredential,
    port: int,
    lane: Lane,
    timeout_s: float = 3.0,
    what: What = ASKED,
    addresses: Sequence[str] = ("127.0.0.1",),
) -> list[Told]:
    how = How(port, Pace(1000, timeout_s, 0))
    return list(read(addresses, what, credential, how, lane))


def refusal(told: Told) -> str:
    assert isinstance(told.error, ReadError)
    assert told.error.text("ru") != told.error.text("en")
    return told.error.text("en")


@pytest.mark.parametrize("lane", KNOWN)
@pytest.mark.parametrize("credential", CREDENTIALS)
def test_a_real_agent_is_read_with_every_credential_in_every_lane(
    steady: Agent, lane: Lane, credential: str
) -> None:
    (told,) = ask(CREDENTIALS[credential], steady.port, lane)
    assert (told.lane, told.error) == (lane, None)
    assert told.values[SERIAL] == b"FP2648B2K7Q2XM6"
    assert ABSENT not in told.values, "absent is not empty"
    uptime = told.values[UPTIME]
    assert isinstance(uptime, int)
    running_s = time.monotonic() - steady.started_s
    assert uptime <= running_s + 1, "seconds, not hundredths"


def test_what_is_missing_from_a_bulk_answer_is_asked_of_the_engine_that_can_say_why(
    steady: Agent,
) -> None:
    (told,) = ask(PUBLIC, steady.port, Lane.GUFO, what=What((SERIAL, ABSENT)))
    assert (told.lane, dict(told.values)) == (Lane.PYSNMP, {SERIAL: b"FP2648B2K7Q2XM6"})


def test_a_sweep_reads_a_real_agent_too(steady: Agent) -> None:
    (told,) = ask(PUBLIC, steady.port, Lane.SWEEP)
    assert (told.lane, told.values[SERIAL]) == (Lane.SWEEP, b"FP2648B2K7Q2XM6")


def test_known_phones_take_the_bulk_lane_and_contexts_the_general_one() -> None:
    assert lane_for(PUBLIC) is Lane.GUFO
    assert lane_for(replace(USERS["sha-aes"], context="phone")) is Lane.PYSNMP


def test_one_phone_is_read_with_a_v3_user_as_with_a_community(
    steady: Agent, flat_phone: Family
) -> None:
    target = Target(IPv4Address("127.0.0.1"), steady.port)
    facts = read_snmp(target, flat_phone, USERS["sha256-aes"], 3.0, 0)
    assert (facts.serial and facts.serial.text, facts.hardware) == ("FP2648B2K7Q2XM6", "B")


@pytest.mark.parametrize("lane", [*KNOWN, None])
def test_many_phones_tell_in_their_second_places_what_the_first_lack(
    steady: Agent, flat_phone: Family, lane: Lane | None
) -> None:
    assert flat_phone.snmp is not None
    how = How(steady.port, Pace(1000, 3.0, 0))
    manner = Manner(flat_phone, flat_phone.snmp, USERS["sha-aes"], how, lane)
    (told,) = read_many(["127.0.0.1"], manner)
    assert told.lane is Lane.PYSNMP, "its own MIB lacks places, so the bulk lane passes it on"
    assert told.facts is not None
    assert (told.facts.product, told.facts.hardware) == ("FP-B2", "B")
    assert told.facts.lines is not None
    assert told.facts.lines[0].number == "101"


WRONG = {
    "user": (replace(USERS["sha-aes"], name="nobody"), "it knows no such user"),
    "key": (
        replace(USERS["sha-aes"], auth_password="other-words"),
        "wrong authentication password or protocol",
    ),
    "protocol": (
        replace(USERS["sha-aes"], auth=AuthProtocol.MD5),
        "wrong authentication password or protocol",
    ),
}


@pytest.mark.parametrize("lane", KNOWN)
@pytest.mark.parametrize("wrong", WRONG)
def test_a_real_agent_names_what_is_wrong_with_a_v3_credential(
    steady: Agent, lane: Lane, wrong: str
) -> None:
    credential, words = WRONG[wrong]
    (told,) = ask(credential, steady.port, lane)
    assert isinstance(told.error, SnmpV3RefusedError)
    assert words in refusal(told)
    assert told.values == {}


@pytest.mark.parametrize("lane", KNOWN)
def test_a_wrong_privacy_password_is_told(steady: Agent, lane: Lane) -> None:
    credential = replace(USERS["sha-aes"], priv_password="other-words")
    (told,) = ask(credential, steady.port, lane, timeout_s=0.5)
    assert "privacy password" in refusal(told)


async def _twice(agent: Agent, between: Callable[[], None]) -> list[Any]:
    """The serial before and after something happened to the agent, by the same engines."""
    general = General(USERS["sha256-aes"])
    peer = Peer(IPv4Address("127.0.0.1"), agent.port, USERS["sha256-aes"], 3.0, 0)
    try:
        before = await general.answer(peer, [SERIAL], 10)
        await asyncio.to_thread(between)
        return [before, await general.answer(peer, [SERIAL], 10)]
    finally:
        general.close()


def test_a_phone_that_restarted_since_is_read_again(debian: Agent) -> None:
    before, after = asyncio.run(_twice(debian, debian.start))
    assert before == after == {SERIAL: b"FP2648B2K7Q2XM6"}


def test_a_phone_with_another_engine_at_the_same_address_is_read(debian: Agent) -> None:
    def exchanged() -> None:
        debian.start(engine="0x80007ed903aabbccddeeff")

    before, after = asyncio.run(_twice(debian, exchanged))
    assert before == after == {SERIAL: b"FP2648B2K7Q2XM6"}


GOOD = {SERIAL: v2c.OctetString("FP2648B2K7Q2XM6"), f"{OWN}.1.0": v2c.OctetString("FP-B2")}
SILENT_ERRORS = {"tooBig": 1, "genErr": 5}


@pytest.mark.parametrize("status", SILENT_ERRORS)
def test_where_the_bulk_lane_is_silent_about_an_error_the_general_one_asks(
    agent: Script, status: str
) -> None:
    def whole_or_nothing(question: Any) -> list[tuple[str, bytes]]:
        if len(question.oids) > 2:
            return [("phone", question.answer({}, status=SILENT_ERRORS[status], index=3))]
        return [("phone", question.answer(GOOD))]

    phone = agent(whole_or_nothing)
    assert phone.target.port is not None
    what = What((SERIAL, f"{OWN}.1.0", f"{OWN}.98.0"))
    (told,) = ask(PUBLIC, phone.target.port, Lane.GUFO, what=what)
    assert (told.lane, told.error) == (Lane.PYSNMP, None)
    assert told.values == {SERIAL: b"FP2648B2K7Q2XM6", f"{OWN}.1.0": b"FP-B2"}


LIES = {
    "another address": lambda q: ("neighbour", q.answer(GOOD)),
    "another port": lambda q: ("other port", q.answer(GOOD)),
    "another request id": lambda q: ("phone", q.answer(GOOD, request_id=q.request_id ^ 1)),
    "another OID": lambda q: ("phone", q.answer(GOOD, oids=("1.3.6.1.9", *q.oids[1:]))),
    "cut short": lambda q: ("phone", q.answer(GOOD)[:-7]),
}


@pytest.mark.parametrize("lane", list(Lane))
@pytest.mark.parametrize("lie", LIES)
def test_no_lane_believes_what_does_not_answer_its_question(
    agent: Script, lane: Lane, lie: str
) -> None:
    phone = agent(lambda question: [LIES[lie](question)])
    assert phone.target.port is not None
    what = What((SERIAL, f"{OWN}.1.0"))
    told = ask(PUBLIC, phone.target.port, lane, timeout_s=0.2, what=what)
    assert all(not one.values for one in told)
    assert all(isinstance(one.error, UnexpectedAnswerError | UnreachableError) for one in told)
    assert bool(told) or lane is Lane.SWEEP


@pytest.mark.parametrize("lane", list(Lane))
def test_no_lane_counts_its_request_ids_upwards(agent: Script, lane: Lane) -> None:
    phone = agent(lambda question: [("phone", question.answer(GOOD))])
    assert phone.target.port is not None
    for _ in range(4):
        ask(PUBLIC, phone.target.port, lane, what=What((SERIAL,)))
    ids = [question.request_id for question in phone.questions]
    assert len({b - a for a, b in itertools.pairwise(ids)}) == 3
    assert all(0 < one < 2**31 for one in ids)


@pytest.mark.parametrize("lane", KNOWN)
def test_silent_phones_cost_one_timeout_together(lane: Lane, leeway: float) -> None:
    addresses = [f"127.0.93.{last}" for last in range(1, 41)]
    began = time.monotonic()
    told = ask(PUBLIC, 9, lane, timeout_s=0.3, addresses=addresses)
    # One after the other they would take twelve seconds.
    assert time.monotonic() - began < min(3 * leeway, 10)
    assert {one.address for one in told} == set(addresses)
    assert all(isinstance(one.error, UnreachableError) for one in told)


def test_passwords_are_in_no_printed_form() -> None:
    user = UsmUser("u", AuthProtocol.SHA, "hush-hush", priv_password="hush-hush")
    peer = Peer(IPv4Address("127.0.0.1"), 161, user, 1, 0)
    assert "hush" not in repr(user) + repr(peer) + repr(user.keys())
