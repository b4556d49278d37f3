"""Whether a device is under warranty on a day, until when, and by which rules.

The one decision of the room: `entitlement`. It knows no database, clock or web page. What a device
is, what proves its handover and what a contract says come in; an answer with its rule trace comes
out. Civil dates are those of Moscow.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from support import rules
from support.civil_dates import add_months
from support.intervals import Interval, gaps, union
from support.phrases import Phrase, days_phrase, filled, months_phrase
from support.rules import RuleApplied
from support.warranty_terms.entitlements import Entitlement, EntitlementKind
from support.warranty_terms.evidence import Evidence
from support.warranty_terms.prolonging import days_of, prolonged
from support.warranty_terms.term_start import TermStart, explain_start, find_start
from support.warranty_terms.terms import (
    AgreedTerms,
    ContractOverride,
    TermPolicy,
    agreed_terms,
    explain_agreement,
)


class Verdict(StrEnum):
    """NOT_ESTABLISHED is an answer of its own: the first day is not proved, and is not guessed."""

    COVERED = "covered"
    NOT_COVERED = "not-covered"
    NOT_ESTABLISHED = "not-established"

    @property
    def phrase(self) -> Phrase:
        """The verdict in two words, as the head of an answer."""
        return _VERDICTS[self]


_VERDICTS = {
    Verdict.COVERED: Phrase("Гарантия действует", "Covered"),
    Verdict.NOT_COVERED: Phrase("Гарантия не действует", "Not covered"),
    Verdict.NOT_ESTABLISHED: Phrase("Срок не установлен", "Not established"),
}


@dataclass(frozen=True)
class CoveredDevice:
    """The device asked about; `own_product` says that it is a Flat Phone of our make."""

    serial: str
    product: str
    own_product: bool


@dataclass(frozen=True)
class TermOrigin:
    """Where the base term begins and how long it is: what a certificate is reckoned from."""

    evidence: Evidence
    counted_from: date
    months: int

    @property
    def ends_on(self) -> date:
        """The last day of the base term, inclusive."""
        return add_months(self.counted_from, self.months)


@dataclass(frozen=True)
class CoverageAnswer:
    """The answer for one day.

    `covered_until` is the last day, inclusive, of the unbroken cover that holds `today`; None when
    nothing covers that day. `intervals` is the union of all covering rights, `entitlements` the
    rights themselves, and `trace` the rules in the order in which they were applied. The trace and
    the sources name papers and contracts: they are for staff and the owner, while `headline` may
    be told to anyone who knows the serial and its second factor. `claims_until` is added by
    support.claims, which knows which days are worked.
    """

    device: CoveredDevice
    today: date
    verdict: Verdict
    covered_until: date | None
    intervals: tuple[Interval, ...]
    entitlements: tuple[Entitlement, ...]
    start_evidence: Evidence | None
    trace: tuple[RuleApplied, ...]
    claims_until: date | None = None
    origin: TermOrigin | None = None

    def headline(self, language: str) -> str:
        """The answer in one sentence, in Russian for "ru", else in English."""
        if self.covered_until:
            return filled(rules.COVERED, {"until": self.covered_until}).text(language)
        return _UNCOVERED[self.verdict].text(language)


_UNCOVERED: dict[Verdict, Phrase] = {
    Verdict.NOT_COVERED: rules.NOT_COVERED,
    Verdict.NOT_ESTABLISHED: rules.NOT_ESTABLISHED,
}


def entitlement(
    device: CoveredDevice,
    evidence: Iterable[Evidence],
    terms: TermPolicy,
    overrides: Iterable[ContractOverride],
    extra_entitlements: Sequence[Entitlement],
    today: date,
    contract_remarks: Sequence[RuleApplied] = (),
    repairs: Sequence[Interval] = (),
) -> CoverageAnswer:
    """The warranty of `device` on `today` by rules W-1, W-4, W-3, W-2, W-7 and W-12, in that order.

    A phone not of our make has none (W-1). Contract clauses settle the terms (W-4), evidence the
    first day (W-3), both the last day (W-2), and time in `repairs` moves it (W-7). The union of
    this right with the device's other dated rights decides (W-12): a day inside is COVERED; a day
    outside is NOT_COVERED, or NOT_ESTABLISHED while the base right has no proved first day.
    `contract_remarks` tell of contracts that change nothing. Raises OverridesClashError, and
    CalendarEndError for dates near the calendar's ends.
    """
    if not device.own_product:
        return _outside_the_rules(device, today)
    agreed = agreed_terms(terms, overrides)
    start = find_start(evidence, agreed)
    origin = _origin(start.accepted, agreed) if start.accepted else None
    base = _base_right(origin) if origin else None
    as_given = (*((base,) if base else ()), *extra_entitlements)
    rights = _with_repairs(as_given, repairs)
    periods = union(right.interval for right in rights if right.kind.covers)
    period = next((period for period in periods if today in period), None)
    return CoverageAnswer(
        device=device,
        today=today,
        verdict=_verdict(period, rights),
        covered_until=period.end if period else None,
        intervals=periods,
        entitlements=rights,
        start_evidence=start.accepted.evidence if start.accepted else None,
        trace=(
            rules.OWN_PRODUCT.applied(product=device.product),
            *explain_agreement(agreed),
            *contract_remarks,
            *explain_start(start, agreed),
            _explain_term(base, agreed),
            *_explain_repairs(as_given, repairs),
            *(_explain_right(right) for right in rights[1 if base else 0 :]),
            _explain_day(periods, today),
            *(_explain_gap(gap) for gap in gaps(periods)),
        ),
        origin=origin,
    )


def _outside_the_rules(device: CoveredDevice, today: date) -> CoverageAnswer:
    return CoverageAnswer(
        device=device,
        today=today,
        verdict=Verdict.NOT_COVERED,
        covered_until=None,
        intervals=(),
        entitlements=(),
        start_evidence=None,
        trace=(rules.OTHER_PRODUCT.applied(product=device.product),),
    )


def _origin(start: TermStart, agreed: AgreedTerms) -> TermOrigin:
    return TermOrigin(start.evidence, start.counted_from, agreed.months)


def _base_right(origin: TermOrigin) -> Entitlement:
    evidence = origin.evidence
    return Entitlement(EntitlementKind.BASE, evidence.on, origin.ends_on, evidence.reference)


def _with_repairs(
    rights: Sequence[Entitlement], repairs: Sequence[Interval]
) -> tuple[Entitlement, ...]:
    """W-7: each right's last day moves by the repairs of the whole cover that began by it."""
    first = min((right.start for right in rights if right.kind.covers), default=None)
    if first is None or not repairs:
        return tuple(rights)
    return tuple(
        replace(right, end=prolonged(first, right.end, repairs).end) if right.kind.covers else right
        for right in rights
    )


