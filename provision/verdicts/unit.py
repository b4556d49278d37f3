"""What identity is judged on: the unit on record, and each time that a phone said who it is (pure).

Nothing in here is a right or a wrong of anybody: a verdict is a hint for a person, and whether a
unit is under warranty is decided elsewhere, from papers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from catalogue.versions import Version
from provision.families.identification import Strength
from storage.phrases import Phrase


class Verdict(StrEnum):
    """MATCH is the good one; the others are hints, the gravest first."""

    SERIAL_CLONE = "serial-clone"
    MAC_MISMATCH = "mac-mismatch"
    UNKNOWN_SERIAL = "unknown-serial"
    UNSIGNED_FIRMWARE = "unsigned-firmware"
    UNSOLD = "unsold"
    PRE_HANDOVER_ACTIVITY = "pre-handover-activity"
    MATCH = "match"


@dataclass(frozen=True)
class Sighting:
    """One time that a phone said who it is; serial and MAC in their normal forms.

    `origin` is the way it said so: check-in, snmp, http, ssh or sweep.
    """

    at: datetime
    origin: str
    strength: Strength
    serial: str | None = None
    mac: str | None = None
    address: str | None = None
    firmware: str | None = None


@dataclass(frozen=True)
class Paper:
    """A dated paper about the unit; `to_user` when it proves the handover to its User."""

    on: date
    reference: str
    to_user: bool


@dataclass(frozen=True)
class Unit:
    """The unit on record.

    `serial_told` when the record has its serial from the phone alone. `explained` holds the MACs
    that a repair accounts for, each with its paper. `taken` are serials of other units on record.
    """

    mac: str
    serial: str | None
    serial_told: bool = False
    papers: tuple[Paper, ...] = ()
    explained: Mapping[str, str] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()


#: Every version that the vendor published or shipped; nothing at all says nothing.
KnownVersions = frozenset[Version]


@dataclass(frozen=True)
class Evidence:
    """One thing that speaks for a verdict: what, when, seen in which way, and how strong that is.

    The dates of papers and instants of sightings stand in `at`; a rule of the register has none.
    """

    text: Phrase
    origin: str
    strength: Strength
    at: datetime | date | None = None


@dataclass(frozen=True)
class Judgement:
    """A verdict with its evidence.

    `other_mac` is the MAC that told this unit's serial; `explained_by` names the repair that
    accounts for it.
    """

    verdict: Verdict
    strength: Strength
    evidence: tuple[Evidence, ...]
    other_mac: str | None = None
    explained_by: str | None = None

    @property
    def needs_a_look(self) -> bool:
        """Whether a person should look: everything but a match and what a repair explains."""
        return self.verdict is not Verdict.MATCH and self.explained_by is None

    def as_record(self) -> dict[str, object]:
        """The judgement as programs get it."""
        return {
            "verdict": self.verdict.value,
            "strength": self.strength.name.lower(),
            "other_mac": self.other_mac,
            "explained_by": self.explained_by,
            "evidence": [
                {
                    "ru": one.text.ru,
                    "en": one.text.en,
                    "origin": one.origin,
                    "strength": one.strength.name.lower(),
                    "at": one.at.isoformat() if one.at else None,
                }
                for one in self.evidence
            ],
        }
