"""What repairs hold of people: who sent phones in, the act with its papers, photos, deliveries."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from io import BytesIO

from sqlalchemy import Text, cast, func, or_, select
from sqlalchemy.orm import Session

from accounts.people import mask_audit
from storage.blob_keeping import blob_models
from storage.db import Base
from storage.installation import Installation
from storage.masking import columns_of, mask, masked, worth_masking
from storage.people import ERASED, Held, Holder, Mention, Obstacle, Person, StoredFile
from storage.phrases import Phrase
from support import roubles
from support.cases.delivery_models import Parcel, Shipment
from support.cases.models import (
    ActVersion,
    CoverageDecision,
    FaultReport,
    RepairEvent,
    RepairPhoto,
    RepairQuote,
    RepairUnit,
)
from support.customer_kinds import CustomerKind
from support.mailroom import people as letters
from support.repairs import endings, filing
from support.repairs.act import Act
from support.repairs.act_pdf import act_pdf

REPAIR, PHOTO = "repair", "photo"
_AT_ONCE = 100
#: Taxpayers' numbers of this length are people's, not companies'.
_INN_OF_A_PERSON = 12


def _mentions(session: Session) -> Iterable[Mention]:
    one = FaultReport
    query = select(one.contact_name, one.contact_email).where(one.contact_email != "").distinct()
    for name, email in session.execute(query):
        yield Mention(name, email)
    for content in session.scalars(select(ActVersion.content)):
        if content.get("email"):
            yield Mention(content["contact"], content["email"].lower(), content["phone"])


def _find(session: Session, who: Person) -> Sequence[Held]:
    found = _of(session, who)
    photos = [photo for one in found for photo in _photos(session, one)]
    held = [_held(session, one, endings.over_at(session, one)) for one in found]
    return held + [_held_photo(*pair) for pair in photos]


def _of(session: Session, who: Person) -> Sequence[FaultReport]:
    """The person's acts: an earlier version may have told another address."""
    if not who.emails:
        return []
    content = func.lower(cast(ActVersion.content, Text))
    told = select(ActVersion.report_id).where(
        or_(*(content.contains(f'"{email}"', autoescape=True) for email in who.emails))
    )
    query = select(FaultReport).where(
        or_(FaultReport.contact_email.in_(who.emails), FaultReport.id.in_(told))
    )
    return session.scalars(query.order_by(FaultReport.id)).all()


def _expired(session: Session, category: str, before: datetime) -> Sequence[Held]:
    """What was over by then, so many at once: acts that the law still keeps are not loaded."""
    if category == PHOTO:
        photos = (
            select(RepairPhoto, endings.last_deed())
            .join(RepairUnit, RepairUnit.id == RepairPhoto.unit_id)
            .join(FaultReport, FaultReport.id == RepairUnit.report_id)
            .where(endings.over_before(before))
        )
        rows = session.execute(photos.order_by(RepairPhoto.id).limit(_AT_ONCE))
        return [_held_photo(photo, over) for photo, over in rows]
    query = select(FaultReport, endings.last_deed()).where(
        FaultReport.contact_email != "", endings.over_before(before)
    )
    found = session.execute(query.order_by(FaultReport.id).limit(_AT_ONCE)).all()
    return [_held(session, one, over) for one, over in found]


def _erase(session: Session, installation: Installation, held: Held, now: datetime) -> None:
    if held.category == PHOTO:
        photo = session.get(RepairPhoto, held.key)
        if photo is not None:
            _drop(session, photo)
        return
    report = session.get_one(FaultReport, held.key)
    acts = [Act.of(version.content) for version in report.versions]
    words = [report.contact_name, report.contact_email]
    for act in acts:
        words += [act.contact, act.email, act.phone, act.return_address, act.signed_by]
    for taken, _over in _photos(session, report):
        _drop(session, taken)
    _empty_cases(session, report)
    report.contact_name, report.contact_email, report.source = ERASED, "", ""
    session.flush()
    for version, act in zip(report.versions, acts, strict=True):
        _rewrite(session, installation, report, version, _without_person(act, words), now)
    letters.forget_about(session, report.subject)
    _mask_cases(session, report, words)
    mask_audit(session, report.subject, words)


def _empty_cases(session: Session, report: FaultReport) -> None:
    """What the customer wrote, and the numbers by which a carrier finds the person."""
    units = [unit.id for unit in report.units]
    for decision in session.scalars(
        select(CoverageDecision).where(CoverageDecision.unit_id.in_(units))
    ):
        decision.dispute = ERASED if decision.dispute else ""
    for sent in session.scalars(select(Shipment).where(Shipment.unit_id.in_(units))):
        sent.tracking = ""
    for parcel in session.scalars(select(Parcel).where(Parcel.unit_id.in_(units))):
        parcel.tracking = parcel.note = ""


