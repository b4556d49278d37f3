"""How often something may happen: counted per key in this process's memory, minute by minute."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address, ip_network

_WINDOW_S = 60.0
#: What one customer's line of IPv6 has.
_V6_PREFIX = 64


def source_of(address: str) -> str:
    """Who counts as one: an address, and of IPv6 all those of one line."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv6Address) and known.ipv4_mapped is None:
        return str(ip_network((known, _V6_PREFIX), strict=False))
    return str(getattr(known, "ipv4_mapped", None) or known)


@dataclass(slots=True)
class _Count:
    since: float
    number: int = 0


@dataclass
class Limiter:
    """At most `per_minute` of a key; forgets the longest unseen key past `keys_max`.

    Times are seconds of any clock that never goes back.
    """

    per_minute: int
    keys_max: int = 10_000
    _counts: OrderedDict[str, _Count] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, key: str, now_s: float) -> bool:
        """Count one of `key`; whether it still is within the limit."""
        counts = self._counts
        with self._lock:
            count = counts.get(key)
            if count is None or now_s - count.since >= _WINDOW_S:
                count = counts[key] = _Count(now_s)
            count.number += 1
            counts.move_to_end(key)
            if len(counts) > self.keys_max:
                counts.popitem(last=False)
            return count.number <= self.per_minute

    def is_over(self, key: str, now_s: float) -> bool:
        """Whether the limit of `key` is used up."""
        with self._lock:
            count = self._counts.get(key)
            used = 0 if count is None or now_s - count.since >= _WINDOW_S else count.number
            return used >= self.per_minute
