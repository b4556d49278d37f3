"""Takes the phone plane's journal into the database each second.

Several processes may do it at once: each record is taken once (storage/journal_reader.py).
"""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from provision import checkins
from provision.checkins import Heard
from provision.phone_fetches import checkin_lines
from provision.phone_fetches.checkin_lines import Line
from storage.db import DatabaseFullError
from storage.installation import Installation
from storage.journal import Journal
from storage.journal_reader import JournalReader

FOLD_S = 1.0
_FOLDER = "journal"

_log = structlog.get_logger(__name__)


def journal_of(installation: Installation) -> Journal:
    """A journal of this process, for the phones' check-ins."""
    return Journal(_folder(installation))


def reader_of(installation: Installation) -> JournalReader:
    """What folds the phones' check-ins of an installation."""
    return JournalReader(installation.database, _folder(installation), take)


def take(session: Session, records: Sequence[bytes]) -> None:
    """Store the check-ins of these lines, and what they tell of their devices."""
    lines = list(_read(records))
    checkins.record_all(session, [line.visit for line in lines])
    checkins.note_all(session, list(_heard(lines)))


class Folding:
    """A thread that folds until it is stopped, and once more then."""

    def __init__(self, installation: Installation) -> None:
        self._reader = reader_of(installation)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="folding", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(10)

    def _loop(self) -> None:
        while not self._stop.wait(FOLD_S):
            self._fold()
        self._fold()

    def _fold(self) -> None:
        try:
            self._reader.fold()
        except (SQLAlchemyError, DatabaseFullError, OSError):
            # Nothing is lost: the journal keeps it for the next time.
            _log.exception("check-ins-wait")


def _read(records: Sequence[bytes]) -> Iterator[Line]:
    for record in records:
        try:
            yield checkin_lines.read(record)
        except ValueError as error:
            _log.error("check-in-unreadable", bytes=len(record), reason=str(error))


def _heard(lines: Sequence[Line]) -> Iterator[Heard]:
    """What was heard, in its order; of words said again and again only the last time counts."""
    last = {(line.said, line.visit.address): at for at, line in enumerate(lines) if line.said}
    for at, line in enumerate(lines):
        if line.said is not None and last[line.said, line.visit.address] == at:
            yield Heard(line.said, line.visit.address, line.visit.at)


def _folder(installation: Installation) -> Path:
    return installation.data_dir / _FOLDER
