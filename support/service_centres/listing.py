"""What the staff page shows of partners' service centres."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from support.cases.models import FaultReport, RepairUnit
from support.cases.vocabulary import Stage
from support.service_centres.models import ServiceCentre


@dataclass(frozen=True)
class ListedCentre:
    """A partner's centre; `under_way`: its phones that are awaited there or not yet back."""

    id: int
    name: str
    partner: str
    address: str
    regions: tuple[str, ...]
    starts_clock: bool
    under_way: int

    @property
    def is_open(self) -> bool:
        return bool(self.regions)


def listed(session: Session) -> Sequence[ListedCentre]:
    """All partners' centres by name, the closed ones last."""
    under_way = _under_way(session)
    rows = [
        ListedCentre(
            id=row.id,
            name=row.name,
            partner=row.organisation.name if row.organisation else "",
            address=row.address,
            regions=tuple(row.regions),
            starts_clock=row.starts_clock,
            under_way=under_way.get(row.name, 0),
        )
        for row in session.scalars(select(ServiceCentre).order_by(ServiceCentre.name))
    ]
    return sorted(rows, key=lambda one: not one.is_open)


def _under_way(session: Session) -> dict[str, int]:
    centre = func.coalesce(RepairUnit.received_centre, FaultReport.centre)
    query = (
        select(centre, func.count())
        .join(FaultReport, FaultReport.id == RepairUnit.report_id)
        .where(RepairUnit.stage.not_in([stage for stage in Stage if stage.is_over]))
        .group_by(centre)
    )
    return dict(session.execute(query).all())
