"""Finding what is kept for a request, and asking whether what was found before is current still.

Each is one statement that reads the revisions: whatever was committed before it is seen by it. A
revoked secret opens nothing from that commit on, in every process.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.exc import SQLAlchemyError

from provision.rendered.models import EVERY_DEVICE
from storage.db import Database, DatabaseUnavailableError

_CURRENT = """
SELECT kept.sealed, kept.credential_id, kept.until_us, kept.device_id, kept.revision,
kept.device_revision, kept.request_sha256 FROM rendered AS kept
LEFT JOIN rendering_revision AS every ON every.device_id = 0
LEFT JOIN rendering_revision AS own ON own.device_id = kept.device_id
WHERE kept.press = {0}
AND kept.revision = coalesce(every.revision, 0)
AND kept.device_revision = coalesce(own.revision, 0)
"""
_FIND = _CURRENT + "AND kept.request_sha256 = {0}"
#: A row is what it was found to be as long as nothing is counted: it need not be read again.
_COUNTED = "SELECT device_id, revision FROM rendering_revision WHERE device_id IN (0, {0})"
#: Asked about at once: each number of devices is a statement of its own to prepare.
_AT_ONCE = (1, 4, 16, 64)
#: More than a process holds of them.
_MOST = "LIMIT 100000"


class Found(NamedTuple):
    """A row that was current; `until_us` is when it ends by itself (microseconds UTC)."""

    sealed: bytes
    credential_id: int
    until_us: int | None
    device_id: int
    revision: int
    device_revision: int

    def stands(self, counted: Mapping[int, int]) -> bool:
        """Whether it is current still, as far as its device is among those that were counted."""
        return (
            counted.get(EVERY_DEVICE, 0) == self.revision
            and counted.get(self.device_id, 0) == self.device_revision
        )

    def __repr__(self) -> str:
        """Without the bytes: sealed or not, they are no word for a log."""
        return f"Found({self.credential_id}, {self.revision}, {self.device_revision})"


class Lookup:
    """Asks for kept rows, from many threads at once."""

    def __init__(self, database: Database, press: bytes) -> None:
        self._database = database
        self._press = press
        mark = "?" if database.is_sqlite else "%s"
        self._find, self._all = _FIND.format(mark), (_CURRENT + _MOST).format(mark)
        self._counted = {size: _COUNTED.format(", ".join([mark] * size)) for size in _AT_ONCE}

    def find(self, request_sha256: bytes) -> Found | None:
        """The row kept for a request, if nothing that it is made of has changed since.

        Raises the driver's errors.
        """
        rows = self._database.look_up(self._find, (self._press, request_sha256))
        return _found(rows[0]) if rows else None

    def counted(self, devices: Sequence[int]) -> dict[int, int]:
        """The revisions of these devices, and that of every one; 0 is left out.

        Up to 64 devices are of one instant. Raises the driver's errors.
        """
        found: dict[int, int] = {}
        for start in range(0, len(devices), _AT_ONCE[-1]):
            some = devices[start : start + _AT_ONCE[-1]]
            size = next(size for size in _AT_ONCE if size >= len(some))
            asked = (*some, *[some[0]] * (size - len(some)))
            found.update(self._database.look_up(self._counted[size], asked))
        return found

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
        for row in rows:
            yield bytes(row[-1]), _found(row)


def _found(row: tuple[Any, ...]) -> Found:
    sealed, *others, _request = row
    return Found(bytes(sealed), *others)