def _explain_repairs(
    rights: Sequence[Entitlement], repairs: Sequence[Interval]
) -> tuple[RuleApplied, ...]:
    covering = [right for right in rights if right.kind.covers]
    if not covering:
        return ()
    first = min(right.start for right in covering)
    last = max(right.end for right in covering)
    return tuple(
        rules.TIME_IN_REPAIR.applied(
            on=repair.end, start=repair.start, end=repair.end, days=days_phrase(days_of(repair))
        )
        for repair in prolonged(first, last, repairs).counted
    )


def _verdict(period: Interval | None, rights: Sequence[Entitlement]) -> Verdict:
    if period:
        return Verdict.COVERED
    if any(right.kind is EntitlementKind.BASE for right in rights):
        return Verdict.NOT_COVERED
    return Verdict.NOT_ESTABLISHED


def _explain_term(base: Entitlement | None, agreed: AgreedTerms) -> RuleApplied:
    months = months_phrase(agreed.months)
    if base is None:
        return rules.TERM_WITHOUT_START.applied(months=months)
    return rules.TERM_ENDS.applied(on=base.end, months=months, end=base.end)


def _explain_right(right: Entitlement) -> RuleApplied:
    rule = rules.RIGHT_COUNTED if right.kind.covers else rules.RIGHT_NOT_COUNTED
    return rule.applied(
        on=right.end,
        reference=right.source,
        right=right.kind.phrase,
        start=right.start,
        end=right.end,
    )


def _explain_day(periods: Sequence[Interval], today: date) -> RuleApplied:
    begun = [period for period in periods if period.start <= today]
    if begun and today in begun[-1]:
        last = begun[-1]
        return rules.DAY_INSIDE.applied(on=last.end, today=today, start=last.start, end=last.end)
    if begun:
        return rules.DAY_AFTER.applied(on=begun[-1].end, today=today, end=begun[-1].end)
    if periods:
        return rules.DAY_BEFORE.applied(on=periods[0].start, today=today, start=periods[0].start)
    return rules.NO_PERIOD.applied()


def _explain_gap(gap: Interval) -> RuleApplied:
    return rules.PERIODS_APART.applied(on=gap.start, start=gap.start, end=gap.end)
