"""Puts the triggers of inputs.py into a database, and takes them out while it is migrated."""

import time

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from provision.rendered import inputs
from provision.rendered.models import EVERY_DEVICE, RenderingRevision
from storage import triggers
from storage.db import Database

_LOCK_NUMBER = 4_751_021  # any constant: PostgreSQL's advisory lock of this work


def watch(database: Database) -> None:
    """Make the database count every change that a configuration is made of; twice is once."""
    wanted = inputs.triggers(database.url.get_backend_name())
    with database.engine.connect() as connection:
        if set(triggers.existing(connection, inputs.PREFIX)) == set(wanted):
            return
    with database.writing() as session:
        connection = session.connection()
        if not database.is_sqlite:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK_NUMBER})"))
        triggers.put_in(connection, inputs.PREFIX, wanted)
        # What was kept while nobody counted may be stale, in the memory of processes too.
        connection.exec_driver_sql("DELETE FROM rendered")
        _count_anew(session)


def _count_anew(session: Session) -> None:
    """Go on from a number that no process has seen: a restored database begins to count at 0."""
    every = session.get(RenderingRevision, EVERY_DEVICE)
    seen = 0 if every is None else every.revision
    number = max(seen + 1, time.time_ns() // 1000)
    session.merge(RenderingRevision(device_id=EVERY_DEVICE, revision=number))


def unwatch(connection: Connection) -> None:
    """Take the triggers out: a migration may rebuild tables that they name."""
    triggers.take_out(connection, inputs.PREFIX)
