"""Limits count failures by source, forget after a minute, and hold a bounded memory."""

from provision.devices.identity import MacAddress
from provision.limits import Limiter
from provision.proving.doorkeeper import FAILURES_PER_MINUTE, Doorkeeper

MAC, OTHER = MacAddress("02f1a7000001"), MacAddress("02f1a7000002")


def test_a_key_has_its_number_a_minute_and_a_new_minute_is_a_new_start() -> None:
    limiter = Limiter(per_minute=2)
    assert [limiter.add("a", 0.0) for _ in range(3)] == [True, True, False]
    assert limiter.is_over("a", 59.9)
    assert limiter.add("b", 0.0)
    assert not limiter.is_over("a", 60.0)
    assert limiter.add("a", 60.0)


def test_the_memory_is_bounded_and_forgets_who_was_not_seen_longest() -> None:
    limiter = Limiter(per_minute=1, keys_max=2)
    for key in ("a", "b", "a", "c"):
        limiter.add(key, 0.0)
    assert limiter.is_over("a", 0.0)
    assert not limiter.is_over("b", 0.0)
    assert limiter.is_over("c", 0.0)


def test_guessing_one_phones_password_stops_and_its_neighbours_may_still_prove_themselves() -> None:
    doorkeeper = Doorkeeper()
    within = [doorkeeper.failed("10.0.0.7", MAC, 0.0) for _ in range(FAILURES_PER_MINUTE + 1)]
    assert within == [True] * FAILURES_PER_MINUTE + [False]
    assert not doorkeeper.may_try("10.0.0.7", MAC, 1.0)
    assert doorkeeper.may_try("10.0.0.7", OTHER, 1.0)
    assert doorkeeper.may_try("10.0.0.8", MAC, 1.0)
    assert doorkeeper.may_try("10.0.0.7", MAC, 61.0)


def test_one_address_that_tries_many_phones_is_told_to_wait() -> None:
    doorkeeper = Doorkeeper()
    macs = [MacAddress(f"02f1a70000{number:02x}") for number in range(FAILURES_PER_MINUTE + 1)]
    assert [doorkeeper.failed("10.0.0.7", mac, 0.0) for mac in macs][-2:] == [True, False]


def test_a_flood_of_strangers_leaves_a_bounded_number_of_records() -> None:
    doorkeeper = Doorkeeper()
    kept = sum(doorkeeper.may_record(0.0) for _ in range(5000))
    assert 0 < kept < 1000
