"""The story of a device, made of the server's own records and of nothing else.

Check-ins, readings, changes of identity and the audit trail become one list, newest first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.models import AuditEntry
from provision.device_story.chapters import ChapterEvent, Chapters
from provision.devices import changes, readings
from provision.devices.changes import Change
from provision.devices.models import Device
from provision.models import CheckIn, CheckInKind
from provision.resyncs import results as resyncs
from provision.resyncs.vocabulary import TargetState

#: Unproved check-ins that a story shows: anyone may make them, so they must not crowd it.
CLAIMED_SHOWN = 10
ONE_GO = timedelta(minutes=1)


class EventKind(StrEnum):
    RECORDED = "recorded"
    BOOTSTRAP = "bootstrap"
    CONFIGURED = "configured"
    COMMON = "common"
    UNCHANGED = "unchanged"
    NOTHING_DUE = "nothing-due"
    LOGGED = "logged"
    STARTED = "started"
    RESUMED = "resumed"
    DOWNLOADED = "downloaded"
    CUT = "cut"
    REFUSED = "refused"
    CHANGED = "changed"
    DISAGREES = "disagrees"
    REPAIRED = "repaired"
    READ = "read"
    READ_FAILED = "read-failed"
    RESYNCED = "resynced"
    RESYNC_FAILED = "resync-failed"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True)
class StoryEvent:
    """One thing that happened; which fields are filled depends on the kind. Sizes in bytes."""

    at: datetime
    kind: EventKind
    proof: str | None = None
    address: str | None = None
    revision: str | None = None
    version: str | None = None
    first_byte: int = 0
    reached_byte: int = 0
    total_bytes: int = 0
    times: int = 1
    field: str | None = None
    old: str | None = None
    new: str | None = None
    origin: str | None = None
    via: str | None = None
    actor: str | None = None
    action: str | None = None
    details: Sequence[tuple[str, str]] = ()
    chapter: ChapterEvent | None = None


def of_device(
    session: Session,
    device: Device,
    *,
    limit: int = 60,
    before: datetime | None = None,
    chapters: Chapters | None = None,
) -> Sequence[StoryEvent]:
    """The newest `limit` events of a device, those before an instant if one is given.

    `chapters` are what other rooms tell of it.
    """
    elsewhere = chapters.of(session, device, limit, before) if chapters else ()
    found = [
        *_check_ins(session, device, limit, before),
        *_unchanged(session, device, before),
        *_changes(session, device, limit, before),
        *_readings(session, device, limit, before),
        *_resyncs(session, device, limit, before),
        *_audit(session, device, limit, before),
        *(StoryEvent(one.at, EventKind.ELSEWHERE, chapter=one) for one in elsewhere),
    ]
    # A download that began before the instant may end after it.
    shown = [event for event in found if before is None or event.at < before]
    # Each source is newest first; turned round, events of one instant stay in their order.
    shown.reverse()
    shown.sort(key=lambda event: (event.at, _rank(event.kind)))
    return _without_crowds(shown)[::-1][:limit]


def _rank(kind: EventKind) -> int:
    """Of one instant, what a phone said of itself came before what it then took."""
    if kind is EventKind.RECORDED:
        return 0
    return 1 if kind in {EventKind.CHANGED, EventKind.DISAGREES} else 2


def _without_crowds(events: Sequence[StoryEvent]) -> Sequence[StoryEvent]:
    """Settings that one person changed in one go are one event that names them all."""
    kept: list[StoryEvent] = []
    for event in events:
        last = kept[-1] if kept else None
        if last is not None and _go_together(last, event):
            details = (*last.details, *event.details)
            kept[-1] = replace(event, details=details, times=last.times + 1)
        else:
            kept.append(event)
    return kept


def _go_together(last: StoryEvent, event: StoryEvent) -> bool:
    same = (last.kind, last.action, last.actor) == (event.kind, event.action, event.actor)
    setting = event.action is not None and event.action.startswith("profile.")
    return same and setting and event.at - last.at < ONE_GO


def _check_ins(
    session: Session, device: Device, limit: int, before: datetime | None
) -> Iterator[StoryEvent]:
    query = (
        select(CheckIn)
        .where(CheckIn.device_id == device.id, CheckIn.status != 304)
        .order_by(CheckIn.at.desc())
    )
    if before is not None:
        query = query.where(CheckIn.at < before)
    proved = session.scalars(query.where(CheckIn.strength == "proved").limit(limit))
    image = CheckIn.kind == CheckInKind.FIRMWARE
    images = session.scalars(query.where(CheckIn.strength != "proved", image).limit(limit))
    claimed = session.scalars(
        query.where(CheckIn.strength != "proved", ~image).limit(CLAIMED_SHOWN)
    )
    for row in (*proved, *images, *claimed):
        yield from _told(row)


def _told(row: CheckIn) -> Iterator[StoryEvent]:
    match CheckInKind(row.kind):
        case CheckInKind.FIRMWARE if row.version is None:
            yield _event(row, EventKind.NOTHING_DUE)
        case CheckInKind.FIRMWARE:
            yield from _download(row)
        case CheckInKind.BOOTSTRAP:
            yield replace(_event(row, EventKind.BOOTSTRAP), via=row.path_kind)
        case CheckInKind.CONFIGURATION:
            whole = row.path_kind != "product"
            yield _event(row, EventKind.CONFIGURED if whole else EventKind.COMMON)
        case CheckInKind.LOG:
            yield _event(row, EventKind.LOGGED)
        case CheckInKind.REFUSED:
            yield _event(row, EventKind.REFUSED)


def _download(row: CheckIn) -> Iterator[StoryEvent]:
    """A download is two events: from which byte it began, and how it ended (if it did)."""
    if row.bytes_sent is not None and not row.bytes_planned:
        return
    yield _event(row, EventKind.RESUMED if row.first_byte else EventKind.STARTED)
    if row.finished_at is not None:
        yield _event(row, EventKind.DOWNLOADED if row.complete else EventKind.CUT, row.finished_at)


def _event(row: CheckIn, kind: EventKind, at: datetime | None = None) -> StoryEvent:
    first = row.first_byte or 0
    return StoryEvent(
        at=at or row.at,
        kind=kind,
        proof=row.proof,
        address=row.address,
        revision=row.revision,
        version=row.version,
        first_byte=first,
        reached_byte=first + (row.bytes_sent or 0),
        total_bytes=row.total_bytes or 0,
    )


def _unchanged(session: Session, device: Device, before: datetime | None) -> Iterator[StoryEvent]:
    """How often the device has asked since it last took anything, as one event."""
    if before is not None:
        return
    mine = CheckIn.device_id == device.id
    last = select(func.max(CheckIn.at)).where(mine, CheckIn.status != 304).scalar_subquery()
    query = select(func.count(), func.max(CheckIn.at)).where(
        mine, CheckIn.status == 304, CheckIn.at > func.coalesce(last, device.created_at)
    )
    times, latest = session.execute(query).one()
    if times:
        yield StoryEvent(at=latest, kind=EventKind.UNCHANGED, times=times)


def _changes(
    session: Session, device: Device, limit: int, before: datetime | None
) -> Iterator[StoryEvent]:
    for change in changes.of_device(session, device, limit, before):
        yield StoryEvent(
            at=change.at,
            kind=_kind_of(change),
            field=change.field,
            old=change.old,
            new=change.new,
            origin=change.origin,
        )


def _kind_of(change: Change) -> EventKind:
    if change.origin.startswith(f"{changes.REPAIR}:"):
        return EventKind.REPAIRED
    return EventKind.CHANGED if change.applied else EventKind.DISAGREES


def _readings(
    session: Session, device: Device, limit: int, before: datetime | None
) -> Iterator[StoryEvent]:
    for reading in readings.of_device(session, device, limit, before):
        yield StoryEvent(
            at=reading.at,
            kind=EventKind.READ if reading.error_code is None else EventKind.READ_FAILED,
            via=reading.via,
            address=reading.address,
            version=reading.facts.firmware if reading.facts else None,
            actor=reading.asked_by,
        )


def _resyncs(
    session: Session, device: Device, limit: int, before: datetime | None
) -> Iterator[StoryEvent]:
    for told in resyncs.of_device(session, device, limit, before):
        took = told.state == TargetState.ACCEPTED
        yield StoryEvent(
            at=told.at,
            kind=EventKind.RESYNCED if took else EventKind.RESYNC_FAILED,
            address=told.address,
            new=told.state,
            origin=f"{told.status} {told.reason}".strip() if told.status else "",
            actor=told.asked_by,
            action="reboot" if told.reboot else "resync",
        )


def _audit(
    session: Session, device: Device, limit: int, before: datetime | None
) -> Iterator[StoryEvent]:
    query = (
        select(AuditEntry)
        .where(AuditEntry.subject == device.subject)
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(AuditEntry.at < before)
    for entry in session.scalars(query):
        details = tuple((name, str(value)) for name, value in sorted(entry.details.items()))
        yield StoryEvent(
            at=entry.at,
            kind=EventKind.RECORDED,
            actor=entry.actor,
            action=entry.action,
            details=details,
        )
