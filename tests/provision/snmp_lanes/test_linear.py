"""Twice the phones cost twice the work: why the general engine is not one shared engine."""

import time

import pytest

from provision.readers.snmp_credentials import Community, SnmpCredential
from provision.readers.snmp_lanes import How, Lane, read
from provision.readers.snmp_sweep import Pace
from provision.readers.what import What
from tests.provision.snmp_lanes.conftest import OWN, USERS, Agent

LIMIT = 2.6


def _cost(credential: SnmpCredential, port: int, count: int) -> float:
    """CPU seconds of this thread; every address of 127/8 leads to the one agent."""
    addresses = [f"127.0.{number >> 8}.{number & 255}" for number in range(1, count + 1)]
    how, what = How(port, Pace(1000, 5.0, 1)), What((f"{OWN}.3.0",))
    before = time.thread_time()
    told = list(read(addresses, what, credential, how, Lane.PYSNMP))
    assert sum(one.error is None for one in told) == count
    return time.thread_time() - before


def _ratio(credential: SnmpCredential, port: int, count: int) -> float:
    _cost(credential, port, count // 10)
    once = min(_cost(credential, port, count) for _ in range(2))
    return min(_cost(credential, port, 2 * count) for _ in range(2)) / once


def test_the_general_engine_is_linear_in_phones(everywhere: Agent) -> None:
    assert _ratio(Community("public"), everywhere.port, 150) < LIMIT


@pytest.mark.prove
def test_the_general_engine_is_linear_in_phones_with_v3_too(everywhere: Agent) -> None:
    assert _ratio(USERS["sha256-aes"], everywhere.port, 300) < LIMIT
