"""Groups as people write them, and who is in which."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.rollouts import waves
from provision.rollouts.waves import BadWaveError, Member, TooManyWavesError, TooMuchError, Wave

SALT = "5eed5eed5eed5eed"


def members(count: int, site: str | None = None) -> list[Member]:
    return [Member(f"02f1a7{number:06x}", site) for number in range(1, count + 1)]


def test_a_group_is_a_share_a_site_or_a_list() -> None:
    assert waves.parse("5%").percent == 5
    assert waves.parse(" 12,5 % ").percent == 12.5
    assert waves.parse("site: Офис 2").site == "Офис 2"
    assert waves.parse("Площадка: Офис").site == "Офис"
    assert waves.parse("02:F1:A7:00:00:01, 02f1a7000002").macs == {"02f1a7000001", "02f1a7000002"}


@pytest.mark.parametrize("text", ["0%", "101%", "phones", "02f1a7", "site:", "%", "5%5%", "²%"])
def test_what_is_no_group_is_refused(text: str) -> None:
    with pytest.raises(BadWaveError):
        waves.parse(text)


def test_whoever_no_group_names_comes_last() -> None:
    assert waves.parse_all(["5%", "", "20%"])[-1].is_rest
    assert not waves.parse_all(["40%", "60%"])[-1].is_rest
    assert waves.parse_all([]) == (Wave(),)
    with pytest.raises(TooMuchError):
        waves.parse_all(["60%", "50%"])
    with pytest.raises(TooManyWavesError):
        waves.parse_all(["1%"] * 21)


def test_shares_that_make_a_hundred_as_written_are_everything() -> None:
    assert not waves.parse_all(["32,84%"] * 3 + ["1,48%"])[-1].is_rest
    assert waves.parse_all(["32,84%"] * 3 + ["1,47%"])[-1].is_rest
    with pytest.raises(TooMuchError):
        waves.parse_all(["32,84%"] * 3 + ["1,49%"])


def test_shares_are_of_all_phones_and_lists_and_sites_come_first() -> None:
    everyone = [*members(100, "Офис"), Member("02f1a7ffff01", "Склад")]
    groups = waves.parse_all(["02f1a7000001", "site: Склад", "5%", "20%"])
    found = waves.assign(everyone, groups, SALT)
    assert found["02f1a7000001"] == 0
    assert found["02f1a7ffff01"] == 1
    assert Counter(found.values()) == {0: 1, 1: 1, 2: 5, 3: 20, 4: 74}


@given(st.integers(1, 40), st.floats(0.01, 50).map(lambda share: round(share, 2)))
def test_every_phone_has_one_group_and_no_first_group_is_empty(count: int, percent: float) -> None:
    found = waves.assign(members(count), (Wave("x", percent=percent), Wave()), SALT)
    assert len(found) == count
    assert 0 in found.values()


def test_a_latecomer_has_the_place_that_its_mac_gives_it() -> None:
    groups = waves.parse_all(["5%", "25%"])
    places = Counter(waves.place_of(one, groups, SALT) for one in members(4000))
    assert places[0] == pytest.approx(200, rel=0.25)
    assert places[1] == pytest.approx(1000, rel=0.15)
    named = waves.parse_all(["site: Склад", "50%"])
    assert waves.place_of(Member("02f1a7000001", "Склад"), named, SALT) == 0
