"""Repairs of every kind, as this room's tests count them."""

import random
from decimal import Decimal

import pytest

from storage.db import Database
from support.cases.models import RepairQuote
from tests.support.reports import workload
from tests.support.reports.workload import AT, UNTIL


@pytest.fixture
def many(database: Database) -> workload.Customers:
    """Repairs of every kind, some of them with two offers."""
    rand = random.Random(5)
    with database.writing() as session:
        known = workload.customers(session)
        owners = [known.partner, known.served, known.alone, None]
        workload.repairs(session, 200, owners)
        for unit_id in [*range(1, 40), *range(30, 50)]:
            session.add(
                RepairQuote(
                    unit_id=unit_id, amount=Decimal("3500.50"), work="Экран", valid_until=UNTIL,
                    offered_by="ivan", offered_at=AT, accepted=rand.choice([None, True, False]),
                )
            )  # fmt: skip
    return known
