"""An erasure from beginning to end, in an order in which nobody else's writing waits for long.

Every table is looked through before the transaction that erases, and once more after it, for what
was written meanwhile; the transaction itself touches known rows alone.
"""

from datetime import datetime

from portal.personal_data import erasing, erasure_log, sweeping
from portal.personal_data.bases import Basis
from portal.personal_data.erasing import Done
from storage.blob_keeping import collecting
from storage.installation import Installation
from storage.people import Person


def carry_out(
    installation: Installation, who: Person, basis: Basis, *, actor: str, now: datetime
) -> Done:
    """Destroy what may go, with an act, its bytes, and the line of the log beside the backups.

    Raises what `erasing.erase` does.
    """
    database = installation.database
    with database.reading() as session:
        places = erasing.places_of(session, who, now)
    with database.writing() as session:
        done = erasing.erase(session, installation, who, basis, actor=actor, now=now, places=places)
    with database.reading() as session:
        left = sweeping.look(session, done.words, done.kept)
    if left.rows:
        with database.writing() as session:
            database.overwrite_erased(session)
            sweeping.forget_words(session, left)
    collecting.discard(database, installation.blobs, done.files, now)
    database.empty_journal()
    erasure_log.write(installation)
    return done
