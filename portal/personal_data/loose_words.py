"""Where a person is named in texts that are not theirs: candidates for people to look at.

Nothing is taken out here, and nothing ever by itself: see `redacting`.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, Column, ColumnElement, Row, Text, cast, func, or_, select
from sqlalchemy.orm import Session

from portal import tables
from portal.personal_data import finding, places
from portal.personal_data.traces import Trace, Traces, traces_of
from storage.people import Person
from support.personal_data.register import shipped

#: Rows of one table that are looked at, the newest first, and candidates that are shown.
ROWS_MAX = 500
SHOWN = 200
#: A paper that was signed: it is corrected by a new version, not by a stroke of the pen.
FIXED = frozenset({"fault_report_version.content"})


@dataclass(frozen=True)
class Candidate:
    """One spelling in one text. `likely`: more than a single part of a name stands there."""

    column: str
    key: str
    subject: str
    trace: Trace
    likely: bool

    @property
    def is_fixed(self) -> bool:
        return self.column in FIXED

    @property
    def name(self) -> str:
        """How a form names it."""
        return f"{self.column}|{self.key}|{self.trace.written}"


def known_by(session: Session, who: Person, typed: str = "") -> Traces:
    """What to look for of a person: every name and number that they have gone by."""
    names, phones = set[str](), set[str]()
    for mention in finding.mentions(session):
        if set(mention.person.keys) & set(who.keys):
            names.add(mention.name)
            phones.add(mention.phone)
    return traces_of(who, names, phones, typed)


def candidates(session: Session, who: Person, traces: Traces) -> Sequence[Candidate]:
    """The likely ones first; what is the person's own goes with its case and is left out."""
    if not traces:
        return []
    own = [held.subject for held in finding.held_of(session, who)]
    found = [
        one
        for about in shipped().classes
        for name in about.texts
        for one in _in_column(session, name, traces)
        if not any(one.subject == mine or one.subject.startswith(f"{mine}/") for mine in own)
    ]
    return sorted(found, key=lambda one: not one.likely)[:SHOWN]


def strings_of(value: Any) -> Iterator[str]:
    """The texts that a cell holds."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings_of(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from strings_of(one)


def _in_column(session: Session, name: str, traces: Traces) -> Iterator[Candidate]:
    table = tables.metadata.tables[name.partition(".")[0]]
    column = table.c[name.partition(".")[2]]
    query = select(table).where(_may_hold(column, traces))
    newest = (key.desc() for key in table.primary_key.columns)
    rows = session.execute(query.order_by(*newest).limit(ROWS_MAX)).all()
    for row in rows:
        yield from _in_row(session, name, row, getattr(row, column.name), traces)


def _in_row(
    session: Session, name: str, row: Row[Any], value: Any, traces: Traces
) -> Iterator[Candidate]:
    table = tables.metadata.tables[name.partition(".")[0]]
    key = "/".join(str(getattr(row, one.name)) for one in table.primary_key.columns)
    for text in strings_of(value):
        for trace in traces.found_in(text):
            subject = places.subject_of(session, table.name, row)
            yield Candidate(name, key, subject, trace, traces.is_likely(text))


def _may_hold(column: Column[Any], traces: Traces) -> ColumnElement[bool]:
    """A first sieve in the database: the letters in the ways in which people write them."""
    text = func.lower(cast(column, Text))
    wanted = {
        spelled
        for word in (*traces.stems, *traces.emails)
        for one in {word, word.capitalize(), word.upper()}
        for spelled in (_ascii_lower(one), json.dumps(one)[1:-1].lower())
    }
    numbers = [text.like(f"%{'%'.join(key)}%") for key in sorted(traces.phones)]
    words = [text.contains(one, autoescape=True) for one in sorted(wanted) if _fits(column, one)]
    return or_(*words, *numbers)


def _ascii_lower(word: str) -> str:
    return "".join(char.lower() if char.isascii() else char for char in word)


def _fits(column: Column[Any], spelled: str) -> bool:
    """Letters as numbers stand in JSON alone."""
    return isinstance(column.type, JSON) or "\\u" not in spelled
