"""The last look after an erasure: a person's addresses and logins, wherever else they stand.

Names and telephone numbers are not looked for outside the person's own cases: others have the same.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import JSON, Column, String, Table, UniqueConstraint, update
from sqlalchemy.orm import Session

from accounts.people import erased_login, mask_audit
from jobs.models import Job, JobState
from portal import tables
from portal.personal_data.register import shipped
from storage.masking import mask

_is_over = Job.state.in_([JobState.DONE, JobState.FAILED])


def forget_words(session: Session, words: Iterable[str], kept: Collection[str]) -> None:
    """Take addresses out of every column of the register but those of classes that are kept.

    Phones' settings are the customer's to change, by hand and with a history; a job that waits
    needs its words; and what rows are told apart by is for their own rooms.
    """
    wanted = list(words)
    held = [shipped().get(code) for code in (*kept, "setting")]
    for table in tables.metadata.sorted_tables:
        columns = [
            column
            for column in _texts(table)
            if not _is_key(column)
            and shipped().is_personal(_name(column))
            and not any(one.holds(_name(column)) for one in held)
        ]
        mask(session, columns, wanted, _is_over if table is Job.__table__ else None)


def forget_logins(session: Session, accounts: Mapping[str, int]) -> None:
    """Put an ended account's number where its login stood."""
    session.flush()
    for login, user_id in accounts.items():
        for table in tables.metadata.sorted_tables:
            for column in _texts(table):
                if isinstance(column.type, JSON) or not shipped().get("trail").holds(_name(column)):
                    continue
                statement = update(table).where(column == login)
                session.execute(statement.values({column.name: erased_login(user_id)}))
        mask_audit(session, f"user:{login}", [login])
        audit_of = tables.metadata.tables["audit_entry"]
        about = update(audit_of).where(audit_of.c.subject == f"user:{login}")
        session.execute(about.values(subject=f"user:{erased_login(user_id)}"))
    session.expire_all()


def _texts(table: Table) -> Iterator[Column[Any]]:
    """The columns that hold words."""
    return (one for one in table.columns if isinstance(one.type, (String, JSON)))


def _is_key(column: Column[Any]) -> bool:
    """Whether rows are told apart by it."""
    rules = (one for one in column.table.constraints if isinstance(one, UniqueConstraint))
    in_rule = any(one.columns.contains_column(column) for one in rules)
    return in_rule or column.primary_key or bool(column.unique)


def _name(column: Column[Any]) -> str:
    return f"{column.table.name}.{column.name}"
