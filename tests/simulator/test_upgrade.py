"""An order is followed only where the signed manifest leads; the share is the phone's own look."""

import pytest

from simulator.upgrade import Asking, Offered, Verdict, WrongStepError, judge
from simulator.version_order import UnreadableVersionError, place

PHONE = Asking("1.6", "A", "02f1a7000001")  # slot 5056 under this salt
SALT = "5eed5eed5eed5eed"
BOTH = frozenset("AB")


def release(version: str, min_from: str | None = None, percent: float = 100) -> Offered:
    return Offered(version, BOTH, min_from, percent=percent, salt=SALT)


LADDER = (release("1.8"), release("2.4", "1.8"))


def test_the_step_towards_the_highest_release_is_followed() -> None:
    assert judge("1.8", PHONE, LADDER, {}) is Verdict.TAKE


@pytest.mark.parametrize("ordered", ["2.4", "1.5", "9.9", "1.6"])
def test_an_order_that_is_no_first_step_is_refused(ordered: str) -> None:
    with pytest.raises(WrongStepError, match=ordered):
        judge(ordered, PHONE, LADDER, {})


def test_a_pinned_phone_follows_an_order_to_a_lower_release() -> None:
    releases = (release("1.7"), release("1.8"), release("2.4"))

    assert judge("1.7", PHONE, releases, {}) is Verdict.TAKE


def test_a_phone_outside_the_share_waits_whatever_the_server_orders() -> None:
    assert judge("2.5", PHONE, (*LADDER, release("2.5", percent=50.56)), {}) is Verdict.NOT_YET
    assert judge("2.5", PHONE, (*LADDER, release("2.5", percent=50.57)), {}) is Verdict.TAKE


def test_a_step_of_a_release_for_others_is_still_a_step_of_one_for_everybody() -> None:
    releases = (*LADDER, release("2.5", "1.8", percent=0))

    assert judge("1.8", PHONE, releases, {}) is Verdict.TAKE


def test_an_order_below_the_floor_or_to_a_broken_release_is_refused() -> None:
    broken = Offered("2.6", BOTH, broken=frozenset("A"))
    with pytest.raises(WrongStepError):
        judge("2.6", PHONE, (*LADDER, broken), {})
    with pytest.raises(WrongStepError):
        judge("1.8", PHONE, LADDER, {"A": "2.0"})


@pytest.mark.parametrize("text", ["", "x", "2.4-15", "1.2.3.4.5.6.7.8.9", "2.5-gamma1", "2 4"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(UnreadableVersionError):
        place(text)
