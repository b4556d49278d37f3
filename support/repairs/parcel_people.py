"""What parcels that no act was found for hold of people: a carrier's number and staff's own words.

A parcel that was matched goes with its act.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from storage.installation import Installation
from storage.people import ERASED, Held, Holder
from support.cases.delivery_models import Parcel

PARCEL = "parcel"
_AT_ONCE = 200


def _expired(session: Session, _category: str, before: datetime) -> Sequence[Held]:
    """D-6: what was sent back so long ago, and what nobody has settled since it came."""
    told = or_(Parcel.tracking != "", Parcel.note != "", Parcel.refused.not_in(("", ERASED)))
    over = func.coalesce(Parcel.settled_at, Parcel.arrived_at)
    query = select(Parcel).where(Parcel.unit_id.is_(None), over < before, told)
    return [_held(one) for one in session.scalars(query.order_by(Parcel.id).limit(_AT_ONCE))]


def _erase(session: Session, _installation: Installation, held: Held, _now: datetime) -> None:
    """When it came, by whom it was taken and what became of it stays."""
    parcel = session.get_one(Parcel, held.key)
    parcel.tracking = parcel.note = ""
    parcel.refused = ERASED if parcel.refused else ""
    session.flush()


def _held(parcel: Parcel) -> Held:
    says = {"deliveries": [f"{parcel.carrier} {parcel.tracking}"], "remarks": parcel.note}
    over = parcel.settled_at or parcel.arrived_at
    return Held(PARCEL, parcel.subject, parcel.id, parcel.arrived_at, over, says)


HOLDER = Holder(frozenset({PARCEL}), expired=_expired, erase=_erase)
