"""Finding what is kept for a request, by one statement.

The statement itself compares the revisions, so whatever was committed before it is seen by it:
a revoked secret opens nothing from that commit on, in every process.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from storage.db import Database, DatabaseUnavailableError

_CURRENT = """
SELECT kept.sealed, kept.credential_id, kept.until_us, kept.request_sha256 FROM rendered AS kept
LEFT JOIN rendering_revision AS every ON every.device_id = 0
LEFT JOIN rendering_revision AS own ON own.device_id = kept.device_id
WHERE kept.press = {0}
AND kept.revision = coalesce(every.revision, 0)
AND kept.device_revision = coalesce(own.revision, 0)
"""
_FIND = _CURRENT + "AND kept.request_sha256 = {0}"
#: More than a process holds of them.
_MOST = "LIMIT 100000"


@dataclass(frozen=True)
class Found:
    """A row that is current; `until_us` is when it ends by itself (microseconds UTC)."""

    sealed: bytes = field(repr=False)
    credential_id: int
    until_us: int | None


class Lookup:
    """Asks for kept rows, from many threads at once."""

    def __init__(self, database: Database, press: bytes) -> None:
        self._database = database
        self._press = press
        mark = "?" if database.is_sqlite else "%s"
        self._find, self._all = _FIND.format(mark), (_CURRENT + _MOST).format(mark)

    def find(self, request_sha256: bytes) -> Found | None:
        """The row kept for a request, if nothing that it is made of has changed since.

        Raises the driver's errors.
        """
        rows = self._database.look_up(self._find, (self._press, request_sha256))
        for sealed, credential_id, until_us, _request in rows:
            return Found(bytes(sealed), credential_id, until_us)
        return None

    def is_away(self) -> bool:
        """Whether the database answers nothing at all; a file on this machine never is away."""
        if self._database.is_sqlite:
            return False
        try:
            self._database.check()
        except DatabaseUnavailableError:
            return True
        except SQLAlchemyError:
            # Too many at once: it answers others.
            return False
        return False

    def all(self) -> Iterator[tuple[bytes, Found]]:
        """Every current row with the name of its request. Raises the driver's errors."""
        rows = self._database.look_up(self._all, (self._press,))
        for sealed, credential_id, until_us, request in rows:
            yield bytes(request), Found(bytes(sealed), credential_id, until_us)