def _mask_cases(session: Session, report: FaultReport, words: Sequence[str]) -> None:
    units = [unit.id for unit in report.units]
    of_unit: dict[type[Base], Sequence[str]] = {
        RepairEvent: ("actor", "details"),
        CoverageDecision: ("evidence", "dispute_answer"),
        RepairQuote: ("work",),
    }
    for model, names in of_unit.items():
        columns = columns_of(model, *names)
        mask(session, columns, words, columns[0].table.c.unit_id.in_(units))
    texts = columns_of(RepairUnit, "fault", "work", "parts")
    mask(session, texts, words, RepairUnit.id.in_(units))
    about = ActVersion.report_id == report.id
    mask(session, columns_of(ActVersion, "submitted_by"), words, about)


def _without_person(act: Act, words: Iterable[str]) -> Act:
    """What the act says of the phones; a company stays named, a person does not."""
    wanted = worth_masking(words)
    phones = tuple(
        replace(
            phone,
            **{
                name: masked(getattr(phone, name), wanted)
                for name in ("fault", "when", "tried", "contents")
            },
        )
        for phone in act.phones
    )
    company = act.customer is not CustomerKind.CONSUMER
    return replace(
        act,
        contact=ERASED,
        email="",
        phone="",
        return_address="",
        signed_by=ERASED,
        phones=phones,
        organisation=masked(act.organisation, wanted) if company else "",
        inn="" if len(act.inn) == _INN_OF_A_PERSON else act.inn,
        remarks=ERASED if act.remarks else "",
    )


def _rewrite(
    session: Session,
    installation: Installation,
    report: FaultReport,
    version: ActVersion,
    act: Act,
    now: datetime,
) -> None:
    """The paper is drawn anew of what is left."""
    version.content, version.sha256 = act.content, act.sha256
    paper = act_pdf(filing.paper_of(session, installation, report, version))
    stored = installation.blobs.put(BytesIO(paper))
    owner = f"support.fault_report:{report.number}/{version.version}"
    blob_models.release(session, owner)
    blob_models.record(session, stored, owner, now)
    version.pdf_sha256 = stored.sha256
    session.flush()


def _drop(session: Session, photo: RepairPhoto) -> None:
    blob_models.release(session, photo.owner)
    session.delete(photo)
    session.flush()


def _obstacles(session: Session, who: Person, _today: date) -> Sequence[Obstacle]:
    return [
        Obstacle(
            Phrase(
                f"Ремонт {unit.name} не закончен ({unit.stage_now.phrase.ru}): данные нужны, чтобы"
                " вернуть телефон.",
                f"The repair {unit.name} is not over ({unit.stage_now.phrase.en}): the data are"
                " needed to return the phone.",
            ),
            subject=report.subject,
        )
        for report in _of(session, who)
        for unit in report.units
        if not unit.stage_now.is_over
    ]


def _held(session: Session, report: FaultReport, over: datetime | None) -> Held:
    units = [unit.id for unit in report.units]
    quotes = select(RepairQuote).where(RepairQuote.unit_id.in_(units)).order_by(RepairQuote.id)
    sent = select(Shipment).where(Shipment.unit_id.in_(units)).order_by(Shipment.id)
    disputes = select(CoverageDecision.dispute).where(
        CoverageDecision.unit_id.in_(units), CoverageDecision.dispute != ""
    )
    says = {
        "number": report.number,
        "name": report.contact_name,
        "email": report.contact_email,
        "source": report.source,
        "acts": [version.content for version in report.versions],
        "stages": {unit.name: str(unit.stage) for unit in report.units},
        "offers": [
            f"{roubles.written(one.amount).ru}: {one.work}" for one in session.scalars(quotes)
        ],
        "deliveries": [f"{one.carrier} {one.tracking}" for one in session.scalars(sent)],
        "disputes": list(session.scalars(disputes)),
    }
    files = [
        StoredFile(f"{report.number}-{version.version}.pdf", version.pdf_sha256)
        for version in report.versions
    ]
    return Held(REPAIR, report.subject, report.id, report.filed_at, over, says, files)


def _photos(session: Session, report: FaultReport) -> Sequence[tuple[RepairPhoto, datetime | None]]:
    units = [unit.id for unit in report.units]
    query = select(RepairPhoto).where(RepairPhoto.unit_id.in_(units)).order_by(RepairPhoto.id)
    over = endings.over_at(session, report)
    return [(photo, over) for photo in session.scalars(query)]


def _held_photo(photo: RepairPhoto, over: datetime | None) -> Held:
    file, subject = StoredFile(photo.name, photo.sha256), f"repair-photo:{photo.id}"
    return Held(PHOTO, subject, photo.id, photo.taken_at, over, {"file": photo.name}, [file])


HOLDER = Holder(frozenset({REPAIR, PHOTO}), _mentions, _find, _expired, _erase, _obstacles)
