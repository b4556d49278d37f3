"""A diagnosis from the question to the answer: the phone is read, then everything is weighed.

No database session is open while the phone is asked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from provision.devices import registry
from provision.devices.models import Device
from provision.diagnosis import gathering
from provision.diagnosis.findings import Code, Conclusion, Finding, UpdateFirst
from provision.diagnosis.judging import conclude
from provision.diagnosis.models import Diagnosis
from provision.diagnosis.situation import Failure
from provision.dialects import family_of
from provision.readers.facts import DeviceFacts
from provision.readers.ways import Via
from provision.reading import phone_reads
from provision.reading.phone_reads import NoAddressError, ReadAnswer
from storage.installation import Installation
from storage.phrases import Phrase
from storage.refusals import NotFoundError

#: Every way of reading, then the weighing.
STEPS = len(Via) + 1


class UnknownDiagnosisError(NotFoundError):
    code = "unknown-diagnosis"
    ru = "Диагностики № {number} этого телефона нет."
    en = "This phone has no diagnosis No. {number}."


@dataclass(frozen=True)
class DiagnosisAnswer:
    """One diagnosis as it stands; `conclusion` is None while the phone is being asked."""

    id: int
    mac: str
    asked_at: datetime
    asked_by: str
    step: int
    finished_at: datetime | None = None
    facts: DeviceFacts | None = None
    failures: tuple[Failure, ...] = ()
    conclusion: Conclusion | None = None

    def as_document(self) -> Mapping[str, object]:
        """The answer as programs get it."""
        found = self.conclusion
        first = found.update_first if found else None
        return {
            "id": self.id,
            "mac": self.mac,
            "asked_at": self.asked_at,
            "asked_by": self.asked_by,
            "finished_at": self.finished_at,
            "findings": [one.as_record() for one in found.findings] if found else [],
            "update_first": _first_record(first) if first else None,
            "facts": self.facts.as_record() if self.facts else None,
            "failures": [_failure_record(one) for one in self.failures],
        }


def start(session: Session, name: str, *, actor: str, now: datetime) -> DiagnosisAnswer:
    """Note that a device (MAC, serial number or address) is to be diagnosed."""
    device = registry.find(session, name)
    row = Diagnosis(device_id=device.id, asked_at=now, asked_by=actor, step=0)
    session.add(row)
    session.flush()
    return _answer(row, device)


def run(
    installation: Installation,
    number: int,
    now: datetime,
    told: Callable[[int], None] = lambda _step: None,
) -> DiagnosisAnswer:
    """Ask the phone every way and weigh what is known; twice is once.

    `told` hears of each step of STEPS that is over.
    """
    with installation.database.reading() as session:
        row = session.get_one(Diagnosis, number)
        device = session.get_one(Device, row.device_id)
        if row.finished_at is not None:
            return _answer(row, device)
        mac, asked_by = device.mac, row.asked_by
    answers, failures = _ask(installation, mac, asked_by, now, told)
    with installation.database.writing() as session:
        row = session.get_one(Diagnosis, number)
        device = session.get_one(Device, row.device_id)
        facts = phone_reads.merged(answers)
        found = conclude(
            gathering.situation(session, device, family_of(installation), facts, failures, now)
        )
        row.report = _report(found, facts, failures)
        row.step, row.finished_at = STEPS, now
        session.flush()
        return _answer(row, device)


def get(session: Session, mac: str, number: int) -> DiagnosisAnswer:
    """One diagnosis of a device; raises UnknownDiagnosisError."""
    device = registry.get(session, mac)
    row = session.get(Diagnosis, number)
    if row is None or row.device_id != device.id:
        raise UnknownDiagnosisError(number=number)
    return _answer(row, device)


def latest(session: Session, device: Device, limit: int = 1) -> Sequence[DiagnosisAnswer]:
    """The newest diagnoses of a device first."""
    query = (
        select(Diagnosis)
        .where(Diagnosis.device_id == device.id)
        .order_by(Diagnosis.id.desc())
        .limit(limit)
    )
    return [_answer(row, device) for row in session.scalars(query)]


def note_step(session: Session, number: int, step: int) -> None:
    """Keep how far a diagnosis is, for the page that follows it."""
    session.get_one(Diagnosis, number).step = step


def _ask(
    installation: Installation,
    mac: str,
    asked_by: str,
    now: datetime,
    told: Callable[[int], None],
) -> tuple[Sequence[ReadAnswer], Sequence[Failure]]:
    answers: list[ReadAnswer] = []
    failures: list[Failure] = []
    try:
        for step, via in enumerate(phone_reads.ways_of(installation, mac), start=1):
            answers += phone_reads.read_phone(
                installation, mac, asked_by=asked_by, now=now, ways=(via,)
            )
            told(step)
    except NoAddressError as error:
        failures.append(_failed(Via.SNMP, error.code, error.text("ru"), error.text("en")))
    failures += [
        _failed(one.via, one.error.code, one.error.text("ru"), one.error.text("en"))
        for one in answers
        if one.error is not None
    ]
    return answers, failures


def _failed(via: Via, code: str, ru: str, en: str) -> Failure:
    return Failure(via.value, code, Phrase(ru, en))


def _report(
    found: Conclusion, facts: DeviceFacts | None, failures: Sequence[Failure]
) -> dict[str, Any]:
    first = found.update_first
    return {
        "findings": [one.as_record() for one in found.findings],
        "update_first": _first_record(first) if first else None,
        "facts": facts.as_record() if facts else None,
        "failures": [_failure_record(one) for one in failures],
    }


def _first_record(first: UpdateFirst) -> dict[str, Any]:
    mends = {code.value: {"ru": text.ru, "en": text.en} for code, text in first.mends.items()}
    return {"version": first.version, "mends": mends}


def _failure_record(one: Failure) -> dict[str, Any]:
    return {"via": one.via, "code": one.code, "ru": one.text.ru, "en": one.text.en}


def _answer(row: Diagnosis, device: Device) -> DiagnosisAnswer:
    report = row.report
    if report is None:
        return DiagnosisAnswer(row.id, device.mac, row.asked_at, row.asked_by, row.step)
    return DiagnosisAnswer(
        id=row.id,
        mac=device.mac,
        asked_at=row.asked_at,
        asked_by=row.asked_by,
        step=row.step,
        finished_at=row.finished_at,
        facts=DeviceFacts.from_record(report["facts"]) if report["facts"] else None,
        failures=tuple(
            Failure(one["via"], one["code"], Phrase(one["ru"], one["en"]))
            for one in report["failures"]
        ),
        conclusion=_conclusion(report),
    )


def _conclusion(report: Mapping[str, Any]) -> Conclusion:
    first = report["update_first"]
    return Conclusion(
        tuple(Finding.from_record(one) for one in report["findings"]),
        UpdateFirst(
            first["version"],
            {Code(code): Phrase(text["ru"], text["en"]) for code, text in first["mends"].items()},
        )
        if first
        else None,
    )
