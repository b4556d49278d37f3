"""After a change configurations are made before their phones ask, never instead of newer ones."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from jobs import queue
from jobs.models import Job, JobState
from jobs.runner import Runner, Work, Workbook
from provision import credentials, folding, profiles
from provision.devices import registry
from provision.models import Level, ProfileSetting
from provision.phone_fetches import phone_plane
from provision.rendered import answer, stale, work
from provision.rendered.ahead import Workshop
from provision.rendered.expected import Expectation
from provision.rendered.keeping import Kept
from provision.rendered.models import Rendered
from provision.rendered.stale import Stale
from storage.clock import now
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import MAC
from tests.provision.phone_plane import ask, served
from tests.provision.rendered.fetcher import Fetcher

SECOND = "02f1a7000002"


def put(place: Installation, vlan: str) -> None:
    """Change something of all phones, as the page of profiles does."""
    with place.database.writing() as session:
        profiles.put(
            session, place.seal, profiles.GLOBAL, "network.vlan", vlan, actor="test", now=now()
        )
        work.ask(session, actor="test", now=now())


def run_jobs(place: Installation) -> int:
    return Runner(place, Workbook(work.HANDLERS)).run_due("test")


def take_turn(place: Installation, meanwhile: Callable[[], object] = lambda: None) -> None:
    """Run the job that waits for the shortest turn."""
    with place.database.writing() as session:
        job = queue.claim(session, "test", work.HANDLERS, now())
    assert job is not None
    turn = Work(job.id, job.arguments, "test", place)
    work.prepare(turn, turn_s=0)
    meanwhile()
    turn.finish()


def count(place: Installation) -> int:
    with place.database.reading() as session:
        return stale.count(session, Workshop.of(place).bench.press_mark)


def rows(place: Installation) -> list[tuple[bytes, int, bytes]]:
    with place.database.reading() as session:
        asked = select(Rendered.request_sha256, Rendered.revision, Rendered.sealed)
        return [tuple(row) for row in session.execute(asked.order_by(Rendered.credential_id))]


def made_of(workshop: Workshop, session: Session, row: Stale) -> Kept | None:
    shared = workshop.inputs.at(stale.revision(session))
    device = registry.get(session, MAC)
    words = Expectation.of(session, workshop.place, shared, [device])
    return workshop._made(session, row, words)


@pytest.fixture
def place(phone: Fetcher) -> Installation:
    return phone.estate.installation


def test_after_a_change_the_door_has_the_new_one_before_its_phone_asks(
    phone: Fetcher, place: Installation
) -> None:
    phone.warm()
    put(place, "204")
    assert count(place) == 1
    run_jobs(place)
    assert count(place) == 0
    given = phone.by_door()
    assert 'vlan = "204"' in given.text
    by_views = phone.by_views(If_None_Match='"other"')
    assert by_views.data == given.data
    assert by_views.headers["ETag"] == given.headers["ETag"]


def test_what_was_prepared_leaves_the_same_check_in_as_a_fetch_by_the_views(
    phone: Fetcher, place: Installation
) -> None:
    phone.warm()
    put(place, "204")
    phone.by_views()
    phone.settle()
    by_views = rows(place)
    with place.database.writing() as session:
        session.execute(update(Rendered).values(revision=Rendered.revision - 1))
        work.ask(session, actor="test", now=now())
    run_jobs(place)
    before, after = (
        answer.opened(found[0][2], found[0][0], place.seal) for found in (by_views, rows(place))
    )
    assert after == before


def test_a_phone_that_asks_first_gets_the_new_one_and_keeps_its_place(
    phone: Fetcher, place: Installation
) -> None:
    phone.warm()
    workshop = Workshop.of(place)
    put(place, "204")
    with place.database.reading() as session:
        device = registry.get(session, MAC)
        (before,) = stale.rows(session, workshop.bench.press_mark, [device.id])
        made = made_of(workshop, session, before)
    assert made is not None
    put(place, "205")
    assert 'vlan = "205"' in phone.by_views().text
    phone.settle()
    with place.database.writing() as session:
        stale.replace(session, [(before, made)])
        stale.drop(session, [before])
    assert 'vlan = "205"' in phone.by_door().text


def test_what_changes_while_it_is_made_is_stale_when_it_is_stored(
    phone: Fetcher, place: Installation
) -> None:
    phone.warm()
    workshop = Workshop.of(place)
    put(place, "204")
    with place.database.snapshot() as session:
        device = registry.get(session, MAC)
        (before,) = stale.rows(session, workshop.bench.press_mark, [device.id])
        put(place, "205")
        made = made_of(workshop, session, before)
    assert made is not None
    with place.database.writing() as session:
        stale.replace(session, [(before, made)])
    assert count(place) == 1
    assert 'vlan = "205"' in phone.by_views().text


def test_phones_seen_last_come_first_and_who_is_left_is_another_turns(
    phone: Fetcher, place: Installation
) -> None:
    phone.warm()
    with place.database.writing() as session:
        other = estates.add_phone(session, SECOND, None)
        token = credentials.issue_token(session, other, actor="test", now=now())
    target = f"/p/{token}/{SECOND}.cfg"
    phone.warm(target, f"FlatPhone/2.3.1 (FP-B2; hw A; mac {SECOND})")
    with place.database.writing() as session:
        older = registry.get(session, MAC)
        older.last_check_in_at = now() - timedelta(days=1)
    put(place, "204")
    with place.database.reading() as session:
        mark = Workshop.of(place).bench.press_mark
        first, then = stale.devices(session, mark, 9, None)
        assert first.mac == SECOND
        assert [then] == stale.devices(session, mark, 9, first)
    take_turn(place, meanwhile=lambda: put(place, "205"))
    with place.database.reading() as session:
        # The one that waits meanwhile is the next turn: nothing is submitted twice.
        ended, waiting = session.scalars(select(Job).order_by(Job.id)).all()
    assert (ended.state, ended.progress_total) == (JobState.DONE, 2)
    assert (waiting.state, waiting.arguments) == (JobState.QUEUED, {})


def test_a_turn_that_ends_early_is_a_job_again_from_where_it_was(
    phone: Fetcher, place: Installation
) -> None:
    phone.warm()
    put(place, "204")
    take_turn(place)
    with place.database.reading() as session:
        queued = session.scalars(select(Job).where(Job.state == JobState.QUEUED)).one()
        assert queued.arguments["mac"] == MAC
        assert (queued.progress_done, queued.progress_total) == (1, 1)
    put(place, "205")
    with place.database.reading() as session:
        assert session.scalars(select(Job).where(Job.id == queued.id)).one().arguments == {}
    run_jobs(place)
    assert 'vlan = "205"' in phone.by_door().text


def test_a_revoked_phones_configuration_is_forgotten(phone: Fetcher, place: Installation) -> None:
    phone.warm()
    with place.database.writing() as session:
        credentials.revoke(session, registry.get(session, MAC), actor="test", now=now())
        work.ask(session, actor="test", now=now())
    run_jobs(place)
    assert rows(place) == []
    assert phone.by_views().status_code == 404


def test_what_cannot_be_written_is_tried_once_for_each_change(
    phone: Fetcher, place: Installation
) -> None:
    phone.warm()
    broken = ProfileSetting(level=Level.GLOBAL, key="", name="screen.greeting", value="a\x07")
    with place.database.writing() as session:
        session.add(broken)
        work.ask(session, actor="test", now=now())
    run_jobs(place)
    assert count(place) == 0
    assert phone.by_views().status_code == 503
    with place.database.writing() as session:
        session.delete(session.merge(broken))
        work.ask(session, actor="test", now=now())
    run_jobs(place)
    assert phone.by_door().status_code == 200


def test_what_another_version_kept_is_made_anew(phone: Fetcher, place: Installation) -> None:
    first = phone.warm()
    with place.database.writing() as session:
        session.execute(update(Rendered).values(press=b"\0" * 32))
    run_look(place)
    assert phone.by_door().data == first.data


def run_look(place: Installation) -> None:
    with place.database.writing() as session:
        queue.submit(session, work.LOOK, {}, actor="schedule", now=now())
    run_jobs(place)


def test_a_change_by_a_command_is_found_too(phone: Fetcher, place: Installation) -> None:
    phone.warm()
    with place.database.writing() as session:
        registry.get(session, MAC).group_name = "Зал"
    run_look(place)
    phone.by_door()
    with place.database.reading() as session:
        kinds = [job.kind for job in session.scalars(select(Job))]
    run_look(place)
    with place.database.reading() as session:
        after = [job.kind for job in session.scalars(select(Job))]
    assert kinds.count(work.PREPARE) == after.count(work.PREPARE) == 1


def vlan_of(told: str) -> int:
    return int(told.split('vlan = "')[1].split('"', maxsplit=1)[0]) if "vlan" in told else 0


def prepare_until(done: threading.Event, place: Installation, prepared: list[int]) -> None:
    workshop = Workshop.of(place)
    while not done.is_set():
        with place.database.reading() as session:
            found = stale.devices(session, workshop.bench.press_mark, 9, None)
        if found:
            prepared.append(workshop.prepare(found).made)


@pytest.fixture
def port(phone: Fetcher) -> Iterator[int]:
    keeper = phone_plane.keeper_of(phone.app)
    keeper.start()
    with served(phone.app) as found:
        yield found
    keeper.stop()


def test_what_is_prepared_while_phones_fetch_and_people_change_is_never_given_stale(
    phone: Fetcher, place: Installation, port: int
) -> None:
    """Phones, people and two workers at once: a fetch after a commit has the change in it."""
    agent = f"User-Agent: {phone.estate.agent('2.3.1')}"
    phone_plane.door_of(phone.app)._fetches.per_minute = 1_000_000
    failures: list[str] = []
    current, done = [0], threading.Event()
    prepared: list[int] = []

    def fetch() -> None:
        while not done.is_set():
            least = current[0]
            number = vlan_of(ask(port, phone.target, agent).body.decode())
            if number < least:
                failures.append(f"{number} after {least}")

    for _ in range(2):
        ask(port, phone.target, agent)
        folding.reader_of(place).fold()
    threads = [threading.Thread(target=fetch)]
    threads += [
        threading.Thread(target=prepare_until, args=(done, place, prepared)) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for number in range(200, 240):
        put(place, str(number))
        current[0] = number
        done.wait(0.03)
    done.set()
    for thread in threads:
        thread.join(20)
    assert failures == []
    assert sum(prepared)
