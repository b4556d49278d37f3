"""Reading through a collector: the same question and the same answer as a read of our own."""

from dataclasses import dataclass
from datetime import datetime

from provision.collectors import errands, keeping, wire
from provision.collectors.errands import NewErrand
from provision.collectors.wire import BadMessageError
from provision.readers.errors import Phrase, ReadError, UnexpectedAnswerError, UnreachableError
from provision.readers.reading import Answer
from storage.installation import Installation


@dataclass(frozen=True)
class CollectorOptions:
    """How long a read through a collector may take, in seconds."""

    patience_s: float = errands.PATIENCE_S


@dataclass(frozen=True)
class Place:
    """The device that is read, and the site at which a collector may be."""

    device_id: int
    site_id: int | None


def serves(installation: Installation, place: Place | None, now: datetime) -> bool:
    """Whether this device is read by its site's collector."""
    if place is None or place.site_id is None:
        return False
    with installation.database.reading() as session:
        return keeping.serves(session, place.site_id, now)


def read(
    installation: Installation, new: NewErrand, host: str, now: datetime, patience_s: float
) -> Answer:
    """Send the collector, wait for what it hands back; raises a ReadError."""
    with installation.database.writing() as session:
        number = errands.post(session, new, now)
    record = errands.wait(installation.database, number, patience_s)
    via = new.via.upper()
    if record is None:
        reason = Phrase("сборщик на площадке не ответил", "the site's collector did not answer")
        raise UnreachableError(address=host, via=via, reason=reason)
    try:
        result = wire.result_of(record)
    except BadMessageError as error:
        reason = Phrase("сборщик передал негодное", "the collector handed back nonsense")
        raise UnexpectedAnswerError(address=host, via=via, reason=reason) from error
    if isinstance(result, ReadError):
        raise result
    return result
