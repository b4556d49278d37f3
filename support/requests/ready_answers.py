"""Ready answers that agents start from, in both languages; each change tells what was before."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from accounts.models import AuditEntry
from storage.refusals import ConflictError, NotFoundError, RefusedError
from support.requests.models import AnswerTemplate

NAME_MAX = 80
TEXT_MAX = 4000
#: What a ready answer may have filled in.
PLACES = ("name", "number", "product")
_PLACE = re.compile(r"\{([^{}]*)\}?|\}")


class UnknownAnswerError(NotFoundError):
    code = "unknown-answer"
    ru = "Такого готового ответа нет."
    en = "There is no such ready answer."


class AnswerNameError(RefusedError):
    code = "answer-name"
    field = "name"
    ru = "Назовите ответ: от 1 до {limit} знаков."
    en = "Name the answer in 1 to {limit} characters."


class AnswerNameTakenError(ConflictError):
    code = "answer-name-taken"
    field = "name"
    ru = "Готовый ответ «{name}» уже есть."
    en = "There is a ready answer “{name}” already."


class AnswerTextError(RefusedError):
    """The field is the language's: an instance tells its own."""

    code = "answer-text"
    ru = "Напишите текст по-русски и по-английски: от 1 до {limit} знаков."
    en = "Write the text in Russian and in English, in 1 to {limit} characters."


class AnswerPlaceError(RefusedError):
    code = "answer-place"
    ru = "«{place}» подставить нельзя. Можно: {known}; других фигурных скобок в тексте нет."
    en = "“{place}” can't be filled in. These can: {known}; no other braces may stand in the text."


class AnswerChangedError(ConflictError):
    code = "answer-changed"
    ru = "Пока вы писали, ответ изменили. Откройте его снова."
    en = "Somebody changed the answer while you were writing. Open it again."


@dataclass(frozen=True)
class NewAnswer:
    """A ready answer as it is written."""

    name: str
    ru: str
    en: str

    def checked(self) -> "NewAnswer":
        """Without spaces around; raises for what is missing, too long, or can't be filled in."""
        found = NewAnswer(self.name.strip(), _plain(self.ru), _plain(self.en))
        if not 0 < len(found.name) <= NAME_MAX or not found.name.isprintable():
            raise AnswerNameError(limit=NAME_MAX)
        for text in (found.ru, found.en):
            if not 0 < len(text) <= TEXT_MAX:
                raise AnswerTextError(limit=TEXT_MAX)
            check_places(text)
        return found


@dataclass(frozen=True)
class Change:
    """What was done to an answer, and what it said before."""

    at: datetime
    actor: str
    action: str
    before: NewAnswer | None


def check_places(text: str) -> None:
    """Raise AnswerPlaceError for a place that nothing is known for, or a brace that opens none."""
    for found in _PLACE.finditer(text):
        if found[0] not in {f"{{{name}}}" for name in PLACES}:
            known = ", ".join(f"{{{name}}}" for name in PLACES)
            raise AnswerPlaceError(place=found[0][:40], known=known)


def every(session: Session) -> Sequence[AnswerTemplate]:
    """The ready answers by name."""
    return session.scalars(select(AnswerTemplate).order_by(AnswerTemplate.name)).all()


def get(session: Session, answer_id: int) -> AnswerTemplate:
    """A ready answer, locked; raises UnknownAnswerError."""
    query = select(AnswerTemplate).where(AnswerTemplate.id == answer_id).with_for_update()
    found = session.scalar(query) if 0 < answer_id < 2**31 else None
    if found is None:
        raise UnknownAnswerError
    return found


def add(session: Session, new: NewAnswer, *, actor: str, now: datetime) -> AnswerTemplate:
    """Keep a new ready answer; raises AnswerNameTakenError."""
    found = new.checked()
    _check_free(session, found.name, None)
    row = AnswerTemplate(
        name=found.name, ru=found.ru, en=found.en, changed_by=actor, changed_at=now
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, "answer.add", _subject(row), now, name=row.name)
    return row


def change(
    session: Session, answer_id: int, new: NewAnswer, seen: str, *, actor: str, now: datetime
) -> AnswerTemplate:
    """Change an answer; `seen` is when it had been changed as the person saw it."""
    row, found = get(session, answer_id), new.checked()
    if seen != row.changed_at.isoformat():
        raise AnswerChangedError
    _check_free(session, found.name, row.id)
    before = NewAnswer(row.name, row.ru, row.en)
    if before == found:
        return row
    row.name, row.ru, row.en = found.name, found.ru, found.en
    row.changed_by, row.changed_at = actor, now
    audit.record(session, actor, "answer.change", _subject(row), now, before=vars(before))
    return row


def remove(session: Session, answer_id: int, *, actor: str, now: datetime) -> None:
    """Take an answer out of the list; what it said stays in the audit trail."""
    row = get(session, answer_id)
    before = vars(NewAnswer(row.name, row.ru, row.en))
    audit.record(session, actor, "answer.remove", _subject(row), now, before=before)
    session.delete(row)


def history(session: Session, row: AnswerTemplate) -> Sequence[Change]:
    """What was done to an answer, the newest first."""
    query = select(AuditEntry).where(AuditEntry.subject == _subject(row))
    return [
        Change(one.at, one.actor, one.action, _before(one))
        for one in session.scalars(query.order_by(AuditEntry.id.desc()).limit(50))
    ]


def _before(entry: AuditEntry) -> NewAnswer | None:
    told = entry.details.get("before")
    return NewAnswer(told["name"], told["ru"], told["en"]) if told else None


def _subject(row: AnswerTemplate) -> str:
    return f"answer:{row.id}"


def _check_free(session: Session, name: str, own: int | None) -> None:
    taken = session.scalar(select(AnswerTemplate.id).where(AnswerTemplate.name == name))
    if taken is not None and taken != own:
        raise AnswerNameTakenError(name=name)


def _plain(text: str) -> str:
    """Lines without control characters."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4).split("\n")
    return "\n".join("".join(c for c in line if c.isprintable()) for line in lines).strip()
