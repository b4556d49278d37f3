"""Which tier of support a request gets: a contract's package, or the free one (S-5, S-6, S-7)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from support.packages import package
from support.phrases import Phrase
from support.warranty import Verdict

FREE = package.FREE


class Reason(StrEnum):
    """Why a request gets its tier."""

    CONTRACT = "contract"
    WARRANTY = "warranty"
    NOT_COVERED = "not-covered"
    NOT_OURS = "not-ours"
    UNKNOWN = "unknown"

    @property
    def phrase(self) -> Phrase:
        return _REASONS[self]

    @property
    def offers_paid(self) -> bool:
        """S-6: free support ended with the warranty: paid support is offered."""
        return self in {Reason.NOT_COVERED, Reason.NOT_OURS}


_REASONS = {
    Reason.CONTRACT: Phrase("договор на поддержку", "support contract"),
    Reason.WARRANTY: Phrase("телефон на гарантии", "the phone is under warranty"),
    Reason.NOT_COVERED: Phrase(
        "гарантия не действует, договора нет: предложите платную поддержку",
        "no warranty and no contract: offer paid support",
    ),
    Reason.NOT_OURS: Phrase(
        "не телефон Flat Phone: правила на него не распространяются",
        "no Flat Phone: the rules do not cover it",
    ),
    Reason.UNKNOWN: Phrase(
        "телефон не опознан, срок гарантии не установлен",
        "the phone is not identified, or its term not established",
    ),
}


@dataclass(frozen=True)
class Agreement:
    """A support contract as the decision takes it; without sites and serials it is for all."""

    number: str
    package: str
    valid_from: date
    valid_to: date
    organisation_id: int
    site_ids: frozenset[int] = frozenset()
    serials: frozenset[str] = frozenset()

    def is_valid(self, day: date) -> bool:
        """S-7: both days are included."""
        return self.valid_from <= day <= self.valid_to

    def is_for(self, device: "AskedDevice") -> bool:
        if device.serial in self.serials or device.site_id in self.site_ids:
            return True
        return self.is_for_all and device.organisation_id == self.organisation_id

    @property
    def is_for_all(self) -> bool:
        return not (self.site_ids or self.serials)


@dataclass(frozen=True)
class AskedDevice:
    """A phone that a request names. `verdict` is its warranty's, None for an unknown serial."""

    serial: str
    organisation_id: int | None = None
    site_id: int | None = None
    is_ours: bool = True
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Tier:
    """What a request gets and why; `contract` is the number of the contract, if one gives it."""

    package: str
    reason: Reason
    contract: str | None = None


@dataclass(frozen=True)
class Asked:
    """Who asks about which phones; the organisation is known for people whom a contract names.

    `contract` is the one that a running request has already.
    """

    organisation_id: int | None = None
    devices: Sequence[AskedDevice] = field(default=())
    contract: str | None = None


def tier_of(asked: Asked, agreements: Iterable[Agreement], ranks: Sequence[str], day: date) -> Tier:
    """The best package that a valid contract gives, else the free tier with its reason.

    `ranks` are the codes of packages, the weakest first. A phone that is not ours gets no paid
    time: the rules cover Flat Phones only (S-6). A package that is sold no more is the weakest of
    those paid; but a running request leaves its contract only for a stronger package on sale.
    """
    ours = [device for device in asked.devices if device.is_ours]
    if asked.devices and not ours:
        return Tier(FREE, Reason.NOT_OURS)
    valid = [one for one in agreements if one.is_valid(day) and _applies(one, asked, ours)]
    if valid:
        best = max(valid, key=lambda one: _strength(one, ranks, asked.contract))
        return Tier(best.package, Reason.CONTRACT, best.number)
    return Tier(FREE, _free(ours))


def _strength(one: Agreement, ranks: Sequence[str], running: str | None) -> tuple[int, bool, str]:
    is_running = one.number == running
    if one.package in ranks:
        return ranks.index(one.package), is_running, one.number
    return len(ranks) if is_running else 0, is_running, one.number


def _applies(agreement: Agreement, asked: Asked, ours: Sequence[AskedDevice]) -> bool:
    if any(agreement.is_for(device) for device in ours):
        return True
    # Whoever a contract for all names may ask without a serial, or about a phone not on record.
    stranger = not ours or all(device.verdict is None for device in ours)
    return stranger and agreement.is_for_all and agreement.organisation_id == asked.organisation_id


def _free(ours: Sequence[AskedDevice]) -> Reason:
    verdicts = {device.verdict for device in ours}
    if Verdict.COVERED in verdicts:
        return Reason.WARRANTY
    if verdicts == {Verdict.NOT_COVERED}:
        return Reason.NOT_COVERED
    return Reason.UNKNOWN
