"""The log of erasures as a file beside the database: what a restored backup is cleaned by.

A backup is older than the erasures after it. The file holds no personal data: keyed hashes,
classes and case numbers.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.personal_data import erasing, finding
from portal.personal_data.bases import Basis
from portal.personal_data.exporting import NothingHeldError
from storage.installation import Installation
from storage.people import Person
from storage.refusals import RefusedError
from support.personal_data.models import ErasureAct

NAME = "erasures.jsonl"
ACTOR = "restore"
#: How long a backup may have been at work when it noted its instant.
_AT_WORK = timedelta(hours=1)


class BadErasureLogError(RefusedError):
    code = "erasure-log"
    ru = "Журнал удалений {path} повреждён в строке {line}."
    en = "The log of erasures {path} is damaged in line {line}."


def path_of(installation: Installation) -> Path:
    """Where this installation's log lies."""
    return installation.data_dir / NAME


def write(installation: Installation) -> int:
    """Add the acts that the file does not tell of yet; how many. Whole lines, on the disk."""
    path = path_of(installation)
    _cut_torn(path)
    told = {(one["act"], one["at"]) for one in read(path)}
    with installation.database.reading() as session:
        acts = session.scalars(select(ErasureAct).order_by(ErasureAct.id)).all()
        new = [line_of(act) for act in acts if (act.id, act.erased_at.isoformat()) not in told]
    if new:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write("".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in new))
            file.flush()
            os.fsync(file.fileno())
    return len(new)


def _cut_torn(path: Path) -> None:
    """Take off what a power cut left of a line; its act is in the database, and told again."""
    if path.exists() and not (held := path.read_bytes()).endswith(b"\n"):
        os.truncate(path, held.rfind(b"\n") + 1)


def line_of(act: ErasureAct) -> Mapping[str, Any]:
    """One act as a line of the log."""
    return {
        "act": act.id,
        "at": act.erased_at.isoformat(),
        "basis": act.reason,
        "by": act.erased_by,
        "person": act.person.split(),
        "log": act.log,
    }


def text_of(act: ErasureAct) -> str:
    """One act as a document of its own."""
    return json.dumps(line_of(act), ensure_ascii=False, indent=1)


def read(path: Path) -> Sequence[Mapping[str, Any]]:
    """The lines; raises BadErasureLogError for one that is none. No file is an empty log."""
    if not path.exists():
        return []
    found = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        try:
            told = json.loads(line)
            _ = told["act"], told["at"], told["person"]
        except (ValueError, KeyError, TypeError) as error:
            raise BadErasureLogError(path=path, line=number) from error
        found.append(told)
    return found


def replay(
    session: Session,
    installation: Installation,
    lines: Iterable[Mapping[str, Any]],
    made_at: datetime,
    now: datetime,
) -> tuple[int, Sequence[str]]:
    """Erase again whom the log tells of since a backup was made: how many, the bytes to discard.

    Whoever was erased before that and came back since is somebody's customer again.
    """
    since = made_at - _AT_WORK
    later = (one for one in lines if datetime.fromisoformat(one["at"]) >= since)
    marks = {mark for one in later for mark in one["person"]}
    if not marks:
        return 0, []
    files: list[str] = []
    people = _people(session, installation, marks)
    erased = 0
    for who in people:
        try:
            done = erasing.erase(session, installation, who, Basis.RESTORE, actor=ACTOR, now=now)
        except NothingHeldError:
            continue
        erased += 1
        files += done.files
    return erased, files


def _people(session: Session, installation: Installation, marks: set[str]) -> list[Person]:
    """Those of whom a key's hash is in the log."""
    found: dict[tuple[str, ...], Person] = {}
    for mention in finding.mentions(session):
        who = mention.person
        if set(finding.marks(installation, who)) & marks:
            found.setdefault(who.keys, who)
    return list(found.values())
