"""From which day a warranty term counts, and how well that day is proved (rule W-3)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from support.civil_dates import add_days, add_months
from support.rules import (
    EVIDENCE_UNUSED,
    START_ESTIMATED,
    START_FROM_INDIRECT,
    START_PROVED,
    START_UNKNOWN,
    RuleApplied,
)
from support.warranty_terms.evidence import Evidence, EvidenceKind, by_strength
from support.warranty_terms.terms import AgreedTerms, TermPolicy


@dataclass(frozen=True)
class TermStart:
    """The first covered day is the evidence's own; the months count from `counted_from`.

    The two differ only by the days of grace after a ship date: a phone is covered on the way to
    its User as well. `proved` is False for evidence weaker than the rules ask for.
    """

    evidence: Evidence
    counted_from: date
    proved: bool


@dataclass(frozen=True)
class StartFinding:
    """All that W-3 can tell: the accepted start if any, an estimate if not, and the rest."""

    accepted: TermStart | None
    estimate: TermStart | None
    unused: tuple[Evidence, ...]


def find_start(evidence: Iterable[Evidence], agreed: AgreedTerms) -> StartFinding:
    """W-3: the strongest evidence that proves the agreed event, or else no start at all.

    A date that a contract names needs no other proof. Weaker evidence only makes an estimate,
    unless the policy accepts it as a start. Raises CalendarEndError where the days of grace leave
    the calendar.
    """
    known = by_strength(evidence)
    proof = _proof(known, agreed)
    if proof:
        unused = tuple(item for item in known if item != proof)
        return StartFinding(TermStart(proof, proof.on, proved=True), None, unused)
    if not known:
        return StartFinding(None, None, ())
    weaker = TermStart(known[0], _with_grace(known[0], agreed.policy), proved=False)
    if agreed.policy.accept_fallback_evidence:
        return StartFinding(weaker, None, known[1:])
    return StartFinding(None, weaker, known[1:])


def explain_start(finding: StartFinding, agreed: AgreedTerms) -> tuple[RuleApplied, ...]:
    """What the start rests on, or that it rests on nothing, with every other known evidence."""
    start = _explain_accepted(finding.accepted, agreed)
    estimate = (_explain_estimate(finding.estimate, agreed),) if finding.estimate else ()
    unused = (
        EVIDENCE_UNUSED.applied(on=item.on, reference=item.reference, evidence=item.kind.phrase)
        for item in finding.unused
    )
    return (start, *estimate, *unused)


def _proof(known: Sequence[Evidence], agreed: AgreedTerms) -> Evidence | None:
    proofs = (item for item in known if agreed.start_event.is_proved_by(item.kind))
    return agreed.start_date or next(proofs, None)


def _with_grace(evidence: Evidence, policy: TermPolicy) -> date:
    shipped = evidence.kind is EvidenceKind.VENDOR_SHIPMENT
    return add_days(evidence.on, policy.grace_days if shipped else 0)


def _explain_accepted(start: TermStart | None, agreed: AgreedTerms) -> RuleApplied:
    if start is None:
        return START_UNKNOWN.applied(event=agreed.start_phrase)
    rule = START_PROVED if start.proved else START_FROM_INDIRECT
    return rule.applied(
        on=start.evidence.on,
        reference=start.evidence.reference,
        event=agreed.start_phrase,
        evidence=start.evidence.kind.phrase,
        counted_from=start.counted_from,
    )


def _explain_estimate(estimate: TermStart, agreed: AgreedTerms) -> RuleApplied:
    return START_ESTIMATED.applied(
        on=estimate.evidence.on,
        reference=estimate.evidence.reference,
        evidence=estimate.evidence.kind.phrase,
        counted_from=estimate.counted_from,
        end=add_months(estimate.counted_from, agreed.months),
    )
