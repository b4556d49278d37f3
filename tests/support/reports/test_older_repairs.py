"""Repairs and requests of before the reports: an upgrade fills in what they are counted by."""

from datetime import date

from alembic import command
from sqlalchemy import select

from portal import migrations
from portal.migrations import running, watchers
from storage.db import Database
from storage.installation import Installation
from support.cases.models import RepairUnit
from support.cases.vocabulary import Reason
from support.requests.models import RequestDevice, SupportRequest
from support.sla.log import State
from tests.support.register import Register
from tests.support.repairs.workshop import Workshop
from tests.support.requests.desk import Desk

BEFORE = "0031"


def counted_by(database: Database) -> list[tuple[object, ...]]:
    with database.reading() as session:
        units = select(
            RepairUnit.lot, RepairUnit.firmware, RepairUnit.organisation_id, RepairUnit.covered,
            RepairUnit.reason, RepairUnit.days_taken, RepairUnit.in_time,
        )  # fmt: skip
        requests = select(SupportRequest.promises_kept, RequestDevice.lot).join(
            RequestDevice, RequestDevice.request_id == SupportRequest.id
        )
        return [
            *map(tuple, session.execute(units.order_by(RepairUnit.id))),
            *map(tuple, session.execute(requests.order_by(SupportRequest.id))),
        ]


def test_an_upgrade_counts_older_repairs_and_requests_like_new_ones(
    installation: Installation, register: Register
) -> None:
    workshop, database = Workshop(installation, register), installation.database
    workshop.repairs(workshop.in_repair())
    register.prove(register.second, date(2026, 3, 1))
    [spoilt] = workshop.file(register.second)
    workshop.receives(spoilt)
    workshop.photographs(spoilt)
    workshop.opens(spoilt)
    workshop.decides(spoilt, Reason.LIQUID)
    desk = Desk(installation, register)
    desk.conclude()
    closed = desk.comes("2026-11-23T10:00")
    desk.answers(closed, "2026-11-23T10:30", State.RESOLVED, attested=True)
    desk.becomes(closed, State.CLOSED, "2026-11-24T10:00")
    before = counted_by(database)
    assert before == [
        ("25W46", "", None, True, None, 11, True),
        ("25W47", "", None, False, Reason.LIQUID, None, None),
        (True, "25W46"),
    ]
    with database.engine.connect() as connection:
        connection.execution_options(sqlite_begin="IMMEDIATE")
        with connection.begin():
            watchers.unwatch(connection)
            command.downgrade(running.configuration(connection), BEFORE)
    migrations.upgrade(database)
    assert counted_by(database) == before
