"""A walk shows what an agent holds; one without an end costs its bound and nothing more."""

import itertools
import json
import time
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from click.testing import CliRunner
from pysnmp.proto.api import v2c

from provision import profiles
from provision.profiles import GLOBAL
from provision.readers.errors import UnexpectedAnswerError, UnreachableError
from provision.readers.networks import ReadOptions
from provision.readers.snmp_credentials import Community, SnmpCredential
from provision.readers.snmp_peer import Peer
from provision.readers.snmp_walk import Bounds, walk
from provision.reading.walk_cli import walk_phone
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import NOW
from tests.provision.snmp_lanes.conftest import OWN, USERS, Agent

PUBLIC = Community("public")
CREDENTIALS: dict[str, SnmpCredential] = {"v2c": PUBLIC, "v3": USERS["sha256-aes"]}


def peer(port: int, credential: SnmpCredential = PUBLIC, timeout_s: float = 3.0) -> Peer:
    return Peer(IPv4Address("127.0.0.1"), port, credential, timeout_s, 0)


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_a_real_agent_is_walked_to_the_end_of_the_branch(steady: Agent, credential: str) -> None:
    walked = walk(peer(steady.port, CREDENTIALS[credential]), OWN)
    assert walked.is_whole
    assert dict(walked.values)[f"{OWN}.3.0"] == b"FP2648B2K7Q2XM6"
    assert all(oid.startswith(f"{OWN}.") for oid, _ in walked.values)


def test_a_walk_ends_at_its_bound(steady: Agent) -> None:
    walked = walk(peer(steady.port), "1.3.6.1.2.1", Bounds(values=5))
    assert (len(walked.values), walked.is_whole) == (5, False)


def leading(steps: Any) -> Callable[[Any], list[tuple[str, bytes]]]:
    """An agent that answers each question with the next of `steps`, whatever was asked."""
    return lambda question: [
        ("phone", question.answer({one: v2c.Integer32(1)}, oids=(one,)))
        for one in itertools.islice(steps, 1)
    ]


def test_an_agent_that_leads_in_a_circle_is_left_with_what_it_told(
    agent: Callable[..., Any],
) -> None:
    phone = agent(leading(itertools.cycle([f"{OWN}.1.0", f"{OWN}.2.0"])))
    walked = walk(peer(phone.target.port), OWN)
    assert ([oid for oid, _ in walked.values], walked.is_whole) == (
        [f"{OWN}.1.0", f"{OWN}.2.0"],
        False,
    )
    assert len(phone.questions) == 3


def test_an_agent_without_an_end_costs_its_seconds(
    agent: Callable[..., Any], leeway: float
) -> None:
    phone = agent(leading(f"{OWN}.{number}" for number in itertools.count(1)))
    began = time.monotonic()
    walked = walk(peer(phone.target.port), OWN, Bounds(values=1_000_000, seconds=0.5))
    assert time.monotonic() - began < 5 * leeway
    assert walked.values
    assert not walked.is_whole


def test_what_goes_back_at_once_or_says_nothing_is_an_error(agent: Callable[..., Any]) -> None:
    away = agent(leading(itertools.repeat("1.3.6.1.2.1.1.1.0")))
    assert walk(peer(away.target.port), OWN).values == []
    shorter = agent(lambda question: [("phone", question.answer({}, oids=()))])
    with pytest.raises(UnexpectedAnswerError):
        walk(peer(shorter.target.port, timeout_s=0.2), OWN)
    silent = agent(lambda _question: [])
    with pytest.raises(UnreachableError):
        walk(peer(silent.target.port, timeout_s=0.2), OWN)


def test_the_command_walks_with_the_profile_s_credential_where_it_may(
    installation: Installation, steady: Agent
) -> None:
    options = {ReadOptions: ReadOptions(networks=(IPv4Network("127.0.0.0/24"),))}
    place = replace(installation, options={**installation.options, **options})
    estates.build(place)
    settings = {"read.snmp_port": str(steady.port), "read.snmp_community": "public"}
    with place.database.writing() as session:
        for name, text in settings.items():
            profiles.put(session, place.seal, GLOBAL, name, text, actor="test", now=NOW)

    def run(*words: str) -> Any:
        return CliRunner().invoke(walk_phone, words, obj=lambda: place)

    done = run("127.0.0.1", OWN, "--json")
    assert done.exit_code == 0, done.output
    assert {"oid": f"{OWN}.1.0", "value": "FP-B2"} in json.loads(done.stdout)
    assert run("127.0.0.1", "sysDescr").exit_code == 2
    assert run("127.0.0.1", "1.3.6.99999999999").exit_code == 2
    assert run("192.0.2.1").exit_code == 1


#: Who lies how, and how many rows are kept of it.
LIARS = {
    "the same for ever": (lambda: itertools.repeat(f"{OWN}.1.0"), 1),
    "a ring of three": (lambda: itertools.cycle([f"{OWN}.{one}.0" for one in (1, 2, 3)]), 3),
    "backwards": (lambda: (f"{OWN}.{number}" for number in itertools.count(10_000, -1)), 1),
    "one more for ever": (lambda: (f"{OWN}.{number}" for number in itertools.count(1)), 200),
    "out of the branch": (
        lambda: itertools.chain([f"{OWN}.1.0"], itertools.repeat("1.3.6.1.9")),
        1,
    ),
}


@pytest.mark.parametrize("liar", LIARS)
def test_proof_h2_a_liar_costs_its_rows_and_seconds_and_is_kept_in_part(
    agent: Callable[..., Any], liar: str
) -> None:
    steps, rows = LIARS[liar]
    phone = agent(leading(steps()))
    began = time.monotonic()
    walked = walk(peer(phone.target.port), OWN, Bounds(values=200))
    took_s = time.monotonic() - began
    print(f"H2: {liar}: {len(walked.values)} rows in {took_s:.1f} s")  # noqa: T201
    assert len(walked.values) == rows
    assert took_s < 10
    # Who leaves the branch has come to its end, as right agents do.
    assert walked.is_whole == (liar == "out of the branch")


def test_proof_h2_an_agent_that_takes_a_second_for_each_costs_the_walk_s_seconds(
    agent: Callable[..., Any],
) -> None:
    steps = (f"{OWN}.{number}" for number in itertools.count(1))

    def slow(question: Any) -> list[tuple[str, bytes]]:
        time.sleep(1.0)
        return leading(steps)(question)

    began = time.monotonic()
    walked = walk(peer(agent(slow).target.port), OWN, Bounds(seconds=2.5))
    assert time.monotonic() - began < 10
    assert 1 <= len(walked.values) <= 3
    assert not walked.is_whole
