"""Phones that a sweep met and no register knows: their last sightings, kept as calls are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, literal, select
from sqlalchemy.orm import Session

from provision.checkins import UNKNOWN_KEPT
from provision.devices.identity import MacAddress
from provision.devices.models import Device
from provision.devices.readings import MatchVerdict
from provision.sweeps.models import SweepResult

#: Of so many results, the newest, sightings are made: a whole city may have been swept.
_LOOKED_AT_MAX = 2_000
#: Written out, so that the index of these rows alone is used.
_NEW = literal(MatchVerdict.NEW.value, literal_execute=True)


@dataclass(frozen=True)
class Sighting:
    """One MAC as the sweep `sweep` met it last; nobody proved what it said."""

    mac: str
    sweep: int
    address: str
    at: datetime
    serial: str | None
    product: str | None
    hardware: str | None
    firmware: str | None


def latest(session: Session, now: datetime) -> Sequence[Sighting]:
    """The last sighting of each MAC, the newest first."""
    found: dict[str, Sighting] = {}
    for row in session.execute(_met(now).limit(_LOOKED_AT_MAX)):
        found.setdefault(row.mac, Sighting(*row))
    return list(found.values())


def of(session: Session, mac: MacAddress, now: datetime) -> Sighting | None:
    """The last sighting of this MAC, if there was one."""
    row = session.execute(_met(now).where(SweepResult.mac == mac.hex).limit(1)).first()
    return None if row is None else Sighting(*row)


def _met(now: datetime) -> Select[*tuple[Any, ...]]:
    known = select(Device.id).where(Device.mac == SweepResult.mac).exists()
    return (
        select(
            SweepResult.mac,
            SweepResult.sweep_id,
            SweepResult.address,
            SweepResult.at,
            SweepResult.serial,
            SweepResult.product,
            SweepResult.hardware,
            SweepResult.firmware,
        )
        .where(
            SweepResult.verdict == _NEW,
            SweepResult.mac.is_not(None),
            SweepResult.at >= now - UNKNOWN_KEPT,
            ~known,
        )
        .order_by(SweepResult.at.desc())
    )
