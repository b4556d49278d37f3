"""Stepwise offers: whether a phone is among the first N percent, from signed data alone.

The server, a mirror that cannot call home and the phone itself compute the same answer, so the
formula of `slot` is a contract: changing it would move every phone to another place in the queue.
"""

import re
from dataclasses import dataclass
from hashlib import sha256

from storage.refusals import RefusedError

SLOTS = 10_000  # a slot is a hundredth of a percent
_MAC = re.compile(r"[0-9a-f]{12}")


class BadPercentError(RefusedError):
    code = "bad-percent"
    field = "percent"
    ru = "{percent} — не доля развёртывания: нужно число от 0 до 100, не более двух знаков дроби."
    en = "{percent} is no share of a rollout: it takes 0 to 100 with at most two decimals."


def slot(salt: str, mac: str) -> int:
    """The place 0-9999 of a phone in the queue that `salt` shuffles.

    The first 8 bytes of SHA-256 over the UTF-8 text `<salt>:<mac>`, read as an unsigned
    big-endian number, modulo 10000. `mac` is 12 lower-case hex digits without separators, or
    ValueError. Vectors:

        5eed5eed5eed5eed  02f1a7000001  ->  5056
        5eed5eed5eed5eed  02f1a7000002  ->  5451
        00                02f1a7000001  ->  3871
        (empty)           ffffffffffff  ->  7412
    """
    if not _MAC.fullmatch(mac):
        raise ValueError("a MAC is 12 lower-case hex digits here")
    digest = sha256(f"{salt}:{mac}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % SLOTS


def in_rollout(salt: str, mac: str, percent: float) -> bool:
    """Whether the phone is among the first `percent`: slot(salt, mac) < round(percent * 100).

    `percent` is 0-100 with at most two decimals, or BadPercentError. A phone that is in stays in
    while the percentage rises under the same salt.
    """
    return slot(salt, mac) < round(checked(percent) * 100)


def checked(percent: float) -> float:
    """The share itself; raises BadPercentError where it is none."""
    if not 0 <= percent <= 100 or round(percent, 2) != percent:
        raise BadPercentError(percent=percent)
    return percent


@dataclass(frozen=True)
class Share:
    """Which phones get a release now: the first `percent` of the queue that `salt` shuffles."""

    percent: float
    salt: str

    def holds(self, mac: str) -> bool:
        """Whether the phone is among them."""
        return in_rollout(self.salt, mac, self.percent)

    @property
    def is_everyone(self) -> bool:
        return self.percent >= 100


EVERYONE = Share(100, "")
