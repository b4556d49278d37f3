"""Many repairs at once, straight into their table: for counting, not for telling how they came."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from accounts import users
from accounts.models import OrganisationKind
from support.cases.models import FaultReport, RepairUnit
from support.cases.vocabulary import Reason, Resolution, Stage
from support.customer_kinds import CustomerKind

AT = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
SINCE, UNTIL = date(2026, 1, 1), date(2026, 12, 31)
PRODUCTS, FIRMWARE = ("FP-B2", "FP-C1"), ("2.4.1", "2.5.0", "")


@dataclass(frozen=True)
class Customers:
    """A partner with one customer, and one whom nobody serves."""

    partner: int
    served: int
    alone: int


def customers(session: Session) -> Customers:
    partner = users.add_organisation(session, "Связь-Партнёр", OrganisationKind.PARTNER)
    served = users.add_organisation(session, "Школа № 5", OrganisationKind.CUSTOMER, partner)
    alone = users.add_organisation(session, "Гимназия № 7", OrganisationKind.CUSTOMER)
    return Customers(partner.id, served.id, alone.id)


def repairs(
    session: Session, count: int, owners: list[int | None], lots: int = 3, seed: int = 1
) -> list[dict[str, object]]:
    """`count` repairs of a year, drawn by chance; what was stored of each."""
    rand = random.Random(seed)
    acts = {owner: _act(session, owner) for owner in owners}
    rows = [_unit(rand, acts, number, lots) for number in range(count)]
    for start in range(0, count, 5000):
        session.execute(insert(RepairUnit), rows[start : start + 5000])
    return rows


def _act(session: Session, owner: int | None) -> int:
    number = len(session.scalars(select(FaultReport.id)).all()) + 1
    report = FaultReport(
        year=2026, sequence=number, number=f"RMA-26-{number:04}", form_key=f"key-{number}",
        token_sha256=f"{number}", token_sealed=b"-", organisation_id=owner,
        customer_kind=CustomerKind.LEGAL, contact_email="", contact_name="", language="ru",
        centre="", source="", filed_at=AT,
    )  # fmt: skip
    session.add(report)
    session.flush()
    return report.id


def _unit(
    rand: random.Random, acts: dict[int | None, int], number: int, lots: int
) -> dict[str, object]:
    owner = rand.choice(list(acts))
    covered = rand.choice([None, True, True, True, False])
    days = rand.randint(1, 30) if covered and rand.random() < 0.9 else None
    return {
        "report_id": acts[owner],
        "position": number + 1,
        "serial": f"S{number}",
        "organisation_id": owner,
        "product": rand.choice(PRODUCTS),
        "lot": f"25W{rand.randint(1, lots):02}",
        "firmware": rand.choice(FIRMWARE),
        "symptom": "sound",
        "fault": "Нет звука в трубке" * 10,
        "stage": rand.choice([*Stage]),
        "resolution": rand.choice([None, *Resolution]),
        "covered": covered,
        "reason": rand.choice([*Reason]) if covered is False else None,
        "requested_on": SINCE + timedelta(days=rand.randrange(365)),
        "days_taken": days,
        "in_time": None if days is None else days <= 14,
        "repeat_of_id": None,
        "work": "",
        "parts": "",
        "revision": 1,
    }


def many_customers(session: Session, count: int) -> list[int]:
    made = [
        users.add_organisation(session, f"Заказчик {number}", OrganisationKind.CUSTOMER)
        for number in range(count)
    ]
    return [one.id for one in made]
