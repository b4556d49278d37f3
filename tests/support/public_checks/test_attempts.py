from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from storage.db import Database
from support.models import CheckTry
from support.public_checks.attempts import LIMIT, WINDOW, Attempts, TooManyAttemptsError

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def attempts(database: Database) -> Attempts:
    return Attempts(database, "test")


def spend(attempts: Attempts, address: str, count: int = LIMIT) -> None:
    for number in range(count):
        attempts.begin(address, NOON + number * MINUTE)


def is_open(attempts: Attempts, address: str, at: datetime = NOON + 30 * MINUTE) -> bool:
    try:
        attempts.begin(address, at)
    except TooManyAttemptsError:
        return False
    return True


def test_ten_failures_pass_and_the_eleventh_is_told_how_long_to_wait(attempts: Attempts) -> None:
    spend(attempts, "192.0.2.1")
    with pytest.raises(TooManyAttemptsError) as refusal:
        attempts.begin("192.0.2.1", NOON + 30 * MINUTE)
    assert refusal.value.details == {"minutes": 30}


def test_a_failure_is_forgotten_after_an_hour_and_a_refusal_adds_none(attempts: Attempts) -> None:
    spend(attempts, "192.0.2.1")
    assert not is_open(attempts, "192.0.2.1", NOON + 59 * MINUTE)
    assert is_open(attempts, "192.0.2.1", NOON + 60 * MINUTE)
    assert not is_open(attempts, "192.0.2.1", NOON + 60 * MINUTE)


def test_sources_are_counted_apart(attempts: Attempts) -> None:
    spend(attempts, "192.0.2.1")
    assert is_open(attempts, "192.0.2.2")


@pytest.mark.parametrize(
    ("spent", "asked", "is_free"),
    [
        ("2001:db8::1", "2001:db8::2", False),
        ("2001:db8::1", "2001:db8:0:1::1", True),
        ("::ffff:192.0.2.1", "192.0.2.1", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", True),
        ("unknown", "unknown", False),
    ],
)
def test_a_source_is_an_ipv4_address_or_an_ipv6_subscriber(
    attempts: Attempts, spent: str, asked: str, *, is_free: bool
) -> None:
    spend(attempts, spent)
    assert is_open(attempts, asked) is is_free


def test_a_right_try_does_not_count(attempts: Attempts) -> None:
    for number in range(LIMIT * 3):
        at = NOON + number * timedelta(seconds=1)
        attempts.begin("192.0.2.1", at)
        attempts.succeeded("192.0.2.1", at)
    assert is_open(attempts, "192.0.2.1")


def test_tries_sent_at_once_cannot_pass_the_limit_together(attempts: Attempts) -> None:
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: is_open(attempts, "192.0.2.1"), range(200)))
    assert opened.count(True) == LIMIT


def test_another_process_counts_the_same_tries(attempts: Attempts) -> None:
    spend(attempts, "192.0.2.1")
    other = Database(attempts.database.url)
    assert not is_open(Attempts(other, "test"), "192.0.2.1")
    assert is_open(Attempts(other, "another check"), "192.0.2.1")
    other.dispose()


def test_what_is_past_the_window_does_not_fill_the_table(attempts: Attempts) -> None:
    for number in range(50):
        attempts.begin(f"source {number}", NOON)
    attempts.begin("192.0.2.1", NOON + WINDOW)
    with attempts.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(CheckTry)) == 1
