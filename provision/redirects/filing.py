"""A partner files a claim, or takes one back."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from accounts import audit
from accounts.access import Actor
from provision.devices.models import Device
from provision.redirects import box_codes, judging, targets
from provision.redirects.judging import Unit
from provision.redirects.models import ClaimState, PartnerClaim, WrongTry
from provision.redirects.targets import RedirectOptions
from storage.installation import Installation
from storage.refusals import NotFoundError, RefusedError

LIVE = (ClaimState.WAITING, ClaimState.APPROVED)


class NotClaimableError(RefusedError):
    """The one refusal: unknown phone, wrong code and another's claim are told alike."""

    code = "not-claimable"
    field = "code"
    ru = (
        "Телефон с таким номером и кодом закрепить нельзя. Проверьте оба на этикетке коробки; если"
        " всё верно, напишите в техническую поддержку."
    )
    en = (
        "No phone can be claimed by this number and code. Check both on the box's label; if they"
        " are right, write to technical support."
    )


class TooManyTriesError(RefusedError):
    code = "too-many-claim-tries"
    ru = "Слишком много неверных попыток. Повторите через час."
    en = "Too many wrong tries. Try again in an hour."


class NoOrganisationError(RefusedError):
    code = "claim-without-organisation"
    ru = "Ваша учётная запись не принадлежит партнёру."
    en = "Your account belongs to no partner."


class UnknownClaimError(NotFoundError):
    code = "unknown-claim"
    ru = "Нет такой заявки."
    en = "There is no such claim."


@dataclass(frozen=True)
class NewClaim:
    """What a partner writes: a serial number or MAC, the code of its box, the server's address."""

    unit: str
    code: str = field(repr=False)
    url: str


def file(
    session: Session, place: Installation, new: NewClaim, partner: Actor, now: datetime
) -> PartnerClaim:
    """Take a claim in, to be decided by staff.

    Raises BadTargetError before anything is looked up, TooManyTriesError, or NotClaimableError,
    after which the caller notes the wrong try: this transaction is lost.
    """
    organisation_id = _organisation(partner)
    url = targets.checked(new.url, place.option(RedirectOptions))
    if not judging.may_try(_wrong_tries(session, organisation_id, now)):
        raise TooManyTriesError
    box = box_codes.named(session, new.unit)
    fits = box_codes.fits(place, box, new.code)
    _expire(session, now)
    # Whether a phone is known or claimed must not show in the time that a wrong code takes.
    live = _live_claim(session, box.device_id) if fits else None
    if live is not None and (live.organisation_id, live.server_url) == (organisation_id, url):
        return live  # the same form sent twice
    if not judging.may_claim(Unit(box.device_id != 0, fits, live is not None)):
        raise NotClaimableError
    device = session.get_one(Device, box.device_id)
    claim = PartnerClaim(
        device=device,
        organisation_id=organisation_id,
        server_url=url,
        state=ClaimState.WAITING,
        filed_at=now,
        filed_by=partner.login,
        ends_at=now + judging.DECIDED_WITHIN,
        reason="",
    )
    session.add(claim)
    try:
        session.flush()
    except IntegrityError as error:  # another claim of the same phone was a moment quicker
        raise NotClaimableError from error
    session.refresh(claim)
    audit.record(session, partner.login, "claim.file", device.subject, now, server=url)
    return claim


def note_wrong_try(session: Session, partner: Actor, now: datetime) -> None:
    """Count a try that did not fit; those that count no more are forgotten."""
    organisation_id = _organisation(partner)
    old = WrongTry.at <= now - judging.WRONG_TRIES_WITHIN
    session.execute(delete(WrongTry).where(old))
    session.add(WrongTry(organisation_id=organisation_id, at=now))
    subject = f"organisation:{organisation_id}"
    audit.record(session, partner.login, "claim.wrong-try", subject, now)


def withdraw(session: Session, number: int, partner: Actor, now: datetime) -> PartnerClaim:
    """A partner takes its claim back, or lets the phone go; another's claim is unknown to it."""
    claim = session.get(PartnerClaim, number)
    if claim is None or claim.organisation_id != partner.organisation_id:
        raise UnknownClaimError
    if claim.state in LIVE:
        claim.state = ClaimState.WITHDRAWN
        claim.decided_at, claim.decided_by = now, partner.login
        audit.record(session, partner.login, "claim.withdraw", claim.device.subject, now)
    return claim


def _organisation(partner: Actor) -> int:
    if partner.organisation_id is None:
        raise NoOrganisationError
    return partner.organisation_id


def _wrong_tries(session: Session, organisation_id: int, now: datetime) -> int:
    lately = WrongTry.at > now - judging.WRONG_TRIES_WITHIN
    counted = select(func.count()).where(WrongTry.organisation_id == organisation_id, lately)
    return session.scalar(counted) or 0


def _live_claim(session: Session, device_id: int) -> PartnerClaim | None:
    mine = PartnerClaim.device_id == device_id
    return session.scalar(select(PartnerClaim).where(mine, PartnerClaim.state.in_(LIVE)))


def _expire(session: Session, now: datetime) -> None:
    """Say of claims whose time is over that it is, so that their phones may be claimed again."""
    over = update(PartnerClaim).where(PartnerClaim.state.in_(LIVE), PartnerClaim.ends_at <= now)
    session.execute(over.values(state=ClaimState.EXPIRED))
