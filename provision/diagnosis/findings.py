"""What a diagnosis says: findings, each with its evidence and how sure it is (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from storage.phrases import Phrase


class Code(StrEnum):
    """Every finding there is; the names are stable, programs and fix notes rely on them."""

    UNREACHABLE = "unreachable"
    ANSWERS_WRONGLY = "answers-wrongly"
    NOT_ASKED = "not-asked"
    NO_ADDRESS = "no-address"
    READ_REFUSED = "read-refused"
    SSH_KEY_CHANGED = "ssh-key-changed"
    CERTIFICATE_CHANGED = "certificate-changed"
    KEY_UNCONFIRMED = "key-unconfirmed"
    SILENT = "silent"
    PROOF_REFUSED = "proof-refused"
    REBOOT_LOOP = "reboot-loop"
    RESTARTED = "restarted"
    NOT_REGISTERED = "not-registered"
    SETTINGS_NOT_TAKEN = "settings-not-taken"
    PACKET_LOSS = "packet-loss"
    POE_TOO_LOW = "poe-too-low"
    HALF_DUPLEX = "half-duplex"
    SLOW_LINK = "slow-link"
    WRONG_VLAN = "wrong-vlan"
    CLOCK_WRONG = "clock-wrong"
    CERTIFICATE_ENDS = "certificate-ends"
    FIRMWARE_WITHDRAWN = "firmware-withdrawn"
    FIRMWARE_OLD = "firmware-old"
    DOWNLOAD_BREAKS = "download-breaks"


class Weight(StrEnum):
    """How much it matters; the values are the hues of the pages."""

    FAULT = "fault"
    ATTENTION = "attention"
    INFO = "info"


class Sureness(StrEnum):
    """CERTAIN: told or recorded. LIKELY: one explanation fits best. POSSIBLE: worth a look."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True)
class Finding:
    """One conclusion; `evidence` holds what it rests on, `cause` what probably lies behind it."""

    code: Code
    weight: Weight
    sureness: Sureness
    evidence: tuple[Phrase, ...]
    cause: Phrase | None = None

    def as_record(self) -> dict[str, Any]:
        """The finding as JSON holds it; `from_record` reads it back."""
        return {
            "code": self.code.value,
            "weight": self.weight.value,
            "sureness": self.sureness.value,
            "evidence": [{"ru": one.ru, "en": one.en} for one in self.evidence],
            "cause": {"ru": self.cause.ru, "en": self.cause.en} if self.cause else None,
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        cause = record["cause"]
        return cls(
            Code(record["code"]),
            Weight(record["weight"]),
            Sureness(record["sureness"]),
            tuple(Phrase(one["ru"], one["en"]) for one in record["evidence"]),
            Phrase(cause["ru"], cause["en"]) if cause else None,
        )


@dataclass(frozen=True)
class UpdateFirst:
    """The release that the phone is due mends what was found: so update before anything else.

    `mends` tells for each finding what the release's makers say about it.
    """

    version: str
    mends: Mapping[Code, Phrase]


@dataclass(frozen=True)
class Conclusion:
    """All findings, the gravest and surest first, and the shortest way to mend them if known."""

    findings: tuple[Finding, ...]
    update_first: UpdateFirst | None = None

    @property
    def worst(self) -> Weight | None:
        return self.findings[0].weight if self.findings else None
