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
