"""Who pays for a delivery: rules D-1 and D-3."""

from dataclasses import dataclass

from support.cases.vocabulary import Direction, Payer
from support.customer_kinds import CustomerKind
from support.phrases import Phrase

_CONTRACT = Phrase("по договору поставки", "by the supply contract")
_CONSUMER = Phrase("недостаток товара потребителя (ЗоЗПП, ст. 18)", "a consumer's faulty goods")
_RULES = Phrase("по правилам гарантии", "by the warranty rules")
_NOT_COVERED = Phrase("случай не гарантийный", "the case is not covered")
_REASONS = (_CONTRACT, _CONSUMER, _RULES, _NOT_COVERED)


@dataclass(frozen=True)
class Delivery:
    """What decides on the payer. `agreed` is what the supply contract says, if it does.

    `covered` is None while nobody has decided on the case.
    """

    direction: Direction
    agreed: Payer | None
    customer: CustomerKind
    covered: bool | None
    by_partner: bool = False


@dataclass(frozen=True)
class PayerFound:
    """The payer, and why."""

    payer: Payer
    why: Phrase


def why_of(stored: str) -> Phrase:
    """The reason of a delivery kept in Russian; one that is no longer given stays as it is."""
    return next((why for why in _REASONS if why.ru == stored), Phrase(stored, stored))


def payer_of(delivery: Delivery) -> PayerFound:
    """The contract's clause first; then the law for consumers; then the published rules."""
    if delivery.agreed is not None:
        return PayerFound(delivery.agreed, _CONTRACT)
    if delivery.customer is CustomerKind.CONSUMER and delivery.covered:
        return PayerFound(Payer.VENDOR, _CONSUMER)
    if delivery.direction is Direction.IN:
        return PayerFound(Payer.CUSTOMER, _RULES)
    if delivery.covered is False:
        return PayerFound(Payer.CUSTOMER, _NOT_COVERED)
    payer = Payer.PARTNER if delivery.by_partner else Payer.VENDOR
    return PayerFound(payer, _RULES)
