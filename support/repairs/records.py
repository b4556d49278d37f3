"""Reading and writing the rows of repairs: finding an act or a phone, its events, its address."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from storage.installation import Installation
from storage.sealed import Place
from support.cases.models import ActVersion, FaultReport, RepairEvent, RepairUnit
from support.cases.vocabulary import EventKind, Stage
from support.repairs.act import Act
from support.repairs.refused import (
    RepairChangedError,
    UnknownRepairError,
    UnknownRepairPhoneError,
    WrongStageError,
)

_ID_MAX = 2**31
_LOCK_NUMBER = 4_751_031  # any constant: PostgreSQL's advisory lock of the acts' numbers


def by_token(session: Session, token: str) -> FaultReport:
    """The act that this follow-up address names; raises UnknownRepairError."""
    query = select(FaultReport).where(FaultReport.token_sha256 == digest(token))
    found = session.scalar(query)
    if found is None:
        raise UnknownRepairError
    return found


def by_number(session: Session, number: str) -> FaultReport:
    """The act of this number, in any case of letters; raises UnknownRepairError."""
    query = select(FaultReport).where(FaultReport.number == number.strip().upper()[:40])
    found = session.scalar(query)
    if found is None:
        raise UnknownRepairError
    return found


def unit(session: Session, unit_id: int) -> RepairUnit:
    """The phone in repair; raises UnknownRepairPhoneError."""
    found = session.get(RepairUnit, unit_id) if 0 < unit_id < _ID_MAX else None
    if found is None:
        raise UnknownRepairPhoneError
    return found


def unit_of(report: FaultReport, position: int) -> RepairUnit:
    """The act's phone at this place; raises UnknownRepairPhoneError."""
    found = next((one for one in report.units if one.position == position), None)
    if found is None:
        raise UnknownRepairPhoneError
    return found


def unit_to_change(
    session: Session, unit_id: int, seen: int | None = None, *stages: Stage
) -> RepairUnit:
    """The phone, locked until the transaction ends, its revision raised.

    `seen` is the revision that the person looked at: raises RepairChangedError if it moved on, and
    WrongStageError where the phone is at none of `stages`.
    """
    query = select(RepairUnit).where(RepairUnit.id == unit_id)
    found = session.scalar(query.with_for_update(of=RepairUnit)) if unit_id < _ID_MAX else None
    if found is None:
        raise UnknownRepairPhoneError
    if seen is not None and seen != found.revision:
        raise RepairChangedError
    check_stage(found, *stages)
    found.revision += 1
    return found


def check_stage(found: RepairUnit, *stages: Stage) -> None:
    """Raise WrongStageError where the phone is at none of `stages`."""
    if stages and Stage(found.stage) not in stages:
        phrase = Stage(found.stage).phrase
        raise WrongStageError(stage=phrase.en, stage_ru=phrase.ru)


def record(
    session: Session,
    found: RepairUnit,
    kind: EventKind,
    actor: str,
    now: datetime,
    **details: object,
) -> None:
    """Write down what happened to a phone."""
    session.add(RepairEvent(unit_id=found.id, at=now, kind=kind, actor=actor, details=details))


def events(session: Session, unit_ids: Sequence[int]) -> Sequence[RepairEvent]:
    """What happened to these phones, the newest first."""
    query = select(RepairEvent).where(RepairEvent.unit_id.in_(unit_ids))
    return session.scalars(query.order_by(RepairEvent.at.desc(), RepairEvent.id.desc())).all()


def act_of(report: FaultReport) -> tuple[ActVersion, Act]:
    """The act's last version."""
    last = report.versions[-1]
    return last, Act.of(last.content)


def digest(token: str) -> str:
    """What is stored and searched of a follow-up token."""
    return hashlib.sha256(token.encode()).hexdigest()


def token_place(form_key: str) -> Place:
    """Where the sealed token of the act sent with this form belongs."""
    return Place("fault_report", form_key, "token_sealed")


def address_of(installation: Installation, report: FaultReport) -> str:
    """The secret address by which the sender follows the act."""
    token = installation.seal.open(report.token_sealed, token_place(report.form_key))
    return f"{installation.public_url}/repair/r/{token}"


def dock_address(installation: Installation, number: str) -> str:
    """What the code on the act holds: staff's page that takes the parcel in, and no secret."""
    return f"{installation.public_url}/staff/repairs/dock?code={number}"


def lock_numbers(session: Session) -> None:
    """Let one transaction at a time give a number. SQLite's writers are alone anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_NUMBER})
