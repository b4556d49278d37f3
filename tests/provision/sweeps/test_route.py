"""The route: every address once, spread evenly, and found again at any place."""

from collections import Counter
from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.sweeps.route import (
    BadNetworkError,
    NoNetworkError,
    Route,
    TooWideError,
    networks_of,
)

networks = st.lists(
    st.builds(
        lambda number, prefix: IPv4Network((number, prefix), strict=False),
        st.integers(0, 2**32 - 1),
        st.integers(22, 32),
    ),
    min_size=1,
    max_size=4,
).map(lambda found: networks_of([str(one) for one in found]))


@given(networks, st.integers(0, 2**40))
def test_every_address_is_visited_once(wanted: list[IPv4Network], seed: int) -> None:
    route = Route(wanted, seed)
    visited = [one for start, count in route.chunks() for one in route.addresses(start, count)]
    assert sorted(visited) == sorted(str(one) for network in wanted for one in network)


def test_any_thousand_in_a_row_spread_over_all_subnets() -> None:
    route = Route([IPv4Network("10.0.0.0/16")], 4711)
    for start in (0, 777, 30_000):
        subnets = Counter(one.split(".")[2] for one in route.addresses(start, 1024))
        assert len(subnets) == 256
        assert max(subnets.values()) <= 6


def test_a_subnet_gets_its_share_of_the_rate_and_no_more() -> None:
    one = Route([IPv4Network("10.0.0.0/24")], 0)
    assert one.rate(1000) == 50
    assert one.rate(20_000) == 1000
    assert one.rate(10) == 10
    assert Route([IPv4Network("10.0.0.0/16")], 0).rate(20_000) == 20_000
    assert Route([IPv4Network("10.0.0.1/32"), IPv4Network("10.0.0.7/32")], 0).rate(1000) == 50


def test_overlapping_networks_are_one() -> None:
    assert networks_of(["10.0.0.0/25", "10.0.0.0/24", "10.0.0.7"]) == [IPv4Network("10.0.0.0/24")]


@pytest.mark.parametrize("text", ["", "10.0.0.1/24", "fe80::/64", "10.0.0.0/33", "phone"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(BadNetworkError):
        networks_of([text])


def test_a_sweep_has_bounds() -> None:
    with pytest.raises(TooWideError):
        networks_of(["10.0.0.0/7"])
    with pytest.raises(NoNetworkError):
        networks_of([])
