"""Taking a request in, whichever way it comes: stored at once, with a number, a tier and its clock.

Nothing is refused here but what cannot be stored or answered: whether a request is not taken is a
person's decision, and another person's (N-1…N-6).
"""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts import audit
from storage.installation import Installation
from support.agreements import agreements
from support.agreements.tiers import Tier
from support.mailroom.options import MailOptions
from support.mailroom.threads import bare_address, new_thread, without_tag
from support.packages.own import packages_of
from support.packages.package import Priority
from support.requests import (
    acknowledging,
    messages,
    named,
    new_request,
    phones,
    promising,
    records,
)
from support.requests.models import SupportRequest
from support.requests.new_request import NewRequest
from support.requests.refused import (
    IntakeLimitError,
)
from support.requests.vocabulary import Author, Channel
from support.rulebook import RULES_VERSION
from support.sla.log import State
from support.warranty_terms.terms import TermPolicy

#: Forms from one source, and letters from one sender, in an hour; a person writes a few.
PER_SOURCE_HOURLY = 20


def register(
    session: Session, installation: Installation, new: NewRequest, *, actor: str, now: datetime
) -> SupportRequest:
    """Take a request in and acknowledge it; the same `intake_key` twice is one request."""
    known = session.scalar(
        select(SupportRequest).where(SupportRequest.intake_key == new.intake_key)
    )
    if known is not None:
        return known
    new_request.check(new, now)
    serials = _serials(new)
    summaries = [phones.summary(session, serial) for serial in serials]
    owner = new.organisation_id or _writes_for(session, new)
    policy = installation.option(TermPolicy)
    tier = agreements.tier_for(
        session, serials, owner, policy, packages_of(installation), new.came_at
    )
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
    terms = promising.terms_of(session, tier, priority)
    records.set_terms(session, request, terms, actor, new.came_at)
    named.give(session, request, new.came_at)
    text = messages.Text(new.text, quoted=new.quoted, remark=new.remark, files=new.files)
    messages.add(
        session, installation, request, text,
        author=Author.CUSTOMER, author_name=new.contact.name or new.contact.email,
        form_key=f"intake:{new.intake_key}", at=new.came_at, sender=new.contact.email or new.source,
    )  # fmt: skip
    audit.record(
        session, actor, "request.register", request.audit_subject, now,
        channel=new.channel.value, package=tier.package, reason=tier.reason.value,
    )  # fmt: skip
    if new.acknowledge and request.contact_email:
        acknowledging.tell(session, installation, request, new, tier, now)
    return request


def check_source(session: Session, source: str, now: datetime, options: MailOptions) -> None:
    """Raise IntakeLimitError when a source has sent more than a person would."""
    query = select(func.count()).where(
        SupportRequest.source == source, SupportRequest.registered_at > now - timedelta(hours=1)
    )
    if (session.scalar(query) or 0) >= PER_SOURCE_HOURLY:
        raise IntakeLimitError(address=options.address)


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
        contact_phone=new.contact.phone.strip()[: new_request.PHONE_MAX],
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
