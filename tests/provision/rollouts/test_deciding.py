"""What a phone's next steps mean (O-1 to O-4), and when a rollout stops or goes on (T-1, T-2)."""

from datetime import timedelta

import pytest

from catalogue.versions import Version
from provision.rollouts import chart
from provision.rollouts.deciding import (
    SUCCEEDED,
    Course,
    Outcome,
    Patience,
    Tally,
    has_passed,
    judge,
    must_stop,
)
from provision.rollouts.vocabulary import Reason, TargetState
from tests.provision.estate import NOW

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
PATIENCE = Patience(deadline=24 * HOUR, settle=5 * MINUTE)
TARGET = Version.parse("2.4.1")


def ended(
    firmware: str = "2.3.1",
    *,
    said: timedelta | None = MINUTE,
    seen: timedelta | None = MINUTE,
    fetches: tuple[timedelta, ...] = (),
    now: timedelta = HOUR,
) -> Outcome | None:
    course = Course(
        offered_at=NOW,
        firmware=firmware,
        said_at=None if said is None else NOW + said,
        seen_at=None if seen is None else NOW + seen,
        fetches=tuple(NOW + at for at in fetches),
    )
    return judge(course, TARGET, PATIENCE, NOW + now)


def failed(reason: Reason) -> Outcome:
    return Outcome(TargetState.FAILED, reason)


def test_a_phone_that_says_the_target_or_higher_has_succeeded() -> None:
    assert ended("2.4.1") == SUCCEEDED
    assert ended("2.5") == SUCCEEDED
    assert ended("2.4.1", fetches=(MINUTE, 2 * MINUTE)) == SUCCEEDED


@pytest.mark.parametrize("firmware", ["2.4.0", "2.4.1-rc1", "boot loader"])
def test_any_other_word_is_no_success(firmware: str) -> None:
    assert ended(firmware) is None


def test_what_it_said_before_the_offer_is_no_success() -> None:
    assert ended("2.4.1", said=-MINUTE) is None
    assert ended("2.4.1", said=None) is None


def test_a_phone_that_comes_back_old_has_failed_once_it_had_time_to_restart() -> None:
    taken = (10 * MINUTE,)
    assert ended(seen=11 * MINUTE, fetches=taken) is None
    assert ended(seen=15 * MINUTE, fetches=taken) == failed(Reason.CAME_BACK_OLD)


def test_an_image_taken_twice_without_a_change_is_a_failure() -> None:
    twice = (10 * MINUTE, 11 * MINUTE)
    assert ended(seen=10 * MINUTE, fetches=twice) == failed(Reason.FETCHED_TWICE)


@pytest.mark.parametrize("seen", [None, -HOUR])
def test_a_phone_that_is_silent_past_the_deadline_has_failed(seen: timedelta | None) -> None:
    assert ended(seen=seen, now=24 * HOUR - MINUTE) is None
    assert ended(seen=seen, now=24 * HOUR) == failed(Reason.SILENT)


def test_silence_after_the_image_counts_from_the_image() -> None:
    taken = (20 * HOUR,)
    assert ended(seen=20 * HOUR, fetches=taken, now=43 * HOUR) is None
    assert ended(seen=20 * HOUR, fetches=taken, now=44 * HOUR) == failed(Reason.SILENT_AFTER)
    # It asked once more while it restarted, and never again.
    assert ended(seen=20 * HOUR + MINUTE, fetches=taken, now=44 * HOUR) == failed(
        Reason.SILENT_AFTER
    )


def test_a_phone_that_asks_and_never_takes_it_has_failed_at_the_deadline() -> None:
    assert ended(seen=23 * HOUR, now=24 * HOUR) == failed(Reason.NOT_TAKEN)


def test_new_failures_stop_at_the_threshold_and_not_before() -> None:
    assert not must_stop(Tally(succeeded=96, failed=4), 0, 5)
    assert must_stop(Tally(succeeded=95, failed=5), 0, 5)
    assert must_stop(Tally(waiting=90, offered=5, failed=5), 0, 5)
    assert not must_stop(Tally(succeeded=100), 0, 0.01)


def test_failures_that_a_person_saw_do_not_stop_it_again() -> None:
    assert not must_stop(Tally(succeeded=92, failed=8), 8, 5)
    assert not must_stop(Tally(succeeded=88, failed=12), 8, 5)
    assert must_stop(Tally(succeeded=87, failed=13), 8, 5)


def test_a_group_has_passed_when_enough_succeeded_or_nothing_is_open() -> None:
    assert has_passed(Tally(offered=10, succeeded=90), 90)
    assert not has_passed(Tally(offered=11, succeeded=89), 90)
    assert has_passed(Tally(succeeded=5, failed=5), 90)
    assert has_passed(Tally(left_out=3), 90)


def test_successes_are_not_drawn_against_the_line_of_failures() -> None:
    tally = Tally(succeeded=90, failed=3, offered=7)
    drawn = chart.failures(tally, 0, 5)
    assert [(one.kind, one.count) for one in drawn.pieces] == [("fault", 3)]
    assert drawn.pieces[0].width < drawn.limit
    assert chart.failures(Tally(succeeded=100), 0, 5).pieces == []
