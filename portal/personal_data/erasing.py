"""Destroying one person's data: what is in the way, what goes, what a law keeps, the act."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from portal.personal_data import exporting, finding, sweeping
from portal.personal_data.bases import Basis
from portal.personal_data.exporting import NothingHeldError
from portal.personal_data.sweeping import Places
from storage.clock import moscow_date
from storage.installation import Installation
from storage.people import Held, Obstacle, Person
from storage.phrases import Phrase
from storage.refusals import ConflictError
from support.personal_data import terms
from support.personal_data.models import ErasureAct, SubjectExport
from support.personal_data.register import shipped

#: One erasure at a time: two of one person would end each other's rows.
LOCK = "personal-data"


class ErasureRefusedError(ConflictError):
    code = "erasure-refused"
    ru = "Удалить сейчас нельзя. {reasons}"
    en = "Nothing can be erased now. {reasons_en}"


@dataclass(frozen=True)
class Kept:
    """What a law asks to be kept, and until which day."""

    held: Held
    until: date | None


@dataclass(frozen=True)
class Plan:
    """What would become of everything that is held of a person."""

    obstacles: Sequence[Obstacle]
    going: Sequence[Held]
    kept: Sequence[Kept]


@dataclass(frozen=True)
class Done:
    """The act, and the bytes that nobody needs now: they are to be discarded after the commit.

    `words` were taken out of every row but those of the classes that are `kept`.
    """

    act: int
    files: Sequence[str]
    words: Sequence[str]
    kept: frozenset[str]


def plan(session: Session, who: Person, now: datetime) -> Plan:
    """What stands in the way, what goes, and what is kept by law until when."""
    today, known = moscow_date(now), terms.current(session)
    going: list[Held] = []
    kept: list[Kept] = []
    for held in finding.held_of(session, who):
        ends = known.ends_at(held)
        if shipped().get(held.category).legal and (ends is None or ends > now):
            kept.append(Kept(held, moscow_date(ends) if ends else None))
        else:
            going.append(held)
    obstacles = [one for holder in finding.HOLDERS for one in holder.obstacles(session, who, today)]
    return Plan(obstacles, going, kept)


def erase(
    session: Session,
    installation: Installation,
    who: Person,
    basis: Basis,
    *,
    actor: str,
    now: datetime,
    places: Places | None = None,
) -> Done:
    """Destroy what may go and record the act; `places` are where the person's addresses stand.

    Without them they are looked for here, while every other writer waits (see `carrying_out`).

    Raises NothingHeldError, or ErasureRefusedError with every reason and its last day.
    """
    installation.database.alone(session, LOCK)
    found = plan(session, who, now)
    if found.obstacles and basis is not Basis.RESTORE:
        raise ErasureRefusedError(
            reasons=_told(found.obstacles, "ru"), reasons_en=_told(found.obstacles, "en")
        )
    if not found.going:
        # What only a law keeps stands in the way of nobody's restore.
        if found.kept and basis is not Basis.RESTORE:
            raise ErasureRefusedError(**_kept_reasons(found.kept))
        raise NothingHeldError
    installation.database.overwrite_erased(session)
    marks = finding.marks(installation, who)
    words, kept = _words(who, found)
    files = _erase_all(session, installation, found, now)
    sweeping.forget_words(session, places or sweeping.look(session, words, kept))
    files += exporting.drop(session, _exports_of(session, marks))
    log = [*_log(found.going), *_log_of_kept(found.kept)]
    act = ErasureAct(
        person=" ".join(marks), reason=basis.value, erased_by=actor, erased_at=now, log=log
    )
    session.add(act)
    session.flush()
    audit.record(
        session, actor, "personal-data.erase", act.subject, now,
        basis=basis.value, things=len(found.going), kept=len(found.kept),
    )  # fmt: skip
    return Done(act.id, files, words, kept)


def places_of(session: Session, who: Person, now: datetime) -> Places:
    """Where the person's addresses stand, for an erasure that follows."""
    return sweeping.look(session, *_words(who, plan(session, who, now)))


def _words(who: Person, found: Plan) -> tuple[list[str], frozenset[str]]:
    """What is looked for everywhere, and the classes in which it stays."""
    logins = [str(held.says["login"]) for held in found.going if held.category == "account"]
    words = [*who.emails, *(login for login in logins if "@" in login)]
    return words, frozenset(one.held.category for one in found.kept)


def _erase_all(
    session: Session, installation: Installation, found: Plan, now: datetime
) -> list[str]:
    files = [file.sha256 for held in found.going for file in held.files]
    accounts = {
        str(held.says["login"]): int(held.key) for held in found.going if held.category == "account"
    }
    for held in found.going:
        finding.holder_of(held.category).erase(session, installation, held, now)
    sweeping.forget_logins(session, accounts)
    return files


def _exports_of(session: Session, marks: Sequence[str]) -> list[SubjectExport]:
    rows = session.scalars(select(SubjectExport)).all()
    return [row for row in rows if set(row.person.split()) & set(marks)]


def _log(going: Sequence[Held]) -> list[dict[str, object]]:
    return [
        {
            "class": held.category,
            "subject": held.subject,
            "files": len(held.files),
            "done": "erased",
        }
        for held in going
    ]


def _log_of_kept(kept: Sequence[Kept]) -> list[dict[str, object]]:
    return [
        {
            "class": one.held.category,
            "subject": one.held.subject,
            "files": len(one.held.files),
            "done": "kept",
            "until": one.until.isoformat() if one.until else "",
        }
        for one in kept
    ]


def counts(act: ErasureAct) -> Sequence[tuple[str, int]]:
    """How many things of each class an act tells of as erased."""
    found = Counter({one["class"]: 0 for one in act.log if one["done"] == "erased"})
    for one in act.log:
        if one["done"] == "erased":
            found[one["class"]] += int(one.get("count", 1))
    return [(one.code, found[one.code]) for one in shipped().classes if one.code in found]


def _kept_reasons(kept: Sequence[Kept]) -> dict[str, str]:
    until = max((one.until for one in kept if one.until), default=None)
    basis = shipped().get(kept[0].held.category).basis
    why = Phrase(f"Всё хранится по закону: {basis.ru}.", f"All is kept by law: {basis.en}.")
    one = Obstacle(why, until)
    return {"reasons": obstacle_text(one, "ru"), "reasons_en": obstacle_text(one, "en")}


def _told(obstacles: Sequence[Obstacle], language: str) -> str:
    return " ".join(obstacle_text(one, language) for one in obstacles)


def obstacle_text(one: Obstacle, language: str) -> str:
    """Why, and until when."""
    if one.until is None:
        return one.why.text(language)
    until = f"{one.until:%d.%m.%Y}" if language == "ru" else one.until.isoformat()
    word = "Не раньше" if language == "ru" else "Not before"
    return f"{one.why.text(language)} {word} {until}."
