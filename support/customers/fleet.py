"""Phones of some organisations with their warranty, as their people see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from catalogue import products
from catalogue.models import Product
from firmware import releases
from firmware.models import Channel, Release
from provision.devices import listing, registry
from provision.devices.listing import DeviceFilter
from provision.devices.summary import DeviceSummary
from provision.models import Device, Handover
from storage.refusals import RefusedError
from support.cases.models import FaultReport, RepairUnit
from support.civil_dates import add_months
from support.coverage import UnknownSerialError, coverage_of, device_by_serial
from support.models import Certificate, EntitlementRow
from support.requests.models import RequestDevice, SupportRequest
from support.scope import Scope
from support.warranty import CoverageAnswer
from support.warranty_certificates.certificate_terms import BaseTerm
from support.warranty_certificates.certificates import base_term_of
from support.warranty_terms.terms import TermPolicy

LIST_MAX = 200
#: Those whose warranty ends within so many days need attention.
SOON_DAYS = 60
SOON_MAX = 100


@dataclass(frozen=True)
class OwnPhone:
    """A phone and its warranty; `answer` is None where papers contradict each other."""

    device: DeviceSummary
    answer: CoverageAnswer | None
    base: BaseTerm | None
    latest: str | None

    @property
    def is_behind(self) -> bool:
        """Whether it runs something else than the current release."""
        return bool(self.latest and self.device.firmware and self.latest != self.device.firmware)

    def ends_soon(self, today: date) -> bool:
        until = self.answer.covered_until if self.answer else None
        return until is not None and 0 <= (until - today).days <= SOON_DAYS

    def certificate_until(self, today: date) -> date | None:
        """C-1: the last day on which a certificate may be bought, while that is so."""
        return self.base.window_ends_on if self.base and self.base.is_open(today) else None


def page(
    session: Session,
    wanted: DeviceFilter,
    today: date,
    policy: TermPolicy,
    *,
    limit: int,
    offset: int,
) -> tuple[Sequence[OwnPhone], int]:
    """One page of the phones that are wanted, each with its warranty."""
    found = listing.page(session, wanted, limit=limit, offset=offset)
    latest = current_versions(session)
    phones = [of_device(session, one, today, policy, latest) for one in found.devices]
    return phones, listing.count(session, wanted) if found.is_more else found.total


def one(session: Session, scope: Scope, serial: str, today: date, policy: TermPolicy) -> OwnPhone:
    """The phone with this serial; one of somebody else is refused like one that does not exist."""
    device = device_by_serial(session, serial)
    if not scope.covers(device.organisation_id):
        raise UnknownSerialError(serial=device.serial or serial[:64])
    return of_device(session, device, today, policy, current_versions(session))


def ending_soon(
    session: Session, organisations: Sequence[int], today: date, policy: TermPolicy
) -> Sequence[OwnPhone]:
    """The phones whose warranty ends within SOON_DAYS, the first first; SOON_MAX at most.

    Only those are looked at whose papers make it likely: a handover of about a term ago, or a
    right that ends by then.
    """
    handed_over = select(Handover.device_id).where(
        Handover.on >= add_months(today, -policy.months - 1),
        Handover.on <= add_months(today, -policy.months) + timedelta(days=SOON_DAYS),
    )
    ending = select(EntitlementRow.device_id).where(
        EntitlementRow.ends_on.between(today, today + timedelta(days=SOON_DAYS))
    )
    query = select(Device).where(
        Device.organisation_id.in_(organisations),
        or_(Device.id.in_(handed_over), Device.id.in_(ending)),
    )
    latest = current_versions(session)
    rows = session.scalars(query.order_by(Device.mac).limit(SOON_MAX))
    found = [of_device(session, DeviceSummary.of(row), today, policy, latest) for row in rows]
    return sorted((one for one in found if one.ends_soon(today)), key=_end)


def of_device(
    session: Session,
    device: DeviceSummary,
    today: date,
    policy: TermPolicy,
    latest: Mapping[str, str],
) -> OwnPhone:
    """The phone with its warranty on `today`; `latest` is what current_versions gave."""
    version = latest.get(device.product_code)
    try:
        answer = coverage_of(session, device, today, policy)
        proofs = registry.handovers(session, device.mac)
        base = base_term_of(answer, proofs) if answer.origin else None
    except RefusedError:
        # Contracts that contradict each other are for staff to settle, and not to be told.
        return OwnPhone(device, None, None, version)
    return OwnPhone(device, answer, base, version)


def current_versions(session: Session) -> Mapping[str, str]:
    """The current stable release of each product."""
    found = {one.code: _current(session, one) for one in products.every(session)}
    return {code: release.version for code, release in found.items() if release}


def own_products(session: Session, organisations: Sequence[int]) -> Sequence[Product]:
    """The products of which these organisations have phones."""
    theirs = select(Device.product_id).where(Device.organisation_id.in_(organisations))
    return session.scalars(
        select(Product).where(Product.id.in_(theirs)).order_by(Product.code)
    ).all()


def requests_about(session: Session, serial: str, scope: Scope) -> Sequence[SupportRequest]:
    """The requests of these organisations about one phone, the latest first."""
    about = select(RequestDevice.request_id).where(RequestDevice.serial == serial)
    query = select(SupportRequest).where(
        SupportRequest.id.in_(about), SupportRequest.organisation_id.in_(scope.organisations)
    )
    return session.scalars(query.order_by(SupportRequest.id.desc()).limit(LIST_MAX)).all()


def repairs(
    session: Session, organisations: Sequence[int], serial: str = ""
) -> Sequence[RepairUnit]:
    """The phones that these organisations have sent in, the latest first."""
    query = (
        select(RepairUnit)
        .join(FaultReport, FaultReport.id == RepairUnit.report_id)
        .where(FaultReport.organisation_id.in_(organisations))
    )
    if serial:
        query = query.where(RepairUnit.serial == serial)
    return session.scalars(query.order_by(RepairUnit.id.desc()).limit(LIST_MAX)).all()


def certificates(
    session: Session, organisations: Sequence[int]
) -> Sequence[tuple[Certificate, EntitlementRow, Device]]:
    """The certificates of these organisations' phones, those that end first first."""
    query = (
        select(Certificate, EntitlementRow, Device)
        .join(EntitlementRow, EntitlementRow.certificate_id == Certificate.id)
        .join(Device, Device.id == EntitlementRow.device_id)
        .where(Device.organisation_id.in_(organisations))
        .order_by(EntitlementRow.ends_on, EntitlementRow.id)
        .limit(LIST_MAX)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def _end(phone: OwnPhone) -> date:
    assert phone.answer is not None
    assert phone.answer.covered_until is not None, "only phones with an end are asked"
    return phone.answer.covered_until


def _current(session: Session, product: Product) -> Release | None:
    return releases.current(releases.of_product(session, product.id), Channel.STABLE)
