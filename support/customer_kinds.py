"""Who the customer is by law, and what no contract may take from that customer: rule W-9."""

from enum import StrEnum

from storage.refusals import RefusedError
from support.phrases import Phrase, months_phrase
from support.warranty_terms.evidence import StartEvent
from support.warranty_terms.terms import ContractOverride, TermPolicy


class CustomerKind(StrEnum):
    """A company, a sole trader, or a person who buys for themselves (ЗоЗПП)."""

    LEGAL = "legal"
    SOLE = "sole"
    CONSUMER = "consumer"

    @property
    def phrase(self) -> Phrase:
        return _NAMES[self]


_NAMES = {
    CustomerKind.LEGAL: Phrase("организация", "company"),
    CustomerKind.SOLE: Phrase("индивидуальный предприниматель", "sole trader"),
    CustomerKind.CONSUMER: Phrase("частное лицо (потребитель)", "private person (consumer)"),
}


class ConsumerTermError(RefusedError):
    code = "consumer-term"
    field = "months"
    ru = "Потребителю нельзя дать меньше, чем всем: срок не короче {floor} (ЗоЗПП, ст. 16)."
    en = "A consumer may not get less than everybody: at least {floor} (ЗоЗПП, article 16)."


class ConsumerStartError(RefusedError):
    code = "consumer-start"
    field = "start_event"
    ru = "Для потребителя срок идёт со дня передачи и не раньше (ЗоЗПП, ст. 19)."
    en = "A consumer's term runs from the handover and no earlier (ЗоЗПП, article 19)."


def check_floor(kind: CustomerKind, clause: ContractOverride, policy: TermPolicy) -> None:
    """W-9: raise where a clause would give a consumer less than the law and the published rules.

    Companies and sole traders may agree on less (ГК 470).
    """
    if kind is not CustomerKind.CONSUMER:
        return
    if clause.months is not None and clause.months < policy.months:
        floor = months_phrase(policy.months)
        raise ConsumerTermError(floor=floor.ru)
    if isinstance(clause.start, StartEvent) and clause.start is not StartEvent.HANDOVER:
        raise ConsumerStartError
