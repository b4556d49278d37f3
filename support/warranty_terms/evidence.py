"""What proves the day from which a warranty term counts, in order of strength (rule W-3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from support.phrases import Phrase


class EvidenceKind(StrEnum):
    """The ladder of evidence, strongest first.

    CONTRACT is a date that the supply contract itself names (W-4). A partner's sale is a handover
    to the User; shipping to a partner and manufacture are not.
    """

    CONTRACT = "contract"
    USER_DOCUMENT = "user-document"
    PARTNER_REPORT = "partner-report"
    VENDOR_SHIPMENT = "vendor-shipment"
    MANUFACTURE = "manufacture"

    @property
    def rank(self) -> int:
        """The place on the ladder, 0 for the strongest."""
        return list(EvidenceKind).index(self)

    @property
    def phrase(self) -> Phrase:
        """The kind's name for a sentence."""
        return _NAMES[self]


_NAMES = {
    EvidenceKind.CONTRACT: Phrase("условие договора поставки", "a clause of the supply contract"),
    EvidenceKind.USER_DOCUMENT: Phrase(
        "документ о передаче Пользователю", "the document of handover to the User"
    ),
    EvidenceKind.PARTNER_REPORT: Phrase("отчёт партнёра о продаже", "the partner's sale report"),
    EvidenceKind.VENDOR_SHIPMENT: Phrase("дата отгрузки Производителем", "the vendor's ship date"),
    EvidenceKind.MANUFACTURE: Phrase("дата изготовления", "the date of manufacture"),
}


@dataclass(frozen=True)
class Evidence:
    """One dated proof; `reference` is the paper or record that holds it (УПД, накладная, акт)."""

    kind: EvidenceKind
    on: date
    reference: str


class StartEvent(StrEnum):
    """The event from which a term counts: handover by the published rules, others by contract."""

    HANDOVER = "handover"
    SHIPMENT = "shipment"
    MANUFACTURE = "manufacture"

    @property
    def phrase(self) -> Phrase:
        """The event as it stands after "the term counts"."""
        return _EVENTS[self]

    def is_proved_by(self, kind: EvidenceKind) -> bool:
        """Whether evidence of this kind establishes the day of the event."""
        return kind in _PROOFS[self]


_EVENTS = {
    StartEvent.HANDOVER: Phrase(
        "со дня передачи оборудования Пользователю",
        "from the day of handover to the User",
    ),
    StartEvent.SHIPMENT: Phrase(
        "со дня отгрузки Производителем", "from the day of shipping by the vendor"
    ),
    StartEvent.MANUFACTURE: Phrase("со дня изготовления", "from the day of manufacture"),
}
_PROOFS = {
    StartEvent.HANDOVER: frozenset(
        {EvidenceKind.CONTRACT, EvidenceKind.USER_DOCUMENT, EvidenceKind.PARTNER_REPORT}
    ),
    StartEvent.SHIPMENT: frozenset({EvidenceKind.CONTRACT, EvidenceKind.VENDOR_SHIPMENT}),
    StartEvent.MANUFACTURE: frozenset({EvidenceKind.CONTRACT, EvidenceKind.MANUFACTURE}),
}


def by_strength(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Strongest kind first; of one kind the earliest day first, as a device is handed over once."""
    return tuple(sorted(evidence, key=lambda item: (item.kind.rank, item.on, item.reference)))
