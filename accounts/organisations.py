"""Organisations as staff keep them: adding one, and which partner serves whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from accounts import audit, users
from accounts.models import Organisation, OrganisationKind, User
from storage.refusals import ConflictError, RefusedError

NAME_MAX = 120


class OrganisationNameError(RefusedError):
    code = "organisation-name"
    field = "name"
    ru = "Название организации — от 1 до {limit} печатных знаков."
    en = "An organisation's name has 1 to {limit} printable characters."


class OrganisationTakenError(ConflictError):
    code = "organisation-taken"
    field = "name"
    ru = "Организация «{name}» уже есть."
    en = "The organisation “{name}” is on record already."


class NoPartnerError(RefusedError):
    code = "no-partner"
    field = "partner"
    ru = "«{name}» — не партнёр: обслуживать других могут только партнёры."
    en = "“{name}” is no partner: only partners serve others."


class NotServedError(RefusedError):
    code = "not-served"
    field = "partner"
    ru = "«{name}» — не заказчик: партнёр бывает только у заказчика."
    en = "“{name}” is no customer: only a customer has a partner."


@dataclass(frozen=True)
class Listed:
    """One organisation, who serves it, and how many people of it may log in."""

    name: str
    kind: OrganisationKind
    partner: str | None
    people: int


def add(
    session: Session,
    name: str,
    kind: OrganisationKind,
    partner: str = "",
    *,
    actor: str,
    now: datetime,
) -> Organisation:
    """Put an organisation on record, served by this partner if one is named."""
    plain = " ".join(name.split())
    if not 0 < len(plain) <= NAME_MAX or not plain.isprintable():
        raise OrganisationNameError(limit=NAME_MAX)
    if session.scalar(select(Organisation.id).where(Organisation.name == plain)) is not None:
        raise OrganisationTakenError(name=plain)
    made = users.add_organisation(session, plain, kind)
    subject = f"organisation:{made.id}"
    audit.record(session, actor, "organisation.add", subject, now, name=plain, kind=kind)
    if partner.strip():
        assign(session, plain, partner, actor=actor, now=now)
    return made


def assign(session: Session, name: str, partner: str, *, actor: str, now: datetime) -> None:
    """Let a partner serve a customer, and see what is the customer's; no partner ends that."""
    customer = users.organisation(session, name.strip())
    if OrganisationKind(customer.kind) is not OrganisationKind.CUSTOMER:
        raise NotServedError(name=customer.name)
    server = users.organisation(session, partner.strip()) if partner.strip() else None
    if server is not None and OrganisationKind(server.kind) is not OrganisationKind.PARTNER:
        raise NoPartnerError(name=server.name)
    customer.partner_id = server.id if server else None
    subject = f"organisation:{customer.id}"
    told = server.name if server else None
    audit.record(session, actor, "organisation.assign", subject, now, partner=told)


def every(session: Session) -> Sequence[Listed]:
    """All organisations by name."""
    server = aliased(Organisation)
    people = select(User.organisation_id, func.count().label("people")).where(
        User.disabled_at.is_(None)
    )
    counted = people.group_by(User.organisation_id).subquery()
    query = (
        select(Organisation.name, Organisation.kind, server.name, counted.c.people)
        .outerjoin(server, server.id == Organisation.partner_id)
        .outerjoin(counted, counted.c.organisation_id == Organisation.id)
        .order_by(Organisation.name)
    )
    return [
        Listed(name, OrganisationKind(kind), partner, count or 0)
        for name, kind, partner, count in session.execute(query)
    ]


def partners(session: Session) -> Sequence[str]:
    """The names of the partners."""
    query = select(Organisation.name).where(Organisation.kind == OrganisationKind.PARTNER)
    return session.scalars(query.order_by(Organisation.name)).all()
