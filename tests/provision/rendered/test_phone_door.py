"""The door gives what the views give, byte for byte, and passes on all it does not know."""

import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from provision import credentials, folding, profiles
from provision.devices import registry
from provision.models import CheckIn, CheckInKind
from provision.phone_door import FETCHES_PER_MINUTE
from provision.phone_fetches import phone_plane
from provision.rendered.models import Rendered
from storage.clock import now
from tests.provision.estate import MAC, SIP_PASSWORD, UNKNOWN
from tests.provision.phone_plane import Answer, ask, served
from tests.provision.rendered.fetcher import Fetcher
from tests.provision.test_strangers_served import AGENTS, FILES
from tests.waiting import until

FLAT_PHONE = "FlatPhone/2.3.1 (FP-B2; hw A; sn FP2648B2K7Q2XM6; mac 02f1a7000001)"
DIALECTS = {
    **{name: (FILES[name].format(mac=MAC), agent) for name, agent in AGENTS.items()},
    "flat_phone": (f"{MAC}.cfg", FLAT_PHONE),
    "flat_phone without words": (f"{MAC}.cfg", "curl/8.5"),
    "flat_phone, odd path": (f"/./{MAC}.CFG?now", FLAT_PHONE),
    "flat_phone, nothing due": ("firmware", FLAT_PHONE),
    "snom, its release": (f"{MAC}-firmware.xml", AGENTS["snom"]),
}


def headers(answer: TestResponse) -> list[tuple[str, str]]:
    """All but the number of the log's record: the door leaves none."""
    return sorted(one for one in answer.headers if one[0] != "X-Request-Id")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_it_gives_what_the_views_give_with_the_same_headers(phone: Fetcher, dialect: str) -> None:
    name, agent = DIALECTS[dialect]
    target = f"/p/{phone.estate.token}/{name}"
    first = phone.warm(target, agent)
    assert first.status_code in {200, 204}
    again = phone.by_door(target, agent)
    assert (again.status, again.data) == (first.status, first.data)
    assert headers(again) == headers(first)
    if not first.data:
        return
    assert phone.by_views(target, agent, If_None_Match='"other"').data == first.data
    same = {"If_None_Match": first.headers["ETag"]}
    unchanged = phone.by_door(target, agent, **same)
    listed = {"If_None_Match": f'{first.headers["ETag"]}, W/"x"'}
    by_views = phone.by_views(target, agent, **listed)
    assert unchanged.status == by_views.status == "304 NOT MODIFIED"
    assert headers(unchanged) == headers(by_views)


def test_what_is_kept_is_no_plain_text(phone: Fetcher) -> None:
    assert SIP_PASSWORD.encode() in phone.warm().data
    with phone.estate.installation.database.reading() as session:
        (row,) = session.scalars(select(Rendered)).all()
    assert SIP_PASSWORD.encode() not in row.sealed
    assert phone.estate.token.encode() not in row.sealed


def test_each_fetch_is_a_check_in_like_the_views_own(phone: Fetcher) -> None:
    etag = phone.warm().headers["ETag"]
    phone.by_door()
    phone.by_door(If_None_Match=etag)
    phone.settle()
    with phone.estate.installation.database.reading() as session:
        rows = list(session.scalars(select(CheckIn).order_by(CheckIn.id)))
        device = registry.get(session, MAC)
    assert [row.status for row in rows] == [200, 200, 200, 304]
    by_views, by_door = (
        {
            name: getattr(row, name)
            for name in CheckIn.__table__.columns.keys()  # noqa: SIM118 - no plain dict
            if name not in {"id", "at"}
        }
        for row in rows[1:3]
    )
    assert by_door == by_views
    assert (by_door["kind"], by_door["proof"]) == (CheckInKind.CONFIGURATION, "token")
    assert device.last_check_in_at == rows[-1].at


def test_a_phone_that_says_something_else_is_looked_at_anew(phone: Fetcher) -> None:
    phone.warm()
    phone.by_views(agent=phone.estate.agent("2.4.1"))
    answer = phone.by_views(agent=phone.estate.agent("2.3.1", mac="02f1a7000009"))
    assert answer.status_code == 404


NOT_THE_DOORS = {
    "a wrong token": lambda phone: phone.by_views(f"/p/{'A' * 43}/{MAC}.cfg"),
    "another phone": lambda phone: phone.by_views(f"/p/{phone.estate.token}/{UNKNOWN}.cfg"),
    "the bootstrap": lambda phone: phone.by_views(f"/p/{MAC}.cfg"),
    "a second proof": lambda phone: phone.by_views(Authorization="Digest x"),
}


@pytest.mark.parametrize("name", NOT_THE_DOORS)
def test_what_it_does_not_know_goes_to_the_views(phone: Fetcher, name: str) -> None:
    phone.warm()
    NOT_THE_DOORS[name](phone)


def test_another_method_than_get_goes_to_the_views(phone: Fetcher) -> None:
    phone.warm()
    before = phone.views.calls
    assert phone.client.head(phone.target).status_code == 200
    assert phone.client.put(phone.target).status_code in {404, 405}
    assert phone.views.calls == before + 2


