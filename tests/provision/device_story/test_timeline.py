"""The story of a device: every line from a record of ours, in the order in which it happened."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask

from provision import checkins, profiles
from provision.checkins import SentBytes, Visit
from provision.device_story import timeline, timeline_words
from provision.device_story.chapters import ChapterEvent
from provision.device_story.timeline import EventKind, StoryEvent
from provision.devices import changes, readings, registry
from provision.devices.changes import Change
from provision.devices.identity import MacAddress
from provision.devices.readings import Attempt
from provision.models import CheckInKind
from provision.profiles import GLOBAL
from provision.readers.errors import Phrase, UnreachableError
from provision.readers.facts import DeviceFacts
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import MAC, NOW, Estate

MEGABYTE = 1_048_576
SIZE = 4 * MEGABYTE


@pytest.fixture
def estate(installation: Installation) -> Estate:
    return estates.build(installation)


def minute(number: float) -> datetime:
    return NOW + timedelta(minutes=number)


def visit(estate: Estate, number: float, **values: object) -> int:
    asked = Visit(
        at=minute(number),
        kind=CheckInKind.CONFIGURATION,
        method="GET",
        path_kind="configuration",
        status=200,
        address="10.0.0.7",
        user_agent="-",
        mac=MAC,
        proof="token",
        revision="abc",
    )
    with estate.installation.database.writing() as session:
        return checkins.record(session, replace(asked, **values))  # type: ignore[arg-type]


def download(estate: Estate, number: float, sent: SentBytes | None) -> None:
    found = visit(
        estate,
        number,
        kind=CheckInKind.FIRMWARE,
        path_kind="firmware",
        version="2.4.1",
        total_bytes=SIZE,
    )
    if sent is not None:
        with estate.installation.database.writing() as session:
            checkins.finish(session, found, 206, sent, minute(number + 0.5))


def change(estate: Estate, number: float, old: str | None, new: str, **more: object) -> None:
    noted = Change(minute(number), "firmware", old, new, changes.CHECK_IN, applied=True)
    with estate.installation.database.writing() as session:
        phone = registry.get(session, MAC)
        changes.note(session, phone, replace(noted, **more))  # type: ignore[arg-type]


def story(estate: Estate, **options: object) -> list[StoryEvent]:
    with estate.installation.database.reading() as session:
        phone = registry.get(session, MAC)
        return list(timeline.of_device(session, phone, **options))  # type: ignore[arg-type]


def after_birth(estate: Estate) -> list[StoryEvent]:
    """The story without its audit entries, oldest first."""
    return [event for event in story(estate) if event.kind is not EventKind.RECORDED][::-1]


def test_an_upgrade_with_a_cut_is_told_in_its_order(estate: Estate) -> None:
    visit(estate, 1, kind=CheckInKind.BOOTSTRAP, path_kind="bootstrap", proof=None)
    change(estate, 2, None, "2.3.1")
    visit(estate, 2)
    download(estate, 3, SentBytes(0, 1_258_291, SIZE, complete=False))
    download(estate, 4, SentBytes(1_234_567, SIZE - 1_234_567, SIZE - 1_234_567, complete=True))
    change(estate, 5, "2.3.1", "2.4.1")
    visit(estate, 5, revision="def")
    told = after_birth(estate)
    assert [event.kind for event in told] == [
        EventKind.BOOTSTRAP,
        EventKind.CHANGED,
        EventKind.CONFIGURED,
        EventKind.STARTED,
        EventKind.CUT,
        EventKind.RESUMED,
        EventKind.DOWNLOADED,
        EventKind.CHANGED,
        EventKind.CONFIGURED,
    ]
    assert told[4].reached_byte == 1_258_291
    assert told[5].first_byte == 1_234_567


def test_a_download_that_never_ended_has_begun_and_no_more(estate: Estate) -> None:
    download(estate, 1, None)
    assert [event.kind for event in after_birth(estate)] == [EventKind.STARTED]


def test_an_answer_without_bytes_is_no_download(estate: Estate) -> None:
    download(estate, 1, SentBytes(0, 0, 0, complete=True))
    assert after_birth(estate) == []


def test_asking_again_and_again_is_one_line(estate: Estate) -> None:
    visit(estate, 1)
    for number in range(2, 9):
        visit(estate, number, status=304)
    told = after_birth(estate)
    assert [event.kind for event in told] == [EventKind.CONFIGURED, EventKind.UNCHANGED]
    assert (told[1].times, told[1].at) == (7, minute(8))


def test_a_crowd_of_claims_does_not_push_the_phones_own_story_out(estate: Estate) -> None:
    visit(estate, 1)
    for number in range(40):
        visit(estate, 2 + number, kind=CheckInKind.BOOTSTRAP, proof=None)
        visit(estate, 2 + number, kind=CheckInKind.REFUSED, proof=None, status=404)
    told = after_birth(estate)
    assert told[0].kind is EventKind.CONFIGURED
    assert len(told) == 1 + timeline.CLAIMED_SHOWN


def test_readings_and_disagreements_stand_in_it(estate: Estate) -> None:
    facts = DeviceFacts(mac=MacAddress(MAC), firmware="2.3.1")
    error = UnreachableError(address="10.0.0.7", via="HTTP", reason=Phrase("молчит", "silent"))
    with estate.installation.database.writing() as session:
        read = Attempt("10.0.0.7", "snmp", "agent", facts)
        failed = Attempt("10.0.0.7", "http", "agent", error=error)
        phone = registry.get(session, MAC)
        readings.record(session, read, now=minute(1))
        readings.record(session, failed, now=minute(2), asked=phone)
    change(estate, 3, "A", "B", field="hardware", applied=False)
    told = after_birth(estate)
    assert [event.kind for event in told] == [
        EventKind.CHANGED,
        EventKind.READ,
        EventKind.READ_FAILED,
        EventKind.DISAGREES,
    ]
    assert (told[1].via, told[1].version, told[1].actor) == ("snmp", "2.3.1", "agent")


def test_settings_changed_in_one_go_are_one_line_that_names_them(estate: Estate) -> None:
    recorded = [event for event in story(estate) if event.kind is EventKind.RECORDED][::-1]
    assert [event.action for event in recorded] == [
        "device.add",
        "device.credential.new",
        "device.credential.new",
        "profile.set",
    ]
    names = [value for name, value in recorded[-1].details if name == "name"]
    assert names == ["sip.1.number", "sip.1.password"]
    with estate.installation.database.writing() as session:
        seal, link = estate.installation.seal, profiles.link_for(session, device=MAC)
        for level in (link, GLOBAL):
            name = "network.vlan"
            profiles.put(session, seal, level, name, "9", actor="engineer", now=minute(9))
    assert [event.times for event in story(estate) if event.action == "profile.set"] == [1, 2]


def test_a_long_story_goes_on_on_the_next_page_without_a_gap(estate: Estate) -> None:
    for number in range(1, 31):
        visit(estate, number, revision=str(number))
    first = story(estate, limit=10)
    rest = story(estate, limit=100, before=first[-1].at)
    revisions = [event.revision for event in (*first, *rest) if event.revision]
    assert revisions == [str(number) for number in range(30, 0, -1)]
    assert rest[-1].action == "device.add"


EVENTS = [
    (
        StoryEvent(
            NOW,
            EventKind.ELSEWHERE,
            chapter=ChapterEvent(NOW, Phrase("Продан", "Sold"), Phrase("УПД № 1", "УПД № 1")),
        ),
        "Sold",
    ),
    (StoryEvent(NOW, EventKind.BOOTSTRAP, address="10.0.0.7"), "Asked where to prove itself"),
    (StoryEvent(NOW, EventKind.REFUSED, address="10.0.0.7"), "A request in its name was refused"),
    (StoryEvent(NOW, EventKind.CONFIGURED, proof="digest"), "Took its configuration by password"),
    (StoryEvent(NOW, EventKind.COMMON), "Took the common settings of its product"),
    (StoryEvent(NOW, EventKind.UNCHANGED, times=3), "Asked again 3 times, nothing new"),
    (StoryEvent(NOW, EventKind.NOTHING_DUE), "Asked for firmware, nothing is due"),
    (StoryEvent(NOW, EventKind.LOGGED, total_bytes=2_097_152), "Sent its log, 2 MB"),
    (StoryEvent(NOW, EventKind.STARTED, version="2.4.1"), "Started downloading 2.4.1"),
    (
        StoryEvent(NOW, EventKind.RESUMED, version="2.4.1", first_byte=1_234_567),
        "Resumed 2.4.1 from byte 1,234,567",
    ),
    (
        StoryEvent(NOW, EventKind.DOWNLOADED, version="2.4.1", total_bytes=SIZE),
        "Downloaded 2.4.1, all 4 MB",
    ),
    (
        StoryEvent(NOW, EventKind.CUT, version="2.4.1", reached_byte=1_258_291, total_bytes=SIZE),
        "Download of 2.4.1 cut at 1.2 MB of 4 MB",
    ),
    (
        StoryEvent(NOW, EventKind.CHANGED, field="firmware", old="2.3.1", new="2.4.1"),
        "Came back with 2.4.1",
    ),
    (
        StoryEvent(NOW, EventKind.CHANGED, field="firmware", new="2.4.1"),
        "First heard, with firmware 2.4.1",
    ),
    (
        StoryEvent(NOW, EventKind.CHANGED, field="serial", new="X1"),
        "Told its serial number: X1",
    ),
    (
        StoryEvent(NOW, EventKind.DISAGREES, field="mac", old="a", new="b"),
        "Says another MAC address than recorded",
    ),
    (
        StoryEvent(NOW, EventKind.REPAIRED, origin="repair:RMA-26-17", new="02f1a7000002"),
        "Its board was changed, by RMA-26-17",
    ),
    (StoryEvent(NOW, EventKind.READ, via="snmp", actor="agent"), "Read over SNMP"),
    (StoryEvent(NOW, EventKind.READ_FAILED, via="http"), "Could not be read over HTTP"),
    (
        StoryEvent(NOW, EventKind.RESYNCED, new="accepted", origin="200 OK", action="resync"),
        "Asked to fetch again",
    ),
    (
        StoryEvent(NOW, EventKind.RESYNCED, new="accepted", action="reboot"),
        "Asked to restart and fetch again",
    ),
    (
        StoryEvent(NOW, EventKind.RESYNC_FAILED, new="silent", action="resync"),
        "Could not be asked to fetch again: no answer",
    ),
    (
        StoryEvent(NOW, EventKind.RECORDED, actor="x", action="device.hold"),
        "Held back from updates",
    ),
    (StoryEvent(NOW, EventKind.RECORDED, actor="x", action="device.new-thing"), "device.new-thing"),
]


def test_every_kind_of_event_has_its_words(app: Flask) -> None:
    assert {event.kind for event, _title in EVENTS} == set(EventKind)
    with app.test_request_context("/", headers={"Accept-Language": "en"}):
        for event, title in EVENTS:
            assert timeline_words.told(event).title.replace("\N{NO-BREAK SPACE}", " ") == title


def test_what_was_recorded_is_told_with_its_details(app: Flask) -> None:
    details = (("kind", "user-document"), ("on", "2026-07-25"), ("paper", "УПД № 311"))
    handover = StoryEvent(
        NOW, EventKind.RECORDED, actor="agent", action="device.handover", details=details
    )
    revoked = StoryEvent(
        NOW,
        EventKind.RECORDED,
        actor="agent",
        action="device.credential.revoke",
        details=(("ended", "2"), ("kind", "all")),
    )
    with app.test_request_context("/", headers={"Accept-Language": "en"}):
        assert timeline_words.told(handover).text == "agent: 25.07.2026, УПД № 311"
        assert timeline_words.told(revoked).text == "agent: all"
        assert timeline_words.megabytes(1) == "1 byte"
        assert timeline_words.field_name("uptime_s") == "uptime_s"
        assert timeline_words.proof_name(None) == "without proof"
