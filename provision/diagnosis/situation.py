"""What a diagnosis is made on: facts, records and history of one phone at one instant (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from provision.diagnosis.findings import Code
from provision.readers.facts import DeviceFacts
from storage.phrases import Phrase

DEFAULT_POLL = timedelta(hours=1)


@dataclass(frozen=True)
class Failure:
    """A way of reading that failed: its error's code, and the sentence for people."""

    via: str
    code: str
    text: Phrase


@dataclass(frozen=True)
class Reached:
    """One reading of the past or of now: whether the phone answered, and what it told then.

    `lane` is the one that SNMP took; `failure` is the code of the error, where it told nothing.
    """

    at: datetime
    answered: bool
    via: str = ""
    lane: str | None = None
    uptime_s: int | None = None
    reboot_reason: str | None = None
    firmware: str | None = None
    mos: float | None = None
    loss_percent: float | None = None
    jitter_ms: float | None = None
    failure: str | None = None

    @property
    def booted_at(self) -> datetime | None:
        return None if self.uptime_s is None else self.at - timedelta(seconds=self.uptime_s)


@dataclass(frozen=True)
class FirmwareStanding:
    """How the firmware that runs stands to the releases.

    `fixes` holds what the releases on the way to `due` are known to mend.
    """

    running: str | None = None
    due: str | None = None
    newest: str | None = None
    withdrawn_reason: str | None = None
    replacement: str | None = None
    hold_reason: str | None = None
    fixes: Mapping[Code, Phrase] = field(default_factory=dict)


@dataclass(frozen=True)
class WantedLine:
    """A SIP line as its profile has it."""

    number: str
    server: str | None = None


@dataclass(frozen=True)
class Wanted:
    """What the phone should have: from its profile, and from what its product needs."""

    lines: tuple[WantedLine, ...] = ()
    vlan: int | None = None
    poll: timedelta = DEFAULT_POLL
    poe_class: int | None = None


@dataclass(frozen=True)
class Visits:
    """What the fetch ledger says: proved check-ins, and what was refused or cut short.

    `revision` is the configuration last given out; `boots` are fetches of the bootstrap, which
    anybody may make in a phone's name.
    """

    last_proved_at: datetime | None = None
    configuration_at: datetime | None = None
    revision: str | None = None
    boots: tuple[datetime, ...] = ()
    refused: tuple[datetime, ...] = ()
    cut_downloads: int = 0
    has_credential: bool = True


@dataclass(frozen=True)
class Situation:
    """Everything that a rule may look at. `facts` is None where nothing answered."""

    now: datetime
    facts: DeviceFacts | None
    failures: tuple[Failure, ...] = ()
    history: tuple[Reached, ...] = ()
    firmware: FirmwareStanding = field(default_factory=FirmwareStanding)
    wanted: Wanted = field(default_factory=Wanted)
    visits: Visits = field(default_factory=Visits)
