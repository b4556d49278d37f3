"""The terms a device's warranty runs on: the general rule, and what contracts change in it (W-4).

The published rules set 12 months from handover "unless the supply contract says otherwise"; both
the term and its first day may be changed, each by another contract clause.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from operator import attrgetter

from storage.refusals import ConflictError, RefusedError
from support.phrases import Phrase, months_phrase
from support.rules import START_AGREED, TERM_AGREED, RuleApplied
from support.warranty_terms.evidence import Evidence, EvidenceKind, StartEvent

_PUBLISHED_START = StartEvent.HANDOVER
_AGREED_DATE = Phrase("с установленной даты", "from an agreed date")


class TermLengthError(RefusedError):
    code = "term-length"
    ru = "Срок гарантии — целое число месяцев, не меньше одного; указано {months}."
    en = "A warranty term is a whole number of months, at least one; {months} was given."


class GraceDaysError(RefusedError):
    code = "grace-days"
    ru = "Запас после отгрузки не может быть отрицательным; указано дней: {days}."
    en = "The days of grace after shipping cannot be negative; {days} was given."


class OverridesClashError(ConflictError):
    code = "overrides-clash"
    ru = "Условия одного уровня противоречат друг другу: {numbers}. Оставьте одно из них."
    en = "Conditions of one level contradict each other: {numbers}. Keep one of them."


@dataclass(frozen=True)
class TermPolicy:
    """The general rule; raises TermLengthError or GraceDaysError.

    `grace_days` are added to the vendor's ship date, for the way to an unknown User. With
    `accept_fallback_evidence` off, a ship or manufacture date is told as an estimate and answers
    nothing; on, it starts the term.
    """

    months: int = 12
    grace_days: int = 30
    accept_fallback_evidence: bool = False

    def __post_init__(self) -> None:
        _check_months(self.months)
        if self.grace_days < 0:
            raise GraceDaysError(days=self.grace_days)


class OverrideScope(StrEnum):
    """What an override speaks of; the narrower one wins over the wider."""

    DEVICE_LINE = "device-line"
    CONTRACT = "contract"
    PRODUCT = "product"

    @property
    def rank(self) -> int:
        """The place in the order of precedence, 0 for the one that wins."""
        return list(OverrideScope).index(self)

    @property
    def phrase(self) -> Phrase:
        """The override as the author of a term in a sentence."""
        return _SCOPES[self]


_SCOPES = {
    OverrideScope.DEVICE_LINE: Phrase(
        "условие договора поставки для этого телефона",
        "the supply contract's line for this device",
    ),
    OverrideScope.CONTRACT: Phrase("договор поставки", "the supply contract"),
    OverrideScope.PRODUCT: Phrase("условие для этого продукта", "the condition for this product"),
}


@dataclass(frozen=True)
class ContractOverride:
    """What one clause changes; None leaves that part to a wider scope. Raises TermLengthError.

    `start` is the date itself or the event that starts the term.
    """

    number: str
    months: int | None = None
    start: date | StartEvent | None = None
    scope: OverrideScope = OverrideScope.CONTRACT

    def __post_init__(self) -> None:
        if self.months is not None:
            _check_months(self.months)


@dataclass(frozen=True)
class AgreedTerms:
    """The general rule with the clauses that change it, once precedence is settled."""

    policy: TermPolicy
    months_clause: ContractOverride | None
    start_clause: ContractOverride | None

    @property
    def months(self) -> int:
        return (self.months_clause and self.months_clause.months) or self.policy.months

    @property
    def start_event(self) -> StartEvent:
        clause = self.start_clause
        return clause.start if clause and isinstance(clause.start, StartEvent) else _PUBLISHED_START

    @property
    def start_date(self) -> Evidence | None:
        """The first day where a clause names it outright: its own proof, whatever the event."""
        clause = self.start_clause
        if clause and isinstance(clause.start, date):
            return Evidence(EvidenceKind.CONTRACT, clause.start, clause.number)
        return None

    @property
    def start_phrase(self) -> Phrase:
        """The start as it stands after "the term counts"."""
        return _AGREED_DATE if self.start_date else self.start_event.phrase


def agreed_terms(policy: TermPolicy, overrides: Iterable[ContractOverride]) -> AgreedTerms:
    """W-4: device line over contract over product over the general rule, for each part apart.

    Raises OverridesClashError where two clauses of the ruling scope differ on one part: whichever
    were taken would be a guess.
    """
    clauses = tuple(overrides)
    return AgreedTerms(
        policy,
        months_clause=_ruling(clauses, attrgetter("months")),
        start_clause=_ruling(clauses, attrgetter("start")),
    )


def explain_agreement(agreed: AgreedTerms) -> tuple[RuleApplied, ...]:
    """One line for each part that a clause sets; none where the general rule stands."""
    return (*_explain_months(agreed), *_explain_start(agreed))


def _ruling(
    clauses: Sequence[ContractOverride], part: Callable[[ContractOverride], object]
) -> ContractOverride | None:
    naming = [clause for clause in clauses if part(clause) is not None]
    naming.sort(key=lambda clause: (clause.scope.rank, clause.number))
    ruling = [clause for clause in naming if clause.scope is naming[0].scope]
    if len({part(clause) for clause in ruling}) > 1:
        raise OverridesClashError(numbers=", ".join(clause.number for clause in ruling))
    return ruling[0] if ruling else None


def _explain_months(agreed: AgreedTerms) -> Iterator[RuleApplied]:
    if clause := agreed.months_clause:
        yield TERM_AGREED.applied(
            reference=clause.number,
            months=months_phrase(agreed.months),
            source=clause.scope.phrase,
            standard=months_phrase(agreed.policy.months),
        )


def _explain_start(agreed: AgreedTerms) -> Iterator[RuleApplied]:
    if clause := agreed.start_clause:
        yield START_AGREED.applied(
            on=agreed.start_date.on if agreed.start_date else None,
            reference=clause.number,
            event=agreed.start_phrase,
            source=clause.scope.phrase,
        )


def _check_months(months: int) -> None:
    if months < 1:
        raise TermLengthError(months=months)
