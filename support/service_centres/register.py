"""The register of partners' service centres: adding one, changing it, closing it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit, users
from accounts.models import Organisation, OrganisationKind
from accounts.organisations import NoPartnerError
from storage.refusals import ConflictError, NotFoundError, RefusedError
from support.service_centres.choosing import VENDOR_NAME, Centre
from support.service_centres.models import ServiceCentre

NAME_MAX = 120
ADDRESS_MAX = 300
REGION_MAX = 100


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


class CentreAddressError(RefusedError):
    code = "centre-address"
    field = "address"
    ru = "Нужен адрес, по которому шлют телефоны: от 1 до {limit} знаков в одну строку."
    en = "The address that phones are sent to is needed: 1 to {limit} characters in one line."


class CentreRegionsError(RefusedError):
    code = "centre-regions"
    field = "regions"
    ru = "Назовите хотя бы один регион; в каждом не больше {limit} знаков."
    en = "Name one region at least, each in at most {limit} characters."


class RegionTakenError(ConflictError):
    code = "region-taken"
    field = "regions"
    ru = "Телефоны из региона «{region}» уже принимает «{name}»: уберите регион сначала там."
    en = "Phones from “{region}” go to “{name}” already: take the region away there first."


class UnknownCentreError(NotFoundError):
    code = "unknown-centre"
    ru = "Такого сервисного центра нет."
    en = "There is no such service centre."


def every(session: Session) -> Sequence[Centre]:
    """Partners' centres by name, closed ones too; the vendor's own is not among them."""
    rows = session.scalars(select(ServiceCentre).order_by(ServiceCentre.name))
    return [
        Centre(row.name, row.address, tuple(row.regions), row.starts_clock, partner=True)
        for row in rows
    ]


def get(session: Session, centre_id: int) -> ServiceCentre:
    """The centre of this row; raises UnknownCentreError."""
    found = session.get(ServiceCentre, centre_id)
    if found is None:
        raise UnknownCentreError
    return found


def add(
    session: Session, centre: Centre, organisation: str, *, actor: str, now: datetime
) -> ServiceCentre:
    """Record a partner's centre; a region that another serves is refused, as W-11 names one."""
    name = centre.name.strip()
    if not 0 < len(name) <= NAME_MAX or not name.isprintable() or name == VENDOR_NAME:
        raise CentreNameError(vendor=VENDOR_NAME)
    if session.scalar(select(ServiceCentre.id).where(ServiceCentre.name == name)):
        raise CentreExistsError(name=name)
    row = ServiceCentre(
        name=name,
        organisation_id=_partner(session, organisation).id,
        address=_address(centre.address),
        regions=_regions(session, centre.regions, name),
        starts_clock=centre.starts_clock,
        added_at=now,
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, "centre.add", f"centre:{name}", now, regions=row.regions)
    return row


def change(
    session: Session, row: ServiceCentre, to: Centre, *, actor: str, now: datetime
) -> ServiceCentre:
    """Change address, regions and clock; a closed centre with regions is open again.

    The name stays: filed acts name the centre by it.
    """
    address = _address(to.address)
    regions = _regions(session, to.regions, row.name)
    changed: dict[str, object] = {}
    if address != row.address:
        changed["address"] = address
    if regions != row.regions:
        changed["regions"] = regions
    if to.starts_clock != row.starts_clock:
        changed["starts_clock"] = to.starts_clock
    if changed:
        row.address, row.regions, row.starts_clock = address, regions, to.starts_clock
        audit.record(session, actor, "centre.change", f"centre:{row.name}", now, **changed)
    return row


def close(session: Session, row: ServiceCentre, *, actor: str, now: datetime) -> None:
    """Send no new act there; doing it twice changes nothing."""
    if row.regions:
        served, row.regions = row.regions, []
        audit.record(session, actor, "centre.close", f"centre:{row.name}", now, regions=served)


def _partner(session: Session, name: str) -> Organisation:
    found = users.organisation(session, name.strip())
    if OrganisationKind(found.kind) is not OrganisationKind.PARTNER:
        raise NoPartnerError(name=found.name)
    return found


def _address(typed: str) -> str:
    address = " ".join(typed.split())
    if not 0 < len(address) <= ADDRESS_MAX or not address.isprintable():
        raise CentreAddressError(limit=ADDRESS_MAX)
    return address


def _regions(session: Session, typed: Iterable[str], name: str) -> list[str]:
    """The regions, each once; raises RegionTakenError for one that another centre serves."""
    plain = [" ".join(region.split()) for region in typed]
    found = list({region.casefold(): region for region in plain if region}.values())
    if not found or any(len(one) > REGION_MAX or not one.isprintable() for one in found):
        raise CentreRegionsError(limit=REGION_MAX)
    for other in every(session):
        served = {region.casefold() for region in other.regions if other.name != name}
        for region in found:
            if region.casefold() in served:
                raise RegionTakenError(region=region, name=other.name)
    return found
