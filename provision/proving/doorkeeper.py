"""The phone plane's patience with those who fail to prove themselves.

Only failures count, and first contacts where the operator set a limit, so that a site behind one
address is not locked out by its own size; a phone that proves itself right is served however many
others fail beside it.
"""

from dataclasses import dataclass, field
from typing import Self

from provision.devices.identity import MacAddress
from provision.limits import Limiter, source_of

FAILURES_PER_MINUTE = 30
#: Unproved requests of which a record is kept; beyond that a flood leaves no rows behind.
RECORDS_PER_MINUTE = 600
#: Logs that one phone may send.
LOGS_PER_MINUTE = 6


@dataclass(frozen=True)
class FirstContactOptions:
    """How many first contacts, by a MAC alone, one address may make in a minute; 0: no limit."""

    per_minute: int = 0


@dataclass(frozen=True)
class Doorkeeper:
    """Times are seconds of a clock that never goes back."""

    _failures: Limiter = field(default_factory=lambda: Limiter(FAILURES_PER_MINUTE))
    _records: Limiter = field(default_factory=lambda: Limiter(RECORDS_PER_MINUTE, keys_max=1))

    _logs: Limiter = field(default_factory=lambda: Limiter(LOGS_PER_MINUTE))
    _first_contacts: Limiter | None = None

    @classmethod
    def of(cls, options: FirstContactOptions) -> Self:
        """One that holds first contacts to the operator's limit."""
        most = options.per_minute
        return cls(_first_contacts=Limiter(most) if most else None)

    def may_call(self, address: str, now_s: float) -> bool:
        """Count a first contact; whether the address still is within the operator's limit.

        Known and unknown MACs count alike: a limit of unknown ones would tell which are known.
        """
        first = self._first_contacts
        return first is None or first.add(source_of(address), now_s)

    def may_send_log(self, mac: MacAddress, now_s: float) -> bool:
        """Whether a proved phone may send one more log."""
        return self._logs.add(mac.hex, now_s)

    def may_try(self, address: str, mac: MacAddress | None, now_s: float) -> bool:
        """Whether this address may try another password for this MAC: guessing ends here."""
        return not self._failures.is_over(f"{address} {mac}", now_s)

    def failed(self, address: str, mac: MacAddress | None, now_s: float) -> bool:
        """Count a failure; whether the address still is within its limits."""
        within = self._failures.add(f"{address} {mac}", now_s)
        return self._failures.add(address, now_s) and within

    def may_record(self, now_s: float) -> bool:
        """Whether another unproved request may leave a row."""
        return self._records.add("unproved", now_s)
