"""What may be claimed, and how long a claim stands."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from provision.redirects import judging
from provision.redirects.judging import Unit
from provision.redirects.models import ClaimState

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_only_a_known_phone_with_its_code_and_no_claim_is_claimed() -> None:
    flags = itertools.product([True, False], repeat=3)
    assert [one for one in flags if judging.may_claim(Unit(*one))] == [(True, True, False)]


def test_ten_wrong_tries_are_enough() -> None:
    assert [judging.may_try(number) for number in (0, 9, 10, 11)] == [True, True, False, False]


@pytest.mark.parametrize("state", ClaimState)
def test_only_an_approved_claim_redirects_and_only_until_its_end(state: ClaimState) -> None:
    approved = state is ClaimState.APPROVED
    assert judging.redirects(state, NOW + SECOND, NOW) is approved
    assert judging.redirects(state, NOW, NOW) is False


@pytest.mark.parametrize("state", ClaimState)
def test_what_is_live_expires_and_what_was_decided_stays(state: ClaimState) -> None:
    live = state in {ClaimState.WAITING, ClaimState.APPROVED}
    assert judging.standing(state, NOW, NOW) == ("expired" if live else state)
    assert judging.standing(state, NOW + SECOND, NOW) == state
