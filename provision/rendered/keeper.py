"""Keeps configurations in a thread of its own: no phone waits for the database's write lock."""

import queue
import threading

import structlog
from sqlalchemy.exc import SQLAlchemyError

from provision.rendered import keeping
from provision.rendered.keeping import Kept
from storage.db import Database, DatabaseFullError

#: Beyond that they are not kept; the phone's next fetch makes one again.
WAITING_MAX = 2000
#: Taken in one transaction.
_AT_ONCE = 200

_log = structlog.get_logger(__name__)


class Keeper:
    """Takes finished configurations and stores them a moment later."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: queue.Queue[Kept | None] = queue.Queue(WAITING_MAX)
        self._thread: threading.Thread | None = None

    def keep(self, kept: Kept) -> None:
        """Have this kept soon, or not at all when too many wait."""
        try:
            self._waiting.put_nowait(kept)
        except queue.Full:
            return

    def start(self) -> None:
        self._thread = threading.Thread(target=self._loop, name="keeper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Store what waits and end."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join(10)

    def flush(self) -> None:
        """Store what waits now."""
        self._store(self._taken())

    def _loop(self) -> None:
        while (first := self._waiting.get()) is not None:
            self._store([first, *self._taken()])

    def _taken(self) -> list[Kept]:
        found: list[Kept] = []
        while len(found) < _AT_ONCE:
            try:
                kept = self._waiting.get_nowait()
            except queue.Empty:
                break
            if kept is None:
                self._waiting.put(None)
                break
            found.append(kept)
        return found

    def _store(self, found: list[Kept]) -> None:
        if not found:
            return
        try:
            with self._database.writing(lasting=False) as session:
                for kept in found:
                    keeping.keep(session, kept)
        except (SQLAlchemyError, DatabaseFullError):
            # They are copies: the next fetch makes them again.
            _log.exception("configurations-not-kept", number=len(found))
