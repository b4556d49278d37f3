"""The last look after an erasure: a person's addresses and logins, wherever else they stand.

Names and telephone numbers are not looked for outside the person's own cases: others have the same.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, Column, ColumnElement, String, Table, UniqueConstraint, update
from sqlalchemy.orm import Session

from accounts.people import erased_login, mask_audit
from jobs.models import Job, JobState
from portal import tables
from storage.masking import holding, mask, rows_of
from support.personal_data.register import shipped

#: Rows whose words are taken out by one statement.
_AT_ONCE = 200
_is_over = Job.state.in_([JobState.DONE, JobState.FAILED])


@dataclass(frozen=True)
class Places:
    """The rows, by table, in which these words may stand; not those of classes that are kept."""

    words: Sequence[str]
    kept: frozenset[str]
    rows: Mapping[str, Sequence[tuple[Any, ...]]]


def look(session: Session, words: Iterable[str], kept: Iterable[str]) -> Places:
    """Look through every column of the register but those of classes that are kept.

    Phones' settings are the customer's to change, by hand and with a history; a job that waits
    needs its words; and what rows are told apart by is for their own rooms.
    """
    wanted, shielded = list(words), frozenset(kept)
    rows = {
        table.name: holding(session, _columns(table, shielded), wanted, _only(table))
        for table in tables.metadata.sorted_tables
    }
    return Places(wanted, shielded, {name: keys for name, keys in rows.items() if keys})


def forget_words(session: Session, places: Places) -> None:
    """Take the words out of the rows that were found: short, as others wait for this to end."""
    for name, keys in places.rows.items():
        table = tables.metadata.tables[name]
        columns, only = _columns(table, places.kept), _only(table)
        for start in range(0, len(keys), _AT_ONCE):
            these = rows_of(table, keys[start : start + _AT_ONCE])
            mask(session, columns, places.words, these if only is None else these & only)


def _columns(table: Table, kept: Collection[str]) -> list[Column[Any]]:
    held = [shipped().get(code) for code in (*kept, "setting")]
    return [
        column
        for column in _texts(table)
        if not _is_key(column)
        and shipped().is_personal(_name(column))
        and not any(one.holds(_name(column)) for one in held)
    ]


def _only(table: Table) -> ColumnElement[bool] | None:
    return _is_over if table is Job.__table__ else None


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