def test_odd_spellings_of_one_address_fill_no_table(phone: Fetcher) -> None:
    for slashes in range(1, 12):
        phone.warm("/" * slashes + phone.target)
    with phone.estate.installation.database.reading() as session:
        assert len(session.scalars(select(Rendered)).all()) == 1


def test_one_phone_that_fetches_without_end_is_slowed_down_alone(phone: Fetcher) -> None:
    phone.warm()
    statuses = [phone.by_door().status_code for _ in range(FETCHES_PER_MINUTE + 2)]
    assert statuses == [200] * FETCHES_PER_MINUTE + [429] * 2
    refused = phone.by_door()
    assert (refused.data, refused.headers["Retry-After"]) == (b"429\n", "60")
    assert phone.by_views(f"/p/{MAC}.cfg").status_code == 200


def test_a_fault_of_the_lookup_leaves_the_views(phone: Fetcher) -> None:
    first = phone.warm()
    phone.forget()
    with phone.estate.installation.database.writing() as session:
        session.execute(text("DROP TABLE rendered"))
    assert phone.by_views().data == first.data


def test_what_is_held_here_is_not_read_again(phone: Fetcher) -> None:
    first = phone.warm()
    with phone.estate.installation.database.writing() as session:
        session.execute(text("DELETE FROM rendered"))
    assert phone.by_door().data == first.data
    phone.forget()
    assert phone.by_views().data == first.data


def test_what_is_stored_is_found_by_a_process_that_holds_nothing(phone: Fetcher) -> None:
    first = phone.warm()
    phone.forget()
    assert phone.by_door().data == first.data


def test_a_row_of_another_request_does_not_open(phone: Fetcher) -> None:
    phone.warm()
    phone.forget()
    with phone.estate.installation.database.writing() as session:
        (row,) = session.scalars(select(Rendered)).all()
        session.execute(text("UPDATE rendered SET sealed = :sealed"), {"sealed": row.sealed[::-1]})
    assert phone.by_views().status_code == 200


@pytest.fixture
def port(phone: Fetcher) -> Iterator[int]:
    keeper = phone_plane.keeper_of(phone.app)
    keeper.start()
    with served(phone.app) as found:
        yield found
    keeper.stop()


def test_no_fetch_gets_in_a_second_after_its_token_was_revoked(phone: Fetcher, port: int) -> None:
    """Phones fetch all the time while staff revoke: R of DESIGN 4.8, within 1 s."""
    place, agent = phone.estate.installation, f"User-Agent: {FLAT_PHONE}"
    # They fetch more often than one phone may.
    phone_plane.door_of(phone.app)._fetches.per_minute = 1_000_000
    for _ in range(3):
        assert ask(port, phone.target, agent).status == 200
        folding.reader_of(place).fold()
    seen: list[tuple[float, Answer]] = []
    done = threading.Event()

    def fetch() -> None:
        while not done.is_set():
            begun = time.monotonic()
            seen.append((begun, ask(port, phone.target, agent)))

    threads = [threading.Thread(target=fetch) for _ in range(3)]
    for thread in threads:
        thread.start()
    until(lambda: len(seen) >= 20)
    before = [answer.status for _, answer in seen]
    with place.database.writing() as session:
        device = registry.get(session, MAC)
        credentials.revoke(session, device, actor="test", now=now())
    revoked_at = time.monotonic()
    until(lambda: sum(at > revoked_at for at, _ in seen) >= 20)
    done.set()
    for thread in threads:
        thread.join(20)
    assert phone.views.calls < len(seen), "the door answered some of them"
    assert set(before) == {200}
    late = [answer for at, answer in seen if at > revoked_at]
    assert all(answer.status != 200 for answer in late)
    assert all(SIP_PASSWORD.encode() not in answer.body for answer in late)


def test_what_changes_while_phones_fetch_is_never_given_stale(phone: Fetcher, port: int) -> None:
    """A fetch that begins after a change was committed has the change in it."""
    place, agent = phone.estate.installation, f"User-Agent: {FLAT_PHONE}"
    numbers = range(200, 230)
    # On a quick machine they fetch more often than one phone may.
    phone_plane.door_of(phone.app)._fetches.per_minute = 1_000_000
    failures: list[str] = []
    current = [0]
    done = threading.Event()

    def fetch() -> None:
        while not done.is_set():
            least = current[0]
            told = ask(port, phone.target, agent).body.decode()
            number = int(told.split('vlan = "')[1].split('"')[0]) if "vlan" in told else 0
            if number < least:
                failures.append(f"{number} after {least}")

    threads = [threading.Thread(target=fetch) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in numbers:
        with place.database.writing() as session:
            own, name = profiles.link_for(session, device=MAC), "network.vlan"
            if number % 2:
                profiles.remove(session, own, name, actor="test", now=now())
            link = profiles.GLOBAL if number % 2 else own
            profiles.put(session, place.seal, link, name, str(number), actor="test", now=now())
        current[0] = number
        time.sleep(0.03)
    done.set()
    for thread in threads:
        thread.join(20)
    assert failures == []
