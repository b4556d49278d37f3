"""How often one source may fail at a public check: counted in rows that all processes share."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from storage.db import Database
from storage.refusals import RefusedError
from support.models import CheckTry

LIMIT = 10
WINDOW = timedelta(hours=1)
#: One subscriber holds a whole /64, so an address alone says nothing in IPv6.
IPV6_SUBSCRIBER_BITS = 64


class TooManyAttemptsError(RefusedError):
    code = "too-many-attempts"
    ru = "Слишком много неудачных проверок с вашего адреса. Повторите через {minutes} мин."
    en = "Too many failed checks from your address. Try again in {minutes} min."


@dataclass(frozen=True)
class Attempts:
    """At most `limit` failures of a source within `window`, for the check named `check`.

    A try is counted before the work and taken back when it succeeds, so that tries sent at once
    cannot pass the limit together, to whichever process they come. A power cut may forget some.
    """

    database: Database
    check: str
    limit: int = LIMIT
    window: timedelta = WINDOW

    def begin(self, address: str, now: datetime, limit: int | None = None) -> None:
        """Count a try from `address`; raises TooManyAttemptsError and counts nothing then.

        `limit` is for this try alone, where it is another than for most.
        """
        source, most = _source(address), self.limit if limit is None else limit
        with self.database.reading() as session:
            # A flood of refusals takes no lock and writes nothing.
            self._refuse(session, source, now, most)
        with self.database.writing(lasting=False) as session:
            self.database.alone(session, f"{self.check}:{source}")
            self._refuse(session, source, now, most)
            forgotten = CheckTry.kind == self.check, CheckTry.at <= now - self.window
            session.execute(delete(CheckTry).where(*forgotten))
            session.add(CheckTry(kind=self.check, source=source, at=now))

    def succeeded(self, address: str, began_at: datetime) -> None:
        """The try that `began_at` was a right one: it no longer counts."""
        query = select(CheckTry).where(
            CheckTry.kind == self.check,
            CheckTry.source == _source(address),
            CheckTry.at == began_at,
        )
        with self.database.writing(lasting=False) as session:
            found = session.scalar(query.limit(1))
            if found is not None:
                session.delete(found)

    def _refuse(self, session: Session, source: str, now: datetime, most: int) -> None:
        query = select(CheckTry.at).where(
            CheckTry.kind == self.check, CheckTry.source == source, CheckTry.at > now - self.window
        )
        recent = session.scalars(query.order_by(CheckTry.at).limit(most)).all()
        if len(recent) >= most:
            wait = recent[0] + self.window - now
            raise TooManyAttemptsError(minutes=ceil(wait.total_seconds() / 60))


def _source(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(ip_network((parsed, IPV6_SUBSCRIBER_BITS), strict=False))
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
