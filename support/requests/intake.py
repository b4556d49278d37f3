"""Taking a request in, whichever way it comes: stored at once, with a number, a tier and its clock.

Nothing is refused here but what cannot be stored or answered: whether a request is not taken is a
person's decision, and another person's (N-1…N-6).
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts import audit
from storage.installation import Installation
from support import business_time
from support.agreements import agreements
from support.agreements.tiers import Reason, Tier
from support.attachments.content import Accepted
from support.calendars import keeping
from support.calendars.keeping import KnownCalendar
from support.mailroom import outbox
from support.mailroom.options import MailOptions
from support.mailroom.threads import bare_address, new_thread, without_tag
from support.packages.loading import shipped as shipped_packages
from support.packages.package import Priority, Promise
from support.requests import letters, phones, records, talking
from support.requests.models import SupportRequest
from support.requests.refused import (
    AttestationError,
    CallTimeError,
    ContactError,
    ContactMailError,
    IntakeLimitError,
    SubjectError,
)
from support.requests.vocabulary import Author, Channel, EventKind, Symptom
from support.rulebook import RULES_VERSION
from support.sla.log import State, Terms
from support.terms import TermPolicy

SUBJECT_MAX = 200
NAME_MAX = 120
PHONE_MAX = 40
#: Forms from one source, and letters from one sender, in an hour; a person writes a few.
PER_SOURCE_HOURLY = 20
#: RFC 3834: acknowledgements to one person in a day, over all requests.
ACKS_DAILY = 5
CALL_AGE_MAX = timedelta(days=1)


@dataclass(frozen=True)
class Contact:
    """Who asks, and in which language they are answered ("ru" or "en")."""

    name: str = ""
    email: str = ""
    phone: str = ""
    language: str = "ru"


@dataclass(frozen=True)
class NewRequest:
    """A request to take in.

    `intake_key` makes a form sent twice one request. `came_at` is when the server received it or
    the call was made (S-2, S-12). `attested` says that the person confirmed S-4.
    """

    channel: Channel
    subject: str
    text: str
    contact: Contact
    intake_key: str
    came_at: datetime
    serials: Sequence[str] = ()
    symptom: Symptom = Symptom.OTHER
    priority: Priority = Priority.P3
    product: str = ""
    firmware: str = ""
    attested: bool = False
    source: str = ""
    user_id: int | None = None
    organisation_id: int | None = None
    consent_id: int | None = None
    follows_id: int | None = None
    call_seconds: int | None = None
    files: Sequence[Accepted] = field(default=())
    quoted: str = ""
    remark: str = ""
    in_reply_to: str = ""
    acknowledge: bool = True


def register(
    session: Session, installation: Installation, new: NewRequest, *, actor: str, now: datetime
) -> SupportRequest:
    """Take a request in and acknowledge it; the same `intake_key` twice is one request."""
    known = session.scalar(
        select(SupportRequest).where(SupportRequest.intake_key == new.intake_key)
    )
    if known is not None:
        return known
    _check(new, now)
    serials = _serials(new)
    summaries = [phones.summary(session, serial) for serial in serials]
    owner = new.organisation_id or _writes_for(session, new)
    policy = installation.option(TermPolicy)
    tier = agreements.tier_for(session, serials, owner, policy, new.came_at)
    request = _row(installation, new, tier, owner)
    device = next((found for found in summaries if found), None)
    request.product = request.product or (device.product_code if device else "")
    request.firmware = request.firmware or ((device.firmware or "") if device else "")
    if tier.contract:
        request.contract = agreements.get(session, tier.contract)
    session.add(request)
    session.flush()
    phones.note(session, request, serials)
    priority = Priority(new.priority)
    package = next(one for one in shipped_packages() if one.code == tier.package)
    records.set_terms(session, request, Terms.of(package, priority), actor, new.came_at)
    text = talking.Text(new.text, quoted=new.quoted, remark=new.remark, files=new.files)
    talking.add_message(
        session, installation, request, text,
        author=Author.CUSTOMER, author_name=new.contact.name or new.contact.email,
        form_key=f"intake:{new.intake_key}", at=new.came_at, sender=new.contact.email or new.source,
    )  # fmt: skip
    audit.record(
        session, actor, "request.register", request.audit_subject, now,
        channel=new.channel.value, package=tier.package, reason=tier.reason.value,
    )  # fmt: skip
    if new.acknowledge and request.contact_email:
        _acknowledge(session, installation, request, new, tier, now)
    return request


def missing(request: SupportRequest) -> tuple[str, ...]:
    """N-1: what of the required set was not told (the problem and a contact always are)."""
    told = {
        "product": request.product,
        "serial": request.serials,
        "firmware": request.firmware,
    }
    return tuple(name for name, value in told.items() if not value)


def check_source(session: Session, source: str, now: datetime, options: MailOptions) -> None:
    """Raise IntakeLimitError when a source has sent more than a person would."""
    query = select(func.count()).where(
        SupportRequest.source == source, SupportRequest.registered_at > now - timedelta(hours=1)
    )
    if (session.scalar(query) or 0) >= PER_SOURCE_HOURLY:
        raise IntakeLimitError(address=options.address)


def describe(
    session: Session,
    installation: Installation,
    request: SupportRequest,
    changes: Mapping[str, str],
    *,
    actor: str,
    now: datetime,
) -> None:
    """Write down what staff learned: serials, product, firmware, symptom, priority, organisation.

    The tier is found anew; what is used of the promised time stays used (S-11).
    """
    request.product = changes.get("product", request.product).strip()[:64]
    request.firmware = changes.get("firmware", request.firmware).strip()[:64]
    request.symptom = Symptom(changes.get("symptom", request.symptom))
    if "serials" in changes:
        phones.note(session, request, phones.typed(changes["serials"]))
    if "organisation_id" in changes:
        request.organisation_id = int(changes["organisation_id"] or 0) or None
    session.flush()
    session.refresh(request, ["devices", "organisation"])
    policy = installation.option(TermPolicy)
    # The contract of the day on which the request came decides, as it was promised then (S-7).
    tier = agreements.tier_for(
        session, request.serials, request.organisation_id, policy, request.registered_at
    )
    priority = Priority(changes.get("priority", request.priority))
    record = {name: value for name, value in changes.items() if name != "organisation_id"}
    records.record(session, request, EventKind.DESCRIBED, actor, now, **record)
    if (tier.package, priority) != (request.package, request.priority):
        package = next(one for one in shipped_packages() if one.code == tier.package)
        records.set_terms(session, request, Terms.of(package, priority), actor, now)
    request.tier_reason = tier.reason
    request.contract = agreements.get(session, tier.contract) if tier.contract else None
    audit.record(session, actor, "request.describe", request.audit_subject, now)


def _check(new: NewRequest, now: datetime) -> None:
    subject = without_tag(new.subject)
    if not 0 < len(subject) <= SUBJECT_MAX:
        raise SubjectError(limit=SUBJECT_MAX)
    contact = new.contact
    email = bare_address(contact.email)
    if contact.email and not email:
        raise ContactMailError
    if new.channel in {Channel.FORM, Channel.EMAIL} and not email:
        raise ContactMailError
    if not (email or contact.phone.strip()) or len(contact.name) > NAME_MAX:
        raise ContactError
    # S-4: who fills in a form confirms it there; an agent does for letters and calls.
    if new.channel in {Channel.FORM, Channel.PORTAL} and not new.attested:
        raise AttestationError
    if new.channel is Channel.PHONE and not now - CALL_AGE_MAX <= new.came_at <= now:
        raise CallTimeError


def _writes_for(session: Session, new: NewRequest) -> int | None:
    """The organisation of who wrote a letter or called; an address in a form proves none."""
    if new.channel in {Channel.FORM, Channel.PORTAL}:
        return None
    return agreements.organisation_of(session, new.contact.email)


def _row(
    installation: Installation, new: NewRequest, tier: Tier, owner: int | None
) -> SupportRequest:
    token, thread = secrets.token_urlsafe(24), new_thread()
    return SupportRequest(
        intake_key=new.intake_key,
        token_sha256=records.digest(token),
        token_sealed=installation.seal.close(token, records.token_place(thread)),
        thread=thread,
        channel=new.channel,
        state=State.NEW,
        state_since=new.came_at,
        priority=new.priority,
        package=tier.package,
        tier_reason=tier.reason,
        subject=without_tag(new.subject),
        symptom=new.symptom,
        organisation_id=owner,
        user_id=new.user_id,
        contact_name=new.contact.name.strip(),
        contact_email=bare_address(new.contact.email),
        contact_phone=new.contact.phone.strip()[:PHONE_MAX],
        language=new.contact.language,
        product=new.product.strip()[:64],
        firmware=new.firmware.strip()[:64],
        attestation=_attestation(new),
        call_seconds=new.call_seconds,
        source=new.source,
        consent_id=new.consent_id,
        follows_id=new.follows_id,
        registered_at=new.came_at,
        revision=1,
    )


def _attestation(new: NewRequest) -> dict[str, str]:
    if not new.attested:
        return {}
    by = "customer" if new.channel is not Channel.PHONE else "agent"
    return {"rules": RULES_VERSION, "by": by, "at": new.came_at.isoformat()}


def _serials(new: NewRequest) -> tuple[str, ...]:
    named = tuple(text for serial in new.serials for text in phones.typed(serial))
    return named or phones.serials_in(f"{new.subject}\n{new.text}")


def _acknowledge(
    session: Session,
    installation: Installation,
    request: SupportRequest,
    new: NewRequest,
    tier: Tier,
    now: datetime,
) -> None:
    """Say that it came. Too many such letters to one person would be a loop's (RFC 3834)."""
    day = now - timedelta(days=1)
    if outbox.automatic_since(session, request.contact_email, day) >= ACKS_DAILY:
        return
    known = keeping.current(session)
    lacking, told = missing(request), records.tells_tier(request)
    letter = letters.acknowledged(
        records.addressed(installation, request, new.in_reply_to),
        counts_from=business_time.next_opening(known.calendar, new.came_at),
        is_open=business_time.is_open(known.calendar, new.came_at)
        or (told and _around_the_clock(session, request, known, now)),
        answer_by=_answer_by(session, request, known, now) if told else None,
        missing=lacking,
        has_contract=told and tier.reason is Reason.CONTRACT,
    )
    outbox.post(session, letter, installation.option(MailOptions), now=now)
    if lacking:
        records.record(session, request, EventKind.ASKED, "acknowledgement", now, missing=lacking)


def _answer_by(
    session: Session, request: SupportRequest, known: KnownCalendar, now: datetime
) -> datetime | None:
    log = records.logs(session, [request.id])[request.id]
    return records.clocks_of(request, log, known, now)[Promise.RESPONSE].deadline


def _around_the_clock(
    session: Session, request: SupportRequest, known: KnownCalendar, now: datetime
) -> bool:
    log = records.logs(session, [request.id])[request.id]
    target = records.clocks_of(request, log, known, now)[Promise.RESPONSE].target
    return target is not None and target.around_the_clock
