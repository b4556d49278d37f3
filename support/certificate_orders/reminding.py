"""C-7: owners and their partners are told 60, 30 and 7 days before the window closes, each once."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Organisation
from provision.devices.models import Device, Handover, HandoverKind
from storage.clock import moscow_date
from storage.installation import Installation
from storage.refusals import RefusedError
from support.agreements import agreements
from support.certificate_orders import letters
from support.certificate_orders.models import WindowReminder
from support.civil_dates import add_days, add_months
from support.mailroom import outbox
from support.mailroom.options import MailOptions
from support.warranty_certificates import certificates
from support.warranty_certificates.certificate_terms import WINDOW_MONTHS
from support.warranty_terms.entitlements import EntitlementKind
from support.warranty_terms.terms import TermPolicy

DAYS_BEFORE = (60, 30, 7)


def step_due(last: date, today: date) -> int | None:
    """Which reminder a window that ends on `last` has come to; None before the first, and after."""
    left = (last - today).days
    return min((days for days in DAYS_BEFORE if 0 <= left <= days), default=None)


def remind(session: Session, installation: Installation, now: datetime) -> int:
    """Write to each person once for all phones of theirs that are due; how many letters."""
    today, policy = moscow_date(now), installation.option(TermPolicy)
    told: dict[str, list[tuple[Device, int, date]]] = defaultdict(list)
    for device in _candidates(session, today):
        last = _last_day(session, device, today, policy)
        step = step_due(last, today) if last else None
        if last is None or step is None:
            continue
        for address in _recipients(session, device):
            if session.get(WindowReminder, (device.id, step, address)) is None:
                told[address].append((device, step, last))
    return sum(
        _tell(session, installation, address, phones, now) for address, phones in told.items()
    )


def _tell(
    session: Session,
    installation: Installation,
    address: str,
    phones: Sequence[tuple[Device, int, date]],
    now: datetime,
) -> bool:
    """Write to one person, and note each phone that was told of; whether the letter may leave."""
    link = f"{installation.public_url}/warranty/certificate"
    windows = [(device.serial or "", last) for device, _step, last in phones]
    letter = letters.window_closes(address, windows, link)
    told = outbox.post_or_record(session, letter, installation.option(MailOptions), now=now)
    session.add_all(
        WindowReminder(device_id=device.id, days_before=step, recipient=address, told_at=now)
        for device, step, _last in phones
    )
    return told


def _candidates(session: Session, today: date) -> Sequence[Device]:
    """Phones of ours whose window may end within the first reminder's days."""
    earliest = add_months(today, -WINDOW_MONTHS)
    query = (
        select(Device)
        .join(Handover, Handover.device_id == Device.id)
        .where(Handover.kind.in_((HandoverKind.USER_DOCUMENT, HandoverKind.PARTNER_REPORT)))
        .where(Handover.on >= earliest, Handover.on <= add_days(earliest, DAYS_BEFORE[0] + 2))
        .where(Device.organisation_id.is_not(None), Device.serial.is_not(None))
        .distinct()
        .order_by(Device.id)
    )
    return session.scalars(query).all()


def _last_day(session: Session, device: Device, today: date, policy: TermPolicy) -> date | None:
    """The window's last day for a phone that has no extension yet."""
    try:
        kind = EntitlementKind.EXTENDED
        return certificates.may_have(
            session, device.serial or "", kind, today, policy
        ).window_ends_on
    except RefusedError:
        return None


def _recipients(session: Session, device: Device) -> list[str]:
    owner = session.get_one(Organisation, device.organisation_id)
    organisations = [owner.id, *([owner.partner_id] if owner.partner_id else [])]
    return list(
        dict.fromkeys(
            address for one in organisations for address in agreements.addresses_of(session, one)
        )
    )
