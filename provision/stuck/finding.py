"""Finding the phones in trouble, and counting them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.models import Site
from catalogue.models import Product
from provision.devices.models import Device
from provision.stuck import queries
from provision.stuck.troubles import Patience, Trouble


@dataclass(frozen=True)
class StuckPhone:
    """A phone in one trouble; `times` is how often it happened where that is counted."""

    trouble: Trouble
    mac: str
    serial: str | None
    product: str
    site: str | None
    firmware: str | None
    address: str | None
    last_check_in_at: datetime | None
    times: int | None
    since: datetime | None


def counts(
    session: Session, patience: Patience, now: datetime, site: str = ""
) -> Mapping[Trouble, int]:
    """How many phones are in each trouble."""
    found: dict[Trouble, int] = {}
    for trouble in Trouble:
        asked = _at(queries.question(session, trouble, patience, now), site).subquery()
        found[trouble] = session.scalar(select(func.count()).select_from(asked)) or 0
    return found


def phones(
    session: Session,
    trouble: Trouble,
    patience: Patience,
    now: datetime,
    *,
    site: str = "",
    limit: int | None = None,
    offset: int = 0,
) -> Sequence[StuckPhone]:
    """The phones in one trouble, those that have been in it longest first."""
    asked = _at(queries.question(session, trouble, patience, now), site).subquery()
    device_id, times, since = asked.c
    rows = session.execute(
        select(
            Device.mac,
            Device.serial,
            Product.code,
            Site.name,
            Device.firmware,
            Device.address,
            Device.last_check_in_at,
            times,
            since,
        )
        .join(asked, device_id == Device.id)
        .join(Product, Product.id == Device.product_id)
        .outerjoin(Site, Site.id == Device.site_id)
        .order_by(since, Device.mac)
        .limit(limit)
        .offset(offset)
    )
    return [StuckPhone(trouble, *row) for row in rows]


def _at(asked: queries.Question, site: str) -> queries.Question:
    if not site:
        return asked
    return asked.where(Device.site_id.in_(select(Site.id).where(Site.name == site)))
