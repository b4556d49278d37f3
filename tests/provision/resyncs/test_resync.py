"""A resync from its start to its rows: whom it asks, where, in whose words, and what is told."""

import re
from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from jobs import queue
from jobs.models import Job, JobState
from jobs.runner import Work, Workbook, perform
from provision import checkins, profiles
from provision.checkins import Visit
from provision.device_story import timeline, timeline_words
from provision.devices import registry
from provision.models import CheckInKind
from provision.readers.networks import ReadOptions
from provision.resyncs import conducting, letters, results, starting, work
from provision.resyncs.answering import Login
from provision.resyncs.asking import Outcome
from provision.resyncs.message import Notice
from provision.resyncs.starting import NewResync
from provision.resyncs.transaction import Timers
from provision.resyncs.vocabulary import ResyncState, TargetState
from simulator.faces import FaceOptions, serve_faces
from storage.clock import now
from storage.installation import Installation
from storage.refusals import RefusedError
from tests.provision.estate import MAC, NOW, SIP_PASSWORD
from tests.provision.resyncs.conftest import SECOND, Phone, receive, send
from tests.simulator.test_sip_face import Desk

QUICK = Timers(t1=0.01, t2=0.08)


@pytest.fixture
def backend() -> str:
    """What differs between the databases is tested once, below."""
    return "sqlite"


def put(ours: Installation, name: str, text: str, mac: str = MAC) -> None:
    with ours.database.writing() as session:
        link = profiles.link_for(session, device=mac)
        profiles.put(session, ours.seal, link, name, text, actor="test", now=NOW)


def letter(ours: Installation, mac: str = MAC, *, reboot: bool = False) -> Notice | Outcome:
    with ours.database.reading() as session:
        return letters.letter_for(session, ours, registry.get(session, mac), reboot=reboot)


def start(ours: Installation, new: NewResync) -> int:
    with ours.database.writing() as session:
        return starting.start(session, new, actor="anna", now=NOW)


def states(ours: Installation, number: int) -> dict[str, TargetState]:
    with ours.database.reading() as session:
        return {one.mac: one.state for one in results.asked(session, number)}


def test_a_phone_is_asked_where_it_was_seen_as_its_own_account(ours: Installation) -> None:
    found = letter(ours)
    assert isinstance(found, Notice)
    assert (str(found.address), found.port, found.event) == (
        "127.0.0.1",
        5060,
        "check-sync;reboot=false",
    )
    assert found.login == Login("101", SIP_PASSWORD)
    put(ours, "read.sip_port", "15060")
    again = letter(ours, reboot=True)
    assert isinstance(again, Notice)
    assert (again.port, again.event) == (15060, "check-sync;reboot=true")


def test_a_phone_is_asked_in_the_words_of_the_family_that_it_named_itself(
    ours: Installation,
) -> None:
    folder = ours.data_dir / "families"
    folder.mkdir()
    builtin = Path("provision/families")
    text = (builtin / "yealink.toml").read_text().replace('"yealink"', '"invented"', 1)
    text = text.replace("Yealink", "Invented").replace("check-sync;reboot=false", "x-fetch")
    (folder / "invented.toml").write_text(text)
    (folder / "templates").mkdir()
    (folder / "templates" / "invented").mkdir()
    for file in (builtin / "templates" / "yealink").iterdir():
        (folder / "templates" / "invented" / file.name).write_bytes(file.read_bytes())
    visit = Visit(
        at=NOW,
        kind=CheckInKind.CONFIGURATION,
        method="GET",
        path_kind="configuration",
        status=200,
        address="127.0.0.1",
        user_agent="Invented SIP-T23G 44.80.0.60 02:f1:a7:00:00:01",
        mac=MAC,
        proof="token",
    )
    with ours.database.writing() as session:
        checkins.record(session, visit)
    found = letter(ours)
    assert isinstance(found, Notice)
    assert found.event == "x-fetch"
    put(ours, "read.family", "cisco")
    found = letter(ours)
    assert isinstance(found, Notice)
    assert found.event == "check-sync"


@pytest.mark.parametrize(
    "address", ["10.9.9.9", "169.254.169.254", "phone.example", "::1", "127.0.0.1 "]
)
def test_nobody_is_asked_outside_the_allowed_networks(ours: Installation, address: str) -> None:
    narrow = ReadOptions(networks=(IPv4Network("192.168.0.0/16"),))
    outside = replace(ours, options={**ours.options, ReadOptions: narrow})
    with ours.database.writing() as session:
        registry.get(session, MAC).address = address
    assert letter(outside) == Outcome(1, TargetState.NOT_ALLOWED)


def test_a_site_is_asked_whole_and_who_cannot_be_asked_is_told_why(
    ours: Installation, sipp: Phone
) -> None:
    phone = sipp(receive(), send("202 Accepted"))
    put(ours, "read.sip_port", str(phone.port))
    number = start(ours, NewResync(site="Офис"))
    done = conducting.walk(ours, number)
    assert done.state is ResyncState.DONE
    assert (done.phones, done.accepted) == (2, 1)
    assert states(ours, number) == {MAC: TargetState.ACCEPTED, SECOND: TargetState.NO_ADDRESS}
    assert phone.finished()


