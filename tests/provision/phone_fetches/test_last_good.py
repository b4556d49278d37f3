"""What is remembered for the time without a database: bounded, and forgotten when wrong."""

from hypothesis import given
from hypothesis import strategies as st

from provision.phone_fetches.last_good import LastGood


def test_what_was_given_is_found_with_its_age_until_it_is_too_old() -> None:
    kept: LastGood[str] = LastGood(most_age_s=60)
    kept.keep(b"a", "first", 5, at_s=100)
    assert kept.find(b"a", 100) == ("first", 0)
    assert kept.find(b"a", 160) == ("first", 60)
    assert kept.find(b"a", 160.5) is None
    assert kept.find(b"b", 100) is None


def test_what_is_given_again_is_young_again() -> None:
    kept: LastGood[str] = LastGood(most_age_s=60)
    kept.keep(b"a", "first", 5, at_s=100)
    kept.keep(b"a", "second", 6, at_s=150)
    assert kept.find(b"a", 200) == ("second", 50)
    assert len(kept) == 1


def test_what_was_right_again_is_young_and_goes_last() -> None:
    kept: LastGood[str] = LastGood(most_bytes=1000, most_age_s=60)
    kept.keep(b"a", "first", 5, at_s=100)
    kept.keep(b"b", "second", 5, at_s=110)
    kept.renew(b"a", 150)
    kept.renew(b"never seen", 150)
    assert kept.find(b"a", 200) == ("first", 50)
    kept.keep(b"c", "third", 5, at_s=151)
    assert kept.find(b"a", 200)
    assert kept.find(b"b", 160) is None


def test_what_is_not_right_any_more_is_forgotten() -> None:
    kept: LastGood[str] = LastGood()
    kept.keep(b"a", "first", 5, at_s=0)
    kept.forget(b"a")
    kept.forget(b"never seen")
    assert kept.find(b"a", 0) is None


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5000)), max_size=200))
def test_it_never_takes_more_than_its_room_and_the_newest_stays(
    given_now: list[tuple[int, int]],
) -> None:
    kept: LastGood[int] = LastGood(most_bytes=10_000)
    for at, (name, size) in enumerate(given_now):
        kept.keep(bytes([name]), size, size, at_s=at)
        held = [kept.find(bytes([number]), at) for number in range(31)]
        assert sum(found[0] + 400 for found in held if found) <= 10_000
        assert kept.find(bytes([name]), at) == (size, 0)
