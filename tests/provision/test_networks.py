import socket
from ipaddress import IPv4Address, IPv4Network, ip_network

import pytest

from provision.readers.errors import NotAllowedError, UnreachableError
from provision.readers.networks import ReadOptions, Target, allowed

LAN = (ip_network("10.20.0.0/16"), ip_network("2001:db8::/32"))
EVERYWHERE = (IPv4Network("0.0.0.0/0"),)


def never(name: str) -> str:
    raise AssertionError(f"{name} was resolved")


def test_an_address_of_a_listed_network_may_be_read() -> None:
    assert allowed(" 10.20.3.4 ", LAN, resolve=never) == IPv4Address("10.20.3.4")


def test_a_device_of_our_records_may_be_read_anywhere_else() -> None:
    known = {IPv4Address("198.51.100.7")}
    assert allowed("198.51.100.7", (), known) == IPv4Address("198.51.100.7")
    with pytest.raises(NotAllowedError):
        allowed("198.51.100.8", (), known)


def test_nothing_may_be_read_before_a_network_is_listed() -> None:
    with pytest.raises(NotAllowedError) as refused:
        allowed("10.20.3.4", ReadOptions().networks)
    assert "10.20.3.4" in refused.value.text("ru")
    assert "10.20.3.4" in refused.value.text("en")


@pytest.mark.parametrize(
    "special",
    [
        "127.0.0.1",
        "127.0.77.1",
        "0.0.0.0",
        "169.254.169.254",
        "100.100.100.200",
        "192.0.0.192",
        "224.0.1.75",
        "255.255.255.255",
    ],
)
def test_special_addresses_are_opened_only_by_a_network_of_their_kind(special: str) -> None:
    known = {IPv4Address(special)}
    with pytest.raises(NotAllowedError):
        allowed(special, EVERYWHERE, known)
    assert allowed(special, [IPv4Network(special)]) == IPv4Address(special)


def test_the_demo_reads_its_own_loopback_and_no_other() -> None:
    demo = (IPv4Network("127.0.77.0/24"),)
    assert allowed("127.0.77.1", demo) == IPv4Address("127.0.77.1")
    with pytest.raises(NotAllowedError):
        allowed("127.0.0.1", demo)


def test_a_name_is_resolved_once_and_pinned() -> None:
    answers = iter(["10.20.3.4", "127.0.0.1"])
    assert allowed("phone-7.example", LAN, resolve=lambda _: next(answers)) == IPv4Address(
        "10.20.3.4"
    )
    with pytest.raises(NotAllowedError):
        allowed("phone-7.example", LAN, resolve=lambda _: next(answers))


@pytest.mark.parametrize("sly", ["127.1", "2130706433", "0x7f000001", "017700000001", "localhost"])
def test_another_spelling_of_loopback_is_loopback(sly: str) -> None:
    with pytest.raises((NotAllowedError, UnreachableError)):
        allowed(sly, EVERYWHERE)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "::1",
        "::ffff:127.0.0.1",
        "10.20.3.4/16",
        "a b",
        "user@host",
        "телефон",
        "a\nb",
        "x" * 300,
    ],
)
def test_what_is_neither_address_nor_name_is_refused_unresolved(host: str) -> None:
    with pytest.raises(NotAllowedError):
        allowed(host, EVERYWHERE, resolve=never)


def test_a_name_without_an_address_is_unreachable() -> None:
    def unknown(name: str) -> str:
        raise socket.gaierror(name)

    with pytest.raises(UnreachableError, match="the name is not found"):
        allowed("gone.example", LAN, resolve=unknown)


def test_a_target_is_an_address_and_perhaps_a_port() -> None:
    assert Target(IPv4Address("10.20.3.4")).port is None
