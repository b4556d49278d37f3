"""Filing and correcting an act: a number, a case for each phone, the paper, a letter (F-1…F-5)."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts import audit
from provision.devices import registry
from provision.devices.identity import SerialNumber
from storage.blob_keeping import blob_models
from storage.clock import moscow_date
from storage.installation import Installation
from support.cases.models import ActVersion, FaultReport, RepairUnit
from support.cases.vocabulary import EventKind, Stage
from support.mailroom import outbox
from support.mailroom.options import MailOptions
from support.repairs import letters, records
from support.repairs.act import Act, ActPhone
from support.repairs.act_pdf import act_pdf
from support.repairs.act_words import ActPaper
from support.repairs.letters import RepairMail
from support.repairs.numbering import next_number
from support.repairs.refused import ActLimitError, ActSettledError
from support.service_centres import register
from support.service_centres.choosing import Centre, centre_for, named

#: Acts from one source in an hour; a person files a few.
PER_SOURCE_HOURLY = 20
#: R-11: the same symptom within so many days after the return is a repeat.
REPEAT_DAYS = 90


@dataclass(frozen=True)
class NewAct:
    """An act to file; the same `form_key` twice is one act."""

    act: Act
    form_key: str
    source: str
    language: str = "ru"
    organisation_id: int | None = None
    consent_id: int | None = None


def file(
    session: Session, installation: Installation, new: NewAct, *, actor: str, now: datetime
) -> FaultReport:
    """Register an act: each phone is a case of its own, with its own decision and clock."""
    known = session.scalar(select(FaultReport).where(FaultReport.form_key == new.form_key))
    if known is not None:
        return known
    number = next_number(session, moscow_date(now).year)
    token = secrets.token_urlsafe(24)
    centre = centre_for(new.act.region, register.every(session))
    report = FaultReport(
        year=number.year,
        sequence=number.sequence,
        number=number.text,
        form_key=new.form_key,
        token_sha256=records.digest(token),
        token_sealed=installation.seal.close(token, records.token_place(new.form_key)),
        organisation_id=new.organisation_id,
        customer_kind=new.act.customer,
        contact_email=new.act.email,
        contact_name=new.act.contact,
        language=new.language,
        centre=centre.name,
        source=new.source,
        consent_id=new.consent_id,
        filed_at=now,
    )
    session.add(report)
    session.flush()
    for position, phone in enumerate(new.act.phones, 1):
        _open_case(session, report, position, phone, actor, now)
    _keep_version(session, installation, report, new.act, actor, now)
    audit.record(session, actor, "repair.file", report.subject, now, phones=len(new.act.phones))
    letter = letters.filed(
        addressed(installation, report), len(new.act.phones), centre.name, centre.address
    )
    outbox.post(session, letter, installation.option(MailOptions), now=now)
    session.refresh(report, ["units", "versions"])
    return report


def correct(
    session: Session,
    installation: Installation,
    report: FaultReport,
    act: Act,
    *,
    actor: str,
    now: datetime,
) -> ActVersion:
    """F-5: another version of the act; the same content is the version that stands.

    Raises ActSettledError once a phone was taken in, and where other phones are named: they are
    sent with an act of their own.
    """
    last, _act = records.act_of(report)
    if last.sha256 == act.sha256:
        return last
    serials = [phone.serial for phone in act.phones]
    waiting = all(Stage(unit.stage) is Stage.FILED for unit in report.units)
    if not waiting or serials != [unit.serial for unit in report.units]:
        raise ActSettledError
    for unit, phone in zip(report.units, act.phones, strict=True):
        unit.symptom, unit.fault = phone.symptom, phone.fault
        unit.revision += 1
        records.record(session, unit, EventKind.CORRECTED, actor, now, version=last.version + 1)
    report.contact_email, report.contact_name = act.email, act.contact
    report.customer_kind = act.customer
    return _keep_version(session, installation, report, act, actor, now)


def check_source(session: Session, source: str, now: datetime, options: MailOptions) -> None:
    """Raise ActLimitError when a source has filed more than a person would."""
    query = select(func.count()).where(
        FaultReport.source == source, FaultReport.filed_at > now - timedelta(hours=1)
    )
    if (session.scalar(query) or 0) >= PER_SOURCE_HOURLY:
        raise ActLimitError(address=options.address)


def paper_of(
    session: Session, installation: Installation, report: FaultReport, version: ActVersion
) -> ActPaper:
    """A version of the act with what the vendor adds to it."""
    centre = centre_of(session, report)
    return ActPaper(
        act=Act.of(version.content),
        number=report.number,
        version=version.version,
        filed_at=version.submitted_at,
        sha256=version.sha256,
        centre=centre.name,
        address=centre.address,
        code=records.dock_address(installation, report.number),
        language=report.language,
    )


def centre_of(session: Session, report: FaultReport) -> Centre:
    """Where the act's phones are sent."""
    return named(report.centre, register.every(session))


def addressed(installation: Installation, report: FaultReport) -> RepairMail:
    """Whom letters about an act go to."""
    return RepairMail(
        number=report.number,
        email=report.contact_email,
        name=report.contact_name,
        language=report.language,
        link=records.address_of(installation, report),
    )


def _open_case(
    session: Session,
    report: FaultReport,
    position: int,
    phone: ActPhone,
    actor: str,
    now: datetime,
) -> None:
    serial = SerialNumber.parse(phone.serial)
    device = registry.by_serial(session, serial)
    unit = RepairUnit(
        report_id=report.id,
        position=position,
        serial=phone.serial,
        device_id=device.id if device else None,
        organisation_id=report.organisation_id,
        product=device.product.code if device else phone.product,
        lot=serial.lot,
        firmware=(device.firmware if device else None) or phone.firmware[:64],
        symptom=phone.symptom,
        fault=phone.fault,
        stage=Stage.FILED,
        requested_on=moscow_date(now),
        repeat_of_id=_repeat_of(session, phone, now),
    )
    session.add(unit)
    session.flush()
    records.record(session, unit, EventKind.FILED, actor, now, number=report.number)


def _repeat_of(session: Session, phone: ActPhone, now: datetime) -> int | None:
    """R-11: the repair after which the same fault came back."""
    query = (
        select(RepairUnit.id)
        .where(RepairUnit.serial == phone.serial, RepairUnit.symptom == phone.symptom)
        .where(RepairUnit.returned_at >= now - timedelta(days=REPEAT_DAYS))
        .order_by(RepairUnit.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def _keep_version(
    session: Session,
    installation: Installation,
    report: FaultReport,
    act: Act,
    actor: str,
    now: datetime,
) -> ActVersion:
    version = ActVersion(
        report_id=report.id,
        version=len(report.versions) + 1,
        content=act.content,
        sha256=act.sha256,
        pdf_sha256="",
        submitted_by=actor,
        submitted_at=now,
    )
    stored = installation.blobs.put(
        BytesIO(act_pdf(paper_of(session, installation, report, version)))
    )
    version.pdf_sha256 = stored.sha256
    session.add(version)
    session.flush()
    owner = f"support.fault_report:{report.number}/{version.version}"
    blob_models.record(session, stored, owner, now)
    session.refresh(report, ["versions"])
    return version
