"""When a NOTIFY is said again and when it is given up (pure; RFC 3261 section 17.1.2)."""

from dataclasses import dataclass, field

from provision.resyncs.message import Marks, Notice


@dataclass(frozen=True)
class Timers:
    """Seconds. T1 estimates a round trip; nobody who is silent for 64 of them is waited for."""

    t1: float = 0.5
    t2: float = 4.0

    @property
    def patience(self) -> float:
        """Timer F."""
        return 64 * self.t1


@dataclass
class Transaction:
    """One NOTIFY under way: which it is, how often it went out, when it goes out next."""

    notice: Notice
    marks: Marks
    packet: bytes
    begun: float
    timers: Timers
    proved: bool = False
    sent: int = 0
    heard: bool = False
    _interval: float = field(init=False)

    def __post_init__(self) -> None:
        self._interval = self.timers.t1

    @property
    def ends(self) -> float:
        return self.begun + self.timers.patience

    def said(self, now: float) -> float:
        """It went out; the moment at which to look at it again (timer E, or the end)."""
        self.sent += 1
        again = now + (self.timers.t2 if self.heard else self._interval)
        self._interval = min(2 * self._interval, self.timers.t2)
        return min(again, self.ends)
