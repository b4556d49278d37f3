"""Gathers what the rules of a diagnosis look at: records, ledger, history and releases."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalogue.versions import BadVersionError, Version
from firmware import releases
from firmware.models import Release
from provision import credentials, profiles, rollouts
from provision.devices.models import Device, Reading
from provision.diagnosis import fixes
from provision.diagnosis.situation import (
    DEFAULT_POLL,
    Failure,
    FirmwareStanding,
    Reached,
    Situation,
    Visits,
    Wanted,
    WantedLine,
)
from provision.families.family import Family
from provision.models import CheckIn, CheckInKind
from provision.profiles import Profile
from provision.readers.facts import DeviceFacts
from provision.vocabulary import LINES_MAX

#: Readings looked at; a day of readings every ten minutes fits.
HISTORY = 150
DAY, WEEK = timedelta(days=1), timedelta(days=7)
ROWS_MAX = 500


def situation(
    session: Session,
    device: Device,
    family: Family,
    facts: DeviceFacts | None,
    failures: Sequence[Failure],
    now: datetime,
) -> Situation:
    """What is known of the device now; `facts` and `failures` are what the phone just said."""
    profile = profiles.resolve(session, profiles.chain_of(device))
    running = (facts.firmware if facts else None) or device.firmware
    return Situation(
        now=now,
        facts=facts,
        failures=tuple(failures),
        history=history(session, device),
        firmware=_standing(session, device, running, now),
        wanted=_wanted(profile, family.needs.poe_class_of(device.product.code)),
        visits=_visits(session, device, now),
    )


def history(session: Session, device: Device, limit: int = HISTORY) -> tuple[Reached, ...]:
    """The readings of a device, the oldest first; one that failed is a point too."""
    query = (
        select(Reading)
        .where(Reading.device_id == device.id)
        .order_by(Reading.id.desc())
        .limit(limit)
    )
    return tuple(_reached(row) for row in reversed(session.scalars(query).all()))


def _reached(row: Reading) -> Reached:
    if row.facts is None:
        return Reached(row.at, answered=False, via=row.via, lane=row.lane, failure=row.error_code)
    facts = DeviceFacts.from_record(row.facts)
    return Reached(
        at=row.at,
        answered=True,
        via=row.via,
        lane=row.lane,
        uptime_s=facts.uptime_s,
        reboot_reason=facts.last_reboot_reason,
        firmware=facts.firmware,
        mos=facts.mos,
        loss_percent=facts.loss_percent,
        jitter_ms=facts.jitter_ms,
    )


def _standing(
    session: Session, device: Device, running: str | None, now: datetime
) -> FirmwareStanding:
    published = releases.of_product(session, device.product_id)
    mine = _release(published, running)
    held = rollouts.held(session, device, now)
    due = rollouts.release_due(session, device, now)
    newest = releases.current(published, device.channel)
    return FirmwareStanding(
        running=running,
        due=due.version if due else None,
        newest=newest.version if newest else None,
        withdrawn_reason=mine.withdrawn_reason if mine and mine.is_withdrawn else None,
        replacement=mine.replacement if mine and mine.is_withdrawn else None,
        hold_reason=held.reason if held else None,
        fixes=fixes.on_the_way(session, device.product_id, running, due.version) if due else {},
    )


def _release(published: Sequence[Release], running: str | None) -> Release | None:
    try:
        wanted = Version.parse(running or "")
    except BadVersionError:
        return None
    return next((one for one in published if Version.parse(one.version) == wanted), None)


def _wanted(profile: Profile, poe_class: int | None) -> Wanted:
    plain = {one.name: one.value for one in profile if one.value is not None}
    lines = [
        WantedLine(str(number), _text(plain.get(f"sip.{index}.server")))
        for index in range(1, LINES_MAX + 1)
        if (number := plain.get(f"sip.{index}.number")) is not None
    ]
    vlan, poll_s = plain.get("network.vlan"), plain.get("provisioning.poll_s")
    return Wanted(
        lines=tuple(lines),
        vlan=None if vlan is None else int(vlan),
        poll=DEFAULT_POLL if poll_s is None else timedelta(seconds=int(poll_s)),
        poe_class=poe_class,
    )


def _visits(session: Session, device: Device, now: datetime) -> Visits:
    given = session.execute(
        select(CheckIn.at, CheckIn.revision)
        .where(CheckIn.device_id == device.id, CheckIn.strength == "proved")
        .where(CheckIn.kind == CheckInKind.CONFIGURATION, CheckIn.revision.is_not(None))
        .order_by(CheckIn.at.desc())
        .limit(1)
    ).first()
    cut = select(func.count()).where(
        CheckIn.device_id == device.id,
        CheckIn.kind == CheckInKind.FIRMWARE,
        CheckIn.complete.is_(False),
        CheckIn.at > now - WEEK,
    )
    live = [one for one in credentials.summaries(session, device, now) if one.is_live]
    return Visits(
        last_proved_at=device.last_check_in_at,
        configuration_at=given.at if given else None,
        revision=given.revision if given else None,
        boots=_instants(session, device, CheckInKind.BOOTSTRAP, now - DAY),
        refused=_instants(session, device, CheckInKind.REFUSED, now - DAY),
        cut_downloads=session.scalar(cut) or 0,
        has_credential=bool(live),
    )


def _instants(
    session: Session, device: Device, kind: CheckInKind, since: datetime
) -> tuple[datetime, ...]:
    query = (
        select(CheckIn.at)
        .where(CheckIn.device_id == device.id, CheckIn.kind == kind, CheckIn.at > since)
        .order_by(CheckIn.at.desc())
        .limit(ROWS_MAX)
    )
    return tuple(session.scalars(query))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