def test_a_simulated_phone_answers_and_fetches(ours: Installation) -> None:
    desk = Desk()
    options = FaceOptions(snmp_port=None, http_port=None, sip_port=0)
    with serve_faces(desk, options) as faces:
        put(ours, "read.sip_port", str(faces.sip_port))
        done = conducting.walk(ours, start(ours, NewResync([MAC], reboot=True)))
    assert done.accepted == 1
    assert desk.pressed == ["reboot"]


def test_a_turn_that_ends_leaves_the_rest_waiting_for_the_next_job(ours: Installation) -> None:
    number = start(ours, NewResync(site="Офис"))
    far = conducting.walk(ours, number, at_most_s=0)
    assert (far.state, far.done) == (ResyncState.RUNNING, 0)
    put(ours, "read.sip_port", "9")
    assert conducting.walk(ours, number, timers=QUICK).state is ResyncState.DONE
    assert states(ours, number)[MAC] is TargetState.SILENT


def test_the_job_asks_who_is_left(ours: Installation, sipp: Phone) -> None:
    phone = sipp(receive(), send("200 OK"))
    put(ours, "read.sip_port", str(phone.port))
    number = start(ours, NewResync([MAC]))
    work.ask(Work(1, {"resync": number}, "anna", ours))
    assert states(ours, number) == {MAC: TargetState.ACCEPTED}
    with ours.database.reading() as session:
        assert session.scalars(select(Job)).all() == []


def test_a_turn_of_the_job_that_ends_early_is_followed_by_another(ours: Installation) -> None:
    number = start(ours, NewResync(site="Офис"))
    with ours.database.writing() as session:
        queue.submit(session, work.ASK, {"resync": number}, actor="anna", now=now())
        turn = queue.claim(session, "test", [work.ASK], now())
    assert turn is not None
    perform(ours, Workbook({work.ASK: lambda told: work.ask(told, turn_s=0)}), turn)
    with ours.database.reading() as session:
        ended, job = session.scalars(select(Job).order_by(Job.id)).all()
    assert (ended.state, job.state) == (JobState.DONE, JobState.QUEUED)
    assert (job.kind, job.arguments, job.actor) == (work.ASK, {"resync": number}, "anna")


def test_a_family_that_knows_no_such_request_is_told(ours: Installation) -> None:
    put(ours, "read.family", "nobodys")
    assert letter(ours) == Outcome(1, TargetState.NO_WAY)


def test_a_stopped_resync_asks_nobody_more(ours: Installation) -> None:
    number = start(ours, NewResync(site="Офис"))
    with ours.database.writing() as session:
        starting.stop(session, number, actor="boris", now=NOW)
        starting.stop(session, number, actor="boris", now=NOW)
    done = conducting.walk(ours, number)
    assert done.state is ResyncState.STOPPED
    assert set(states(ours, number).values()) == {TargetState.LEFT}
    with ours.database.reading() as session:
        told = [(one.actor, one.action) for one in audit_of(session, number)]
    assert told == [("anna", "resync.start"), ("boris", "resync.stop")]


def audit_of(session: Session, number: int) -> list[audit.AuditEntry]:
    entries = select(audit.AuditEntry).where(audit.AuditEntry.subject == f"resync:{number}")
    return list(session.scalars(entries.order_by(audit.AuditEntry.id)))


@pytest.mark.parametrize(
    ("new", "code"),
    [
        (NewResync(), "several-scopes"),
        (NewResync([MAC], site="Офис"), "several-scopes"),
        (NewResync(["02f1a7ffffff"]), "unknown-device"),
        (NewResync(site="Нет такой"), "unknown-site"),
        (NewResync(rollout=77), "unknown-rollout"),
        (NewResync(["x"] * 1001), "many-names"),
        (NewResync([MAC], rate=0), "bad-resync-rate"),
        (NewResync([MAC], rate=201), "bad-resync-rate"),
    ],
)
def test_a_request_that_names_nobody_or_too_much_is_refused(
    ours: Installation, new: NewResync, code: str
) -> None:
    with pytest.raises(RefusedError) as caught:
        start(ours, new)
    assert caught.value.code == code
    assert re.search("[а-я]", caught.value.text("ru"))


def test_the_story_of_a_phone_tells_who_asked_it_and_what_it_answered(
    ours: Installation, sipp: Phone, app: Flask
) -> None:
    phone = sipp(receive(), send("489 Bad Event"))
    put(ours, "read.sip_port", str(phone.port))
    conducting.walk(ours, start(ours, NewResync([MAC])))
    with ours.database.reading() as session:
        story = timeline.of_device(session, registry.get(session, MAC))
    with app.test_request_context(), force_locale("en"):
        lines = [timeline_words.told(event) for event in story]
    told = next(line for line in lines if "fetch again" in line.title)
    assert told.title == "Could not be asked to fetch again: refused (489 Bad Event)"
    assert told.text == "asked by anna"


def test_who_fetched_since_is_seen_by_its_check_in(ours: Installation) -> None:
    number = start(ours, NewResync(site="Офис"))
    with ours.database.writing() as session:
        registry.get(session, MAC).last_check_in_at = NOW + timedelta(seconds=5)
        registry.get(session, SECOND).last_check_in_at = NOW - timedelta(seconds=5)
    with ours.database.reading() as session:
        found = {one.mac: one.fetched_at for one in results.asked(session, number)}
    assert found == {MAC: NOW + timedelta(seconds=5), SECOND: None}
