"""The question to the records behind each kind of trouble: which devices, how often, since when.

Each question yields device_id, times (how often it happened; NULL where it is no count) and
since (when it began, or was last well).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    false,
    func,
    null,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from catalogue.versions import BadVersionError, Version
from firmware import paths, releases
from firmware.models import Release
from provision.device_story.hints import Hint
from provision.devices.models import Device
from provision.models import CheckIn, CheckInKind
from provision.rollouts.fleet import held_now
from provision.stuck.troubles import Patience, Trouble

_REFUSED = and_(CheckIn.kind == CheckInKind.REFUSED, CheckIn.status != 503)

Question = Select[int, int | None, datetime | None]


def question(session: Session, trouble: Trouble, patience: Patience, now: datetime) -> Question:
    """The devices in this trouble."""
    return _QUESTIONS[trouble](session, patience, now)


def _refused(_session: Session, patience: Patience, now: datetime) -> Question:
    unproved = and_(_REFUSED, CheckIn.strength != "proved", CheckIn.hint.is_(None))
    return _since_it_was_well(unproved, 1, patience, now)


def _letter_case(_session: Session, patience: Patience, now: datetime) -> Question:
    return _since_it_was_well(CheckIn.hint == Hint.LETTER_CASE, 1, patience, now)


def _certificate(_session: Session, patience: Patience, now: datetime) -> Question:
    return _since_it_was_well(CheckIn.hint == Hint.CERTIFICATE, 1, patience, now)


def _other_mac(_session: Session, patience: Patience, now: datetime) -> Question:
    """Its secret was right, so only a contradiction can have been the reason."""
    contradicted = and_(_REFUSED, CheckIn.strength == "proved")
    return _since_it_was_well(contradicted, 1, patience, now)


def _not_written(_session: Session, patience: Patience, now: datetime) -> Question:
    failed = and_(CheckIn.kind == CheckInKind.REFUSED, CheckIn.status == 503)
    recent = CheckIn.at >= now - patience.recent
    return _counted(and_(failed, recent), 1)


def _no_configuration(_session: Session, patience: Patience, now: datetime) -> Question:
    asked = and_(CheckIn.kind == CheckInKind.BOOTSTRAP, CheckIn.hint.is_(None))
    return _since_it_was_well(asked, patience.bootstraps, patience, now)


def _takes_in_vain(_session: Session, patience: Patience, now: datetime) -> Question:
    taken = and_(
        CheckIn.kind == CheckInKind.FIRMWARE,
        CheckIn.complete.is_(True),
        CheckIn.firmware == Device.firmware,
        CheckIn.at >= now - patience.downloads_within,
    )
    return _counted(taken, patience.downloads)


def _silent(_session: Session, patience: Patience, now: datetime) -> Question:
    return _plain(Device.last_check_in_at, Device.last_check_in_at < now - patience.silent)


def _never_seen(_session: Session, patience: Patience, now: datetime) -> Question:
    return _plain(
        Device.created_at,
        and_(Device.last_check_in_at.is_(None), Device.created_at < now - patience.silent),
    )


def _old_firmware(session: Session, patience: Patience, now: datetime) -> Question:
    """Of many phones few differ in product, version, revision and channel: those are looked at."""
    free = and_(Device.pinned_version.is_(None), ~held_now(now))
    kinds = session.execute(
        select(Device.product_id, Device.firmware, Device.hardware, Device.channel)
        .where(Device.firmware.is_not(None), Device.hardware.is_not(None))
        .distinct()
    )
    published: dict[int, list[Release]] = {}
    old: list[ColumnElement[bool]] = []
    for product_id, firmware, hardware, channel in kinds:
        if product_id not in published:
            published[product_id] = releases.of_product(session, product_id)
        if firmware is None or hardware is None:
            continue
        if _is_old(published[product_id], firmware, hardware, channel, now - patience.old):
            same = (
                Device.product_id == product_id,
                Device.firmware == firmware,
                Device.hardware == hardware,
                Device.channel == channel,
            )
            old.append(and_(*same))
    heard = Device.last_check_in_at >= now - patience.silent
    return _plain(Device.firmware_seen_at, and_(or_(false(), *old), free, heard))


def _is_old(
    found: list[Release], firmware: str, hardware: str, channel: str, before: datetime
) -> bool:
    graph = paths.in_channel(releases.nodes(found), channel)
    newest = paths.latest(graph, hardware)
    try:
        if newest is None or Version.parse(firmware) >= newest:
            return False
    except BadVersionError:
        return False
    return any(Version.parse(r.version) == newest and r.published_at < before for r in found)


def _since_it_was_well(
    what: ColumnElement[bool], at_least: int, patience: Patience, now: datetime
) -> Question:
    """Check-ins of a kind since the device last proved itself, in recent time."""
    well = or_(Device.last_check_in_at.is_(None), CheckIn.at > Device.last_check_in_at)
    return _counted(and_(what, CheckIn.at >= now - patience.recent, well), at_least)


def _counted(what: ColumnElement[bool], at_least: int) -> Question:
    return (
        select(Device.id, func.count(CheckIn.id), func.min(CheckIn.at))
        .join(CheckIn, CheckIn.device_id == Device.id)
        .where(what)
        .group_by(Device.id)
        .having(func.count(CheckIn.id) >= at_least)
    )


def _plain(since: InstrumentedAttribute[Any], what: ColumnElement[bool]) -> Question:
    return select(Device.id, null().cast(Integer), since).where(what)


_QUESTIONS: Mapping[Trouble, Callable[[Session, Patience, datetime], Question]] = {
    Trouble.REFUSED: _refused,
    Trouble.LETTER_CASE: _letter_case,
    Trouble.OTHER_MAC: _other_mac,
    Trouble.CERTIFICATE: _certificate,
    Trouble.NO_CONFIGURATION: _no_configuration,
    Trouble.NOT_WRITTEN: _not_written,
    Trouble.TAKES_IN_VAIN: _takes_in_vain,
    Trouble.SILENT: _silent,
    Trouble.NEVER_SEEN: _never_seen,
    Trouble.OLD_FIRMWARE: _old_firmware,
}
