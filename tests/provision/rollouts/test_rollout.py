"""A rollout over phones that break by their own behaviour: it stops, is let go on, and ends."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from portal.settings import Settings
from provision.rollouts import planning, steering, waves
from provision.rollouts.planning import NewRollout
from provision.rollouts.standing import Standing
from provision.rollouts.vocabulary import Reason, RolloutState, TargetState
from simulator.faults import Fault
from storage.clock import now
from tests.provision.rollouts import street as streets
from tests.provision.rollouts.street import NEW, OLD, Street

COUNT = 60
FAULTS = {
    3: Fault.COMES_BACK_OLD,
    17: Fault.COMES_BACK_OLD,
    31: Fault.FALLS_SILENT,
    44: Fault.COMES_BACK_OLD,
    58: Fault.SILENT,
}
ROUNDS_MAX = 40
_EXPECTED = {
    Fault.COMES_BACK_OLD: {Reason.CAME_BACK_OLD, Reason.FETCHED_TWICE},
    Fault.FALLS_SILENT: {Reason.SILENT_AFTER},
    Fault.SILENT: {Reason.SILENT},
}


@pytest.fixture
def backend() -> str:
    """One database: what differs between two is in test_conducting.py."""
    return "sqlite"


@pytest.fixture
def street(settings: Settings) -> Iterator[Street]:
    with streets.built(settings, COUNT, FAULTS) as made:
        yield made


def create(street: Street, *groups: str, **more: object) -> int:
    # Long enough for two visits on a busy machine; only the broken phones wait for it.
    new = NewRollout(
        "FP-B2",
        NEW,
        waves=waves.parse_all(groups),
        settle=timedelta(0),
        **{"deadline": timedelta(seconds=6), **more},  # type: ignore[arg-type]
    )
    with street.installation.database.writing() as session:
        number = planning.create(session, new, actor="test", now=now())
        steering.start(session, number, actor="test", now=now())
    return number


def finish(street: Street, number: int) -> tuple[Standing, int]:
    """Visits and turns until it is done, with a restart after each; a stop is let go on."""
    stops = 0
    for _ in range(ROUNDS_MAX):
        street.visit()
        standing = street.turn(number)
        offered = street.told(
            number, TargetState.OFFERED, TargetState.SUCCEEDED, TargetState.FAILED
        )
        assert street.on(NEW) <= set(offered)
        street.restart()
        if standing.state == RolloutState.STOPPED:
            stops += 1
            _stays_stopped(street, number)
            with street.installation.database.writing() as session:
                steering.resume(session, number, actor="test", now=now())
        elif standing.state == RolloutState.DONE:
            return standing, stops
    pytest.fail(f"not done after {ROUNDS_MAX} rounds: {street.standing(number)}")


def _stays_stopped(street: Street, number: int) -> None:
    before = street.on(NEW)
    street.visit()
    assert street.on(NEW) == before
    assert street.turn(number).state == RolloutState.STOPPED


@pytest.mark.timeout(400)
def test_it_stops_at_its_threshold_goes_on_after_a_restart_and_ends(street: Street) -> None:
    streets.release(street)
    number = create(street, "10%", "30%")
    standing, stops = finish(street, number)
    assert stops > 0
    assert (standing.tally.succeeded, standing.tally.failed) == (COUNT - len(FAULTS), len(FAULTS))
    failed = street.told(number, TargetState.FAILED)
    assert failed.keys() == {f"02f1a7{number:06x}" for number in FAULTS}
    for position, fault in FAULTS.items():
        assert failed[f"02f1a7{position:06x}"] in _EXPECTED[fault]
    assert street.on(OLD) == failed.keys()


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_two_thousand_phones_of_which_eight_in_a_hundred_fail(settings: Settings) -> None:
    kinds = (Fault.COMES_BACK_OLD, Fault.COMES_BACK_OLD, Fault.FALLS_SILENT, Fault.SILENT)
    faults = {number * 12 + 5: kinds[number % 4] for number in range(160)}
    with streets.built(settings, 2000, faults) as street:
        streets.release(street)
        number = create(street, "5%", "25%", deadline=timedelta(seconds=30))
        standing, stops = finish(street, number)
        assert stops > 0
        assert (standing.tally.succeeded, standing.tally.failed) == (1840, 160)
        assert street.told(number, TargetState.FAILED).keys() == street.on(OLD)


@pytest.mark.timeout(400)
def test_nobody_gets_the_release_before_its_group_begins(street: Street) -> None:
    streets.release(street)
    number = create(street, "10%", asks_approval=True)
    street.visit()
    assert 0 < len(street.on(NEW)) <= 6
    before = street.on(NEW)
    with street.installation.database.writing() as session:
        steering.pause(session, number, actor="test", now=now())
    street.visit()
    assert street.on(NEW) == before
