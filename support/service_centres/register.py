"""The register of partners' service centres."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit, users
from storage.refusals import ConflictError, RefusedError
from support.service_centres.choosing import VENDOR_NAME, Centre
from support.service_centres.models import ServiceCentre


class CentreNameError(RefusedError):
    code = "centre-name"
    field = "name"
    ru = "Назовите сервисный центр: от 1 до 120 знаков, и не «{vendor}»."
    en = "Name the service centre in 1 to 120 characters, and not “{vendor}”."


class CentreExistsError(ConflictError):
    code = "centre-exists"
    field = "name"
    ru = "Сервисный центр «{name}» уже есть."
    en = "There is a service centre “{name}” already."


def every(session: Session) -> Sequence[Centre]:
    """Partners' centres by name; the vendor's own is not among them."""
    rows = session.scalars(select(ServiceCentre).order_by(ServiceCentre.name))
    return [
        Centre(row.name, row.address, tuple(row.regions), row.starts_clock, partner=True)
        for row in rows
    ]


def add(
    session: Session, centre: Centre, organisation: str, *, actor: str, now: datetime
) -> ServiceCentre:
    """Record a partner's centre; raises CentreNameError or CentreExistsError."""
    name = centre.name.strip()
    if not 0 < len(name) <= 120 or name == VENDOR_NAME:
        raise CentreNameError(vendor=VENDOR_NAME)
    if session.scalar(select(ServiceCentre.id).where(ServiceCentre.name == name)):
        raise CentreExistsError(name=name)
    row = ServiceCentre(
        name=name,
        organisation_id=users.organisation(session, organisation).id,
        address=centre.address.strip(),
        regions=[region.strip() for region in centre.regions if region.strip()],
        starts_clock=centre.starts_clock,
        added_at=now,
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, "centre.add", f"centre:{name}", now, regions=row.regions)
    return row
