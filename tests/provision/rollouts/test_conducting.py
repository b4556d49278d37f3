"""Turns of a rollout on both databases: what it withholds, and what it makes of people's wishes."""

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta

import pytest

from catalogue import keys
from firmware import promotion, withdrawal
from provision import checkins, rollouts
from provision.devices import registry
from provision.models import CheckInKind
from provision.rollouts import conducting, planning, standing, steering, waves, windows
from provision.rollouts.planning import NewRollout, NoPhonesError, OverlapError, UnknownSiteError
from provision.rollouts.standing import Standing
from provision.rollouts.steering import UnknownRolloutError, WrongStateError
from provision.rollouts.vocabulary import GroupState, Reason, RolloutState, TargetState
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import NOW

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
OLD, NEW = "2.3.1", "2.4.1"
FIRST, SECOND, THIRD = "02f1a7000001", "02f1a7000002", "02f1a7000003"


@dataclass
class Rig:
    """Three phones on the old release, and a clock that the tests turn."""

    installation: Installation

    def create(self, *groups: str, **more: object) -> int:
        new = NewRollout("FP-B2", NEW, waves=waves.parse_all(groups), **more)  # type: ignore[arg-type]
        with self.installation.database.writing() as session:
            return planning.create(session, new, actor="test", now=NOW)

    def do(self, verb: object, number: int, at: timedelta = timedelta(0)) -> None:
        with self.installation.database.writing() as session:
            verb(session, number, actor="test", now=NOW + at)  # type: ignore[operator]

    def turn(self, number: int, at: timedelta) -> Standing:
        with self.installation.database.writing() as session:
            conducting.take_turn(session, number, NOW + at)
        with self.installation.database.reading() as session:
            return standing.standing(session, number)

    def due(self, mac: str, at: timedelta = MINUTE) -> str | None:
        with self.installation.database.reading() as session:
            found = rollouts.release_due(session, registry.get(session, mac), NOW + at)
        return found.version if found else None

    def says(self, mac: str, firmware: str, at: timedelta) -> None:
        """The phone proved itself and named its version."""
        with self.installation.database.writing() as session:
            phone = registry.get(session, mac)
            phone.firmware, phone.firmware_seen_at = firmware, NOW + at
            phone.last_check_in_at = NOW + at

    def takes(self, mac: str, at: timedelta, *, complete: bool = True) -> None:
        """The phone downloads the image, whole or cut."""
        visit = checkins.Visit(
            at=NOW + at,
            kind=CheckInKind.FIRMWARE,
            method="GET",
            path_kind="firmware",
            status=200,
            address="10.0.0.7",
            user_agent="x",
            mac=mac,
            firmware=OLD,
            proof="token",
            version=NEW,
            total_bytes=100,
        )
        sent = checkins.SentBytes(0, 100, 100, complete)
        with self.installation.database.writing() as session:
            number = checkins.record(session, visit)
            checkins.finish(session, number, 200, sent, NOW + at)

    def told(self, number: int) -> dict[str, tuple[TargetState, Reason | None]]:
        with self.installation.database.reading() as session:
            found, _total = standing.targets(session, number)
        return {one.mac: (one.state, one.reason) for one in found}


@pytest.fixture
def rig(installation: Installation) -> Rig:
    with installation.database.writing() as session:
        estates.catalogue(session)
        for mac in (FIRST, SECOND, THIRD):
            estates.add_phone(session, mac, serial=None).firmware = OLD
    estates.publish(installation, OLD, size=600)
    estates.publish(installation, NEW, size=600)
    return Rig(installation)


@pytest.fixture
def unpromoted(installation: Installation) -> Rig:
    """As `rig`, but the new release is in no channel that the phones follow."""
    with installation.database.writing() as session:
        estates.catalogue(session)
        for mac in (FIRST, SECOND, THIRD):
            estates.add_phone(session, mac, serial=None).firmware = OLD
    estates.publish(installation, OLD, size=600)
    estates.publish(installation, NEW, size=600, channel="testing")
    return Rig(installation)


def test_a_rollout_made_before_the_promotion_gives_it_group_by_group(unpromoted: Rig) -> None:
    rig = unpromoted
    number = rig.create("20%", "30%", "50%")
    rig.do(steering.start, number)
    # Started too early it waits: ended now, the promotion would give it to everybody.
    assert rig.turn(number, MINUTE).state == RolloutState.RUNNING
    with rig.installation.database.writing() as session:
        ring = keys.of(rig.installation)
        promotion.promote(session, "FP-B2", NEW, "stable", ring, actor="test", now=NOW)
    told = rig.turn(number, 2 * MINUTE)
    assert told.state == RolloutState.RUNNING
    # Who waits for a group that has not begun is counted there at once.
    assert sum(group.tally.total for group in told.groups) == 3
    assert told.tally.left_out == 0
    # Groups that nobody is in pass on, each in a turn of its own.
    for minute in range(3, 6):
        told = rig.turn(number, minute * MINUTE)
    given = [mac for mac in (FIRST, SECOND, THIRD) if rig.due(mac, 6 * MINUTE) == NEW]
    open_now = [group.number for group in told.groups if group.state == GroupState.OPEN]
    assert told.state == RolloutState.RUNNING
    assert len(open_now) == 1
    assert 0 < len(given) < 3


