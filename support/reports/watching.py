"""The triggers by which the database notes on which days repairs changed."""

from collections.abc import Mapping

from sqlalchemy import Connection, delete, insert, select

from storage import triggers
from storage.db import Database
from storage.triggers import ROWS, Trigger, trigger
from support.cases.models import RepairUnit
from support.reports.models import RepairChange, RepairTally

PREFIX = "repairs_counted_"
_LOCK = "repairs-counted"
#: What a repair is counted by; other columns change no report.
COLUMNS = (
    "requested_on", "product", "lot", "firmware", "organisation_id", "stage", "covered", "reason",
    "resolution", "repeat_of_id", "days_taken", "in_time",
)  # fmt: skip
#: For each watched table the columns that count and the days of its row.
_WATCHED = {
    "repair_unit": (COLUMNS, "VALUES ({row}.requested_on)"),
    "repair_quote": (
        ("unit_id", "accepted", "amount"),
        "SELECT requested_on FROM repair_unit WHERE id = {row}.unit_id",
    ),
}


def watched(dialect: str) -> Mapping[str, Trigger]:
    """Every trigger for "sqlite" or "postgresql", by name (pure)."""
    made = (
        trigger(dialect, PREFIX, table, event, columns, _notes(days, event))
        for table, (columns, days) in _WATCHED.items()
        for event in ROWS
    )
    return {one.name: one for one in made}


def watch(database: Database) -> None:
    """Make the database note every change of a repair; twice is once."""
    wanted = watched(database.url.get_backend_name())
    with database.engine.connect() as connection:
        if set(triggers.existing(connection, PREFIX)) == set(wanted):
            return
    with database.writing() as session:
        database.alone(session, _LOCK)
        triggers.put_in(session.connection(), PREFIX, wanted)
        # What changed while nobody noted it is not known: all of it is counted anew.
        session.execute(delete(RepairTally))
        session.execute(delete(RepairChange))
        days = select(RepairUnit.requested_on).distinct()
        session.execute(insert(RepairChange).from_select(["day"], days))


def unwatch(connection: Connection) -> None:
    """Take the triggers out: a migration may rebuild tables that they name."""
    triggers.take_out(connection, PREFIX)


def _notes(days: str, event: str) -> str:
    return " ".join(
        f"INSERT INTO repair_change (day) {days.format(row=row)};" for row in ROWS[event]
    )
