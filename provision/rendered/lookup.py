"""Finding what is kept for a request, by one statement.

The statement itself compares the revisions, so whatever was committed before it is seen by it:
a revoked secret opens nothing from that commit on, in every process.
"""

from dataclasses import dataclass, field

from storage.db import Database

_FIND = """
SELECT kept.sealed, kept.credential_id, kept.until_us FROM rendered AS kept
LEFT JOIN rendering_revision AS every ON every.device_id = 0
LEFT JOIN rendering_revision AS own ON own.device_id = kept.device_id
WHERE kept.request_sha256 = {0} AND kept.press = {0}
AND kept.revision = coalesce(every.revision, 0)
AND kept.device_revision = coalesce(own.revision, 0)
"""


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
        self._find = _FIND.format("?" if database.is_sqlite else "%s")

    def find(self, request_sha256: bytes) -> Found | None:
        """The row kept for a request, if nothing that it is made of has changed since.

        Raises the driver's errors.
        """
        rows = self._database.look_up(self._find, (request_sha256, self._press))
        for sealed, credential_id, until_us in rows:
            return Found(bytes(sealed), credential_id, until_us)
        return None