def test_a_release_with_a_rollout_goes_to_the_phones_whose_turn_it_is(rig: Rig) -> None:
    assert rig.due(SECOND) == NEW
    number = rig.create(FIRST)
    assert (rig.due(FIRST), rig.due(SECOND)) == (None, None)
    rig.do(steering.start, number)
    assert (rig.due(FIRST), rig.due(SECOND)) == (NEW, None)
    rig.says(FIRST, NEW, MINUTE)
    assert rig.turn(number, 2 * MINUTE).groups[1].state == GroupState.OPEN
    rig.turn(number, 3 * MINUTE)
    assert rig.due(SECOND) == NEW


def test_it_is_done_when_every_phone_is_decided_and_latecomers_follow_the_channel(rig: Rig) -> None:
    number = rig.create()
    rig.do(steering.start, number)
    for mac in (FIRST, SECOND, THIRD):
        rig.says(mac, NEW, MINUTE)
    assert rig.turn(number, 2 * MINUTE).state == RolloutState.DONE
    with rig.installation.database.writing() as session:
        estates.add_phone(session, "02f1a7000009", serial=None).firmware = OLD
    assert rig.due("02f1a7000009") == NEW


def test_a_phone_that_came_back_old_stops_it_and_is_not_given_it_again(rig: Rig) -> None:
    number = rig.create()
    rig.do(steering.start, number)
    rig.takes(FIRST, MINUTE)
    rig.says(FIRST, OLD, HOUR)
    found = rig.turn(number, HOUR + MINUTE)
    assert (found.state, found.stopped_because) == (RolloutState.STOPPED, conducting.THRESHOLD)
    assert rig.told(number)[FIRST] == (TargetState.FAILED, Reason.CAME_BACK_OLD)
    assert rig.due(SECOND) is None
    rig.do(steering.resume, number, 2 * HOUR)
    assert rig.turn(number, 2 * HOUR).state == RolloutState.RUNNING
    assert (rig.due(FIRST), rig.due(SECOND)) == (None, NEW)
    rig.do(steering.retry, number, 3 * HOUR)
    assert rig.due(FIRST) == NEW
    assert rig.turn(number, 3 * HOUR).state == RolloutState.RUNNING


def test_a_cut_download_is_no_image_taken(rig: Rig) -> None:
    number = rig.create()
    rig.do(steering.start, number)
    rig.takes(FIRST, MINUTE, complete=False)
    rig.takes(FIRST, 2 * MINUTE, complete=False)
    rig.says(FIRST, OLD, HOUR)
    rig.turn(number, HOUR)
    assert rig.told(number)[FIRST] == (TargetState.OFFERED, None)


def test_a_phone_that_was_only_late_counts_as_what_it_became(rig: Rig) -> None:
    number = rig.create(stop_percent=100.0)
    rig.do(steering.start, number)
    rig.turn(number, 25 * HOUR)
    assert rig.told(number)[FIRST] == (TargetState.FAILED, Reason.SILENT)
    rig.do(steering.resume, number, 25 * HOUR)
    rig.says(FIRST, NEW, 26 * HOUR)
    rig.turn(number, 26 * HOUR)
    assert rig.told(number)[FIRST] == (TargetState.SUCCEEDED, None)


def test_held_and_pinned_phones_are_left_out_and_come_back(rig: Rig) -> None:
    number = rig.create()
    with rig.installation.database.writing() as session:
        phone = registry.get(session, FIRST)
        rollouts.hold(session, phone, "шумит", actor="test", now=NOW)
        rollouts.pin(session, registry.get(session, SECOND), OLD, actor="test", now=NOW)
    rig.do(steering.start, number)
    assert rig.told(number) == {
        FIRST: (TargetState.LEFT_OUT, Reason.HELD),
        SECOND: (TargetState.LEFT_OUT, Reason.PINNED),
        THIRD: (TargetState.OFFERED, None),
    }
    with rig.installation.database.writing() as session:
        rollouts.release_hold(session, registry.get(session, FIRST), actor="test", now=NOW)
    rig.turn(number, MINUTE)
    assert rig.told(number)[FIRST] == (TargetState.OFFERED, None)


def test_a_person_pins_a_phone_past_the_rollout(rig: Rig) -> None:
    rig.create()
    assert rig.due(FIRST) is None
    with rig.installation.database.writing() as session:
        rollouts.pin(session, registry.get(session, FIRST), NEW, actor="test", now=NOW)
    assert rig.due(FIRST) == NEW


