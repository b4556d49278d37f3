"""Words that somebody has looked at and chosen are taken out of other people's texts, with an act.

The act says where and how often, never which word; it is the log of the review.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from accounts import audit
from portal import tables
from portal.personal_data import erasing, finding, loose_words, places, raw_letters
from portal.personal_data.bases import Basis
from portal.personal_data.loose_words import FIXED, strings_of
from portal.personal_data.traces import Traces
from storage.installation import Installation
from storage.masking import masked
from storage.people import Person
from storage.refusals import RefusedError
from support.personal_data.models import ErasureAct
from support.personal_data.register import shipped

CHOSEN_MAX = loose_words.SHOWN


class NothingChosenError(RefusedError):
    code = "no-words-chosen"
    field = "word"
    ru = "Отметьте слова, которые нужно убрать; тех, что отмечены, в текстах уже нет."
    en = "Tick the words to be taken out; those that were ticked are not in the texts any more."


@dataclass(frozen=True)
class Choice:
    """One spelling in one cell, as the form names it."""

    column: str
    key: int
    written: str


@dataclass(frozen=True)
class Redacted:
    """What was done: the act, how many words went, and the bytes of letters to discard."""

    act: ErasureAct
    words: int
    files: Sequence[str]


def choices(names: Iterable[str]) -> Sequence[Choice]:
    """What a form has ticked; what is none of our making is left out."""
    found = []
    for name in names:
        column, _, rest = name.partition("|")
        key, _, written = rest.partition("|")
        known = shipped().class_of_text(column) is not None and column not in FIXED
        if known and key.isascii() and key.isdigit() and len(key) < 11 and written:
            found.append(Choice(column, int(key), written))
    return found[:CHOSEN_MAX]


def redact(
    session: Session,
    installation: Installation,
    who: Person,
    traces: Traces,
    chosen: Sequence[Choice],
    *,
    with_letters: bool,
    actor: str,
    now: datetime,
) -> Redacted:
    """Take the chosen words out; raises NothingChosenError where none of them stands any more.

    A word that is no trace of the person is left where it is, whatever a form says.
    `with_letters` drops the letters as they came in which the words came.
    """
    installation.database.alone(session, erasing.LOCK)
    installation.database.overwrite_erased(session)
    mark = " ".join(finding.marks(installation, who))
    done = [(one, line) for one in chosen if (line := _take_out(session, traces, one))]
    if not done:
        raise NothingChosenError
    lines, files = [line for _one, line in done], list[str]()
    if with_letters:
        dropped, files = raw_letters.drop(session, [(one.column, one.key) for one, _line in done])
        lines += dropped
    act = ErasureAct(
        person="",
        reason=Basis.WORDS.value,
        erased_by=actor,
        erased_at=now,
        log=[{**line, "about": mark} for line in lines],
    )
    session.add(act)
    session.flush()
    audit.record(
        session, actor, "personal-data.redact", act.subject, now,
        places=[str(line["subject"]) for line in lines],
    )  # fmt: skip
    return Redacted(act, len(done), files)


def _take_out(session: Session, traces: Traces, one: Choice) -> dict[str, object] | None:
    """The line of the act; none where the word does not stand, or is no trace of the person."""
    table = tables.metadata.tables[one.column.partition(".")[0]]
    column = table.c[one.column.partition(".")[2]]
    row = session.execute(select(table).where(table.c.id == one.key).with_for_update()).first()
    if row is None:
        return None
    old = getattr(row, column.name)
    found = {trace.written for text in strings_of(old) for trace in traces.found_in(text)}
    if one.written not in found:
        return None
    new: Any = masked(old, [one.written])
    session.execute(update(table).where(table.c.id == one.key).values({column.name: new}))
    session.expire_all()
    about = shipped().class_of_text(one.column)
    return {
        "class": about.code if about else "",
        "subject": places.subject_of(session, table.name, row),
        "column": one.column,
        "count": sum(text.lower().count(one.written.lower()) for text in strings_of(old)),
        "files": 0,
        "done": "erased",
    }
