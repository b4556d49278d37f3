"""How often one source may fail at the public check: counted in this process's memory."""

import contextlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil

from storage.refusals import RefusedError

LIMIT = 10
WINDOW = timedelta(hours=1)
#: The memory that strangers can fill is bounded: the source unseen for longest is forgotten first.
SOURCES_MAX = 10_000
#: One subscriber holds a whole /64, so an address alone says nothing in IPv6.
IPV6_SUBSCRIBER_BITS = 64


class TooManyAttemptsError(RefusedError):
    code = "too-many-attempts"
    ru = "Слишком много неудачных проверок с вашего адреса. Повторите через {minutes} мин."
    en = "Too many failed checks from your address. Try again in {minutes} min."


@dataclass
class Attempts:
    """At most `limit` failures of a source within `window`.

    A try is counted before the work and taken back when it succeeds, so that tries sent at once
    cannot pass the limit together.
    """

    limit: int = LIMIT
    window: timedelta = WINDOW
    _times: OrderedDict[str, list[datetime]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, address: str, now: datetime, limit: int | None = None) -> None:
        """Count a try from `address`; raises TooManyAttemptsError and counts nothing then.

        `limit` is for this try alone, where it is another than for most.
        """
        source = _source(address)
        with self._lock:
            recent = [at for at in self._times.get(source, ()) if now - at < self.window]
            if len(recent) >= (self.limit if limit is None else limit):
                wait = recent[0] + self.window - now
                raise TooManyAttemptsError(minutes=ceil(wait.total_seconds() / 60))
            self._times[source] = [*recent, now]
            self._times.move_to_end(source)
            if len(self._times) > SOURCES_MAX:
                self._times.popitem(last=False)

    def succeeded(self, address: str, began_at: datetime) -> None:
        """The try that `began_at` was a right one: it no longer counts."""
        with self._lock, contextlib.suppress(ValueError):
            self._times.get(_source(address), []).remove(began_at)


def _source(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(ip_network((parsed, IPV6_SUBSCRIBER_BITS), strict=False))
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