def test_a_phone_that_came_later_joins(rig: Rig) -> None:
    number = rig.create(FIRST)
    with rig.installation.database.writing() as session:
        estates.add_phone(session, "02f1a7000009", serial=None).firmware = OLD
    rig.do(steering.start, number)
    assert rig.told(number)["02f1a7000009"] == (TargetState.WAITING, None)


def test_the_next_group_waits_for_approval_where_that_is_asked(rig: Rig) -> None:
    number = rig.create(FIRST, asks_approval=True)
    rig.do(steering.start, number)
    with pytest.raises(WrongStateError):
        rig.do(steering.approve, number)
    rig.says(FIRST, NEW, MINUTE)
    assert rig.turn(number, 2 * MINUTE).awaits_approval
    assert rig.due(SECOND) is None
    rig.do(steering.approve, number, 3 * MINUTE)
    assert rig.due(SECOND) == NEW


def test_a_pause_offers_nothing_and_watches_on(rig: Rig) -> None:
    number = rig.create()
    rig.do(steering.start, number)
    rig.do(steering.pause, number)
    assert rig.due(FIRST) is None
    rig.says(FIRST, NEW, MINUTE)
    assert rig.turn(number, 2 * MINUTE).tally.succeeded == 1
    rig.do(steering.resume, number, 3 * MINUTE)
    assert rig.due(SECOND) == NEW


def test_an_abort_ends_the_offer_until_there_is_another_rollout(rig: Rig) -> None:
    number = rig.create()
    with pytest.raises(OverlapError):
        rig.create()
    rig.do(steering.start, number)
    rig.do(steering.abort, number)
    assert rig.due(FIRST) is None
    with pytest.raises(WrongStateError):
        rig.do(steering.resume, number)
    rig.do(steering.start, rig.create())
    assert rig.due(FIRST) == NEW


def test_a_withdrawn_release_stops_its_rollout(rig: Rig) -> None:
    number = rig.create()
    rig.do(steering.start, number)
    ring = keys.of(rig.installation)
    with rig.installation.database.writing() as session:
        withdrawal.withdraw(
            session, "FP-B2", NEW, ring, reason="broken", replacement=None, actor="test", now=NOW
        )
    found = rig.turn(number, MINUTE)
    assert (found.state, found.stopped_because) == (RolloutState.STOPPED, conducting.WITHDRAWN)


def test_outside_the_maintenance_window_nothing_is_offered(rig: Rig) -> None:
    number = rig.create(window=windows.parse("01:00-05:00"))
    rig.do(steering.start, number)
    # 10:00 UTC is 13:00 at the site, whose clock is Moscow's.
    assert rig.due(FIRST) is None
    assert rig.due(FIRST, 13 * HOUR) == NEW


def test_a_rollout_of_a_site_leaves_the_others_alone(rig: Rig) -> None:
    with pytest.raises(UnknownSiteError):
        rig.create(site="Склад")
    number = rig.create(site="Офис")
    with rig.installation.database.writing() as session:
        elsewhere = estates.add_phone(session, "02f1a7000009", serial=None)
        elsewhere.firmware, elsewhere.site_id = OLD, None
    rig.do(steering.start, number)
    assert (rig.due(FIRST), rig.due("02f1a7000009")) == (NEW, None)
    for mac in (FIRST, SECOND, THIRD):
        rig.says(mac, NEW, MINUTE)
    assert rig.turn(number, 2 * MINUTE).state == RolloutState.DONE
    assert rig.due("02f1a7000009") is None


def test_of_two_rollouts_made_at_once_the_second_is_refused(rig: Rig) -> None:
    def second() -> bool:
        try:
            rig.create()
        except OverlapError:
            return True
        return False

    with ThreadPoolExecutor(1) as other:
        with rig.installation.database.writing() as session:
            planning.create(session, NewRollout("FP-B2", NEW), actor="test", now=NOW)
            refused = other.submit(second)
            # Without a lock the other one ends in this time, and has seen no rollout.
            wait([refused], timeout=1)
        assert refused.result(timeout=30)


def test_a_rollout_that_no_phone_can_take_is_refused(rig: Rig) -> None:
    for mac in (FIRST, SECOND, THIRD):
        rig.says(mac, NEW, MINUTE)
    with pytest.raises(NoPhonesError, match="already"):
        rig.create()


def test_a_version_is_kept_as_the_release_spells_it(rig: Rig) -> None:
    new = NewRollout("FP-B2", "2.04.1")
    with rig.installation.database.writing() as session:
        number = planning.create(session, new, actor="test", now=NOW)
    with pytest.raises(OverlapError):
        rig.create()
    rig.do(steering.start, number)
    assert rig.due(FIRST) == NEW
    with rig.installation.database.reading() as session:
        assert standing.standing(session, number).version == NEW


def test_an_unknown_rollout_is_not_found(rig: Rig) -> None:
    with pytest.raises(UnknownRolloutError):
        rig.do(steering.start, 99)
