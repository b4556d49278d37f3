"""S1: the limit of requests by a MAC alone tells nothing, and holds up nobody who proves itself."""

from collections.abc import Sequence

import pytest

from portal.settings import Settings
from provision import folding
from provision.newcomers import tries
from provision.proving.doorkeeper import Doorkeeper, FirstContactOptions
from storage.clock import now
from tests.provision import estate as estates
from tests.provision.estate import MAC, SIP_PASSWORD, Estate
from tests.provision.phone_api.conftest import curl
from tests.provision.phone_plane import Answer, ask

LIMIT = 5
UNKNOWN = [f"02f1a7fff{number:03x}" for number in range(tries.MACS_PER_MINUTE + 1)]


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"first_contacts_a_minute": LIMIT})


def first_contacts(port: int, macs: Sequence[str]) -> list[Answer]:
    return [ask(port, f"/p/{mac}.cfg") for mac in macs]


def test_above_the_limit_known_and_unknown_macs_are_told_to_wait_alike(
    port: int, estate: Estate
) -> None:
    with estate.installation.database.writing() as session:
        for mac in UNKNOWN[:4]:
            estates.add_phone(session, mac, None)
    # Of the first ones some are known, and all count; so do those after them.
    answers = first_contacts(port, [*UNKNOWN[2:7], MAC, UNKNOWN[0], UNKNOWN[9]])
    assert [answer.status for answer in answers] == [200] * LIMIT + [429] * 3
    refused = answers[LIMIT:]
    assert {answer.body for answer in refused} == {b"429\n"}
    assert {answer.first("retry-after") for answer in refused} == {"60"}
    assert len({tuple(sorted(answer.headers)) for answer in refused}) == 1


def test_known_macs_alone_reach_the_limit_as_soon_as_unknown_ones(
    port: int, estate: Estate
) -> None:
    assert estate.token
    assert [one.status for one in first_contacts(port, [MAC] * (LIMIT + 1))][-2:] == [200, 429]


def test_who_proves_itself_is_served_from_an_address_above_the_limit(
    port: int, estate: Estate
) -> None:
    assert first_contacts(port, UNKNOWN[: LIMIT + 1])[-1].status == 429
    for _ in range(2):
        own = ask(port, f"/p/{estate.token}/{MAC}.cfg")
        assert own.status == 200
        assert SIP_PASSWORD.encode() in own.body
    done = curl(port, f"/p/auth/{MAC}.cfg", "--digest", "-u", f"{MAC}:{estate.password}")
    assert done.stdout.endswith(b"\n200")


def test_staff_are_told_of_a_guesser_though_most_of_it_was_refused(
    port: int, estate: Estate
) -> None:
    first_contacts(port, UNKNOWN)
    folding.reader_of(estate.installation).fold()
    with estate.installation.database.writing() as session:
        (found,) = tries.note(session, now())
    assert (found.source, found.macs) == ("127.0.0.1", len(UNKNOWN))


def test_addresses_wait_each_for_itself_and_a_minute() -> None:
    keeper = Doorkeeper.of(FirstContactOptions(per_minute=2))
    assert [keeper.may_call("10.0.0.7", 0.0) for _ in range(3)] == [True, True, False]
    assert keeper.may_call("10.0.0.8", 1.0)
    assert keeper.may_call("10.0.0.7", 61.0)


def test_a_line_of_ipv6_is_one_and_mapped_addresses_are_not() -> None:
    keeper = Doorkeeper.of(FirstContactOptions(per_minute=1))
    assert keeper.may_call("2001:db8:1:2::1", 0.0)
    assert not keeper.may_call("2001:db8:1:2::2", 0.0)
    assert keeper.may_call("2001:db8:1:3::1", 0.0)
    assert keeper.may_call("::ffff:10.0.0.7", 0.0)
    assert keeper.may_call("::ffff:10.0.0.8", 0.0)
    assert not keeper.may_call("10.0.0.8", 0.0)


def test_there_is_no_limit_unless_it_is_set() -> None:
    keeper = Doorkeeper.of(FirstContactOptions())
    assert all(keeper.may_call("10.0.0.7", 0.0) for _ in range(20_000))
