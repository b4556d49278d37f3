"""A loaner that is not back stands in the way: somebody has to be asked for it."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.people import Holder, Obstacle, Person
from storage.phrases import Phrase
from support.cases.models import FaultReport, RepairUnit
from support.loaners.models import Loan


def _obstacles(session: Session, who: Person, _today: date) -> Sequence[Obstacle]:
    query = (
        select(Loan)
        .join(RepairUnit, RepairUnit.id == Loan.unit_id)
        .join(FaultReport, FaultReport.id == RepairUnit.report_id)
        .where(FaultReport.contact_email.in_(who.emails), Loan.ended_at.is_(None))
    )
    return [
        Obstacle(
            Phrase(
                f"Подменный телефон {loan.loaner.device.serial} ещё не сдан.",
                f"The loaner {loan.loaner.device.serial} is not back yet.",
            ),
            loan.due_on,
        )
        for loan in session.scalars(query.order_by(Loan.id))
    ]


HOLDER = Holder(obstacles=_obstacles)
