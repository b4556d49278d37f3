"""What a decision on a case needs: rules R-8 and X-1…X-5.

The published list of exclusions (X-1…X-4) is closed: any other reason, and a case taken on though
the term is over, waits for another person.
"""

from dataclasses import dataclass

from support.cases.vocabulary import Reason
from support.repairs.refused import (
    EvidenceError,
    PhotoMissingError,
    ReasonMissingError,
    StillCoveredError,
)

EVIDENCE_MIN = 10
#: Reasons that a photo shows: without one nobody could check them in a dispute.
_SEEN = frozenset({"X-1", "X-2", "X-3"})


@dataclass(frozen=True)
class Finding:
    """What an engineer found. `photos` are kept with the case."""

    covered: bool
    reason: Reason | None
    evidence: str
    photos: int = 0


@dataclass(frozen=True)
class Proposal:
    """What the rules say before anybody has looked at the phone, and the rule that says it."""

    covered: bool
    reason: Reason
    rule: str


def proposed(*, in_term: bool | None, on_record: bool) -> Proposal | None:
    """W-5: a fault told of after the term is not covered (X-5).

    Nothing is proposed in time, where X-1…X-4 are for a person to see, nor where the term is not
    established or the phone is not on record.
    """
    if not on_record or in_term is not False:
        return None
    return Proposal(covered=False, reason=Reason.TERM_EXPIRED, rule="W-5")


def check(finding: Finding, *, in_term: bool) -> None:
    """Raise EvidenceError, ReasonMissingError or StillCoveredError.

    `in_term`: the fault was told of while the warranty ran.
    """
    if len(finding.evidence.strip()) < EVIDENCE_MIN:
        raise EvidenceError(limit=EVIDENCE_MIN)
    if finding.covered:
        return
    if finding.reason is None:
        raise ReasonMissingError
    if finding.reason.rule in _SEEN and not finding.photos:
        raise PhotoMissingError(reason=finding.reason.phrase.en, reason_ru=finding.reason.phrase.ru)
    if finding.reason is Reason.TERM_EXPIRED and in_term:
        raise StillCoveredError


def needs_approver(finding: Finding, *, in_term: bool) -> bool:
    """Whether another person has to agree."""
    if finding.covered:
        return not in_term
    return finding.reason is None or not finding.reason.is_published
