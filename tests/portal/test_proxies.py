"""Whose word on the client's address counts."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.proxies import client_address

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("::1/128"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),  # nobody we trust says so
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"),  # the first hop is the client's word
        ("10.0.0.1", "junk", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.09", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9\0", "10.0.0.1"),
        ("10.0.0.1", "203.0.113", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::1", "2001:db8::7", "2001:db8::7"),
    ],
)
def test_the_address_is_the_last_hop_that_no_trusted_proxy_made(
    peer: str, forwarded: str, expected: str
) -> None:
    assert client_address(peer, forwarded, TRUSTED) == expected


@given(st.text(alphabet="0123456789.x \u0660", max_size=16) | st.ip_addresses().map(str))
def test_a_hop_is_taken_for_an_address_where_python_reads_one(said: str) -> None:
    try:
        expected = str(said.strip() and ip_address(said.strip()) and said.strip())
    except ValueError:
        expected = ""
    assert client_address("10.0.0.1", said, (ip_network("10.0.0.1/32"),)) == (
        expected or "10.0.0.1"
    )


@given(st.text(), st.text())
def test_an_untrusted_peer_is_never_overruled(peer: str, forwarded: str) -> None:
    assert client_address(peer, forwarded, ()) == peer
