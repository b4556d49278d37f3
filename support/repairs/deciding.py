"""From diagnosis to a decision in force, and the customer's dispute of it (R-8, X-1…X-5)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit
from storage.installation import Installation
from support.calendars import keeping
from support.cases.models import CoverageDecision, RepairUnit
from support.cases.vocabulary import (
    DecisionState,
    EventKind,
    PhotoKind,
    Reason,
    Resolution,
    Stage,
)
from support.claims import ClaimPolicy, claim_window
from support.coverage import coverage_of
from support.mailroom import outbox
from support.mailroom.options import MailOptions
from support.repairs import filing, judging, letters, photos, records
from support.repairs.judging import Finding
from support.repairs.refused import (
    DisputeAnswerError,
    DisputeTextError,
    NoDecisionError,
    PhotosFirstError,
    SamePersonError,
)
from support.warranty_terms.terms import TermPolicy

TEXT_MAX = 2000


def open_phone(
    session: Session, unit: RepairUnit, *, actor: str, now: datetime, no_photos: str = ""
) -> None:
    """Begin the diagnosis; raises PhotosFirstError without a photo from before (X-1).

    `no_photos` is why there can't be one. Who opened a phone with a customer's data is kept (R-12).
    """
    records.check_stage(unit, Stage.RECEIVED)
    taken = [one for one in photos.of_unit(session, unit) if one.kind == PhotoKind.BEFORE_OPENING]
    if not taken and not no_photos.strip():
        raise PhotosFirstError
    unit.stage = Stage.DIAGNOSIS
    records.record(session, unit, EventKind.OPENED, actor, now, no_photos=no_photos.strip()[:500])
    audit.record(session, actor, "repair.open", unit.subject, now)


def in_term(session: Session, installation: Installation, unit: RepairUnit) -> bool | None:
    """W-5, W-6: whether the fault was told of in time; None where the term is not established."""
    if unit.device is None or unit.device.serial is None:
        return False
    policy = installation.option(TermPolicy)
    answer = coverage_of(session, unit.device.serial, unit.requested_on, policy)
    if answer.origin is None:
        return None
    last = max((one.end for one in answer.intervals), default=None)
    if last is None:
        return False
    window = claim_window(last, keeping.current(session).calendar, ClaimPolicy())
    return window.is_in_time(unit.requested_on, unit.postmarked_on)


def propose(
    session: Session,
    installation: Installation,
    unit: RepairUnit,
    finding: Finding,
    *,
    actor: str,
    now: datetime,
) -> CoverageDecision:
    """An engineer's decision; one outside the published rules waits for another person.

    Raises what judging.check raises.
    """
    records.check_stage(unit, Stage.DIAGNOSIS)
    within = bool(in_term(session, installation, unit))
    whole = replace(finding, photos=len(photos.of_unit(session, unit)))
    judging.check(whole, in_term=within)
    waits = judging.needs_approver(whole, in_term=within)
    decision = CoverageDecision(
        unit_id=unit.id,
        covered=whole.covered,
        reason=None if whole.covered else whole.reason,
        evidence=whole.evidence.strip()[:TEXT_MAX],
        state=DecisionState.PROPOSED if waits else DecisionState.IN_FORCE,
        proposed_by=actor,
        proposed_at=now,
    )
    session.add(decision)
    session.flush()
    audit.record(
        session, actor, "repair.propose", unit.subject, now,
        covered=decision.covered, reason=decision.reason,
    )  # fmt: skip
    if waits:
        unit.stage = Stage.APPROVAL
        records.record(session, unit, EventKind.PROPOSED, actor, now)
    else:
        _take_effect(session, installation, unit, decision, actor, now)
    return decision


def review(
    session: Session,
    installation: Installation,
    unit: RepairUnit,
    *,
    approved: bool,
    actor: str,
    now: datetime,
) -> CoverageDecision:
    """Another person agrees or not; raises SamePersonError for the one who proposed it."""
    records.check_stage(unit, Stage.APPROVAL)
    decision = _latest(session, unit, DecisionState.PROPOSED)
    if decision.proposed_by == actor:
        raise SamePersonError
    decision.approved_by, decision.approved_at = actor, now
    audit.record(session, actor, "repair.review", unit.subject, now, approved=approved)
    if approved:
        decision.state = DecisionState.IN_FORCE
        _take_effect(session, installation, unit, decision, actor, now)
    else:
        decision.state, unit.stage = DecisionState.REJECTED, Stage.DIAGNOSIS
    return decision


def dispute(
    session: Session, unit: RepairUnit, text: str, *, actor: str, now: datetime
) -> CoverageDecision:
    """R-8: the customer does not agree; the phone stays until somebody has looked again."""
    words = text.strip()[:TEXT_MAX]
    if not words:
        raise DisputeTextError
    records.check_stage(unit, Stage.READY, Stage.QUOTE)
    decision = _latest(session, unit, DecisionState.IN_FORCE)
    if decision.covered:
        raise NoDecisionError
    decision.state, decision.dispute, decision.disputed_at = DecisionState.DISPUTED, words, now
    records.record(session, unit, EventKind.DISPUTED, actor, now, text=words)
    audit.record(session, actor, "repair.dispute", unit.subject, now)
    return decision


def settle(
    session: Session,
    installation: Installation,
    unit: RepairUnit,
    *,
    reverse: bool,
    answer: str,
    actor: str,
    now: datetime,
) -> CoverageDecision:
    """Answer a dispute, by another person than the one who decided; the case may become covered."""
    if not answer.strip():
        raise DisputeAnswerError
    records.check_stage(unit, Stage.READY, Stage.QUOTE)
    decision = _latest(session, unit, DecisionState.DISPUTED)
    if actor in {decision.proposed_by, decision.approved_by}:
        raise SamePersonError
    decision.state = DecisionState.REVERSED if reverse else DecisionState.UPHELD
    decision.dispute_answer, decision.dispute_decided_by = answer.strip()[:TEXT_MAX], actor
    if reverse:
        unit.covered, unit.reason = True, None
        unit.stage, unit.resolution = Stage.REPAIR, None
    records.record(
        session, unit, EventKind.DISPUTE_DECIDED, actor, now, text=decision.dispute_answer
    )
    audit.record(session, actor, "repair.settle", unit.subject, now, reversed=reverse)
    to = filing.addressed(installation, unit.report)
    letter = letters.settled(to, unit.serial, decision.dispute_answer, reverse=reverse)
    outbox.post(session, letter, installation.option(MailOptions), now=now)
    return decision


def of_unit(session: Session, unit: RepairUnit) -> Sequence[CoverageDecision]:
    """The decisions on a phone, the newest first."""
    query = select(CoverageDecision).where(CoverageDecision.unit_id == unit.id)
    return session.scalars(query.order_by(CoverageDecision.id.desc())).all()


def _latest(session: Session, unit: RepairUnit, state: DecisionState) -> CoverageDecision:
    found = next((one for one in of_unit(session, unit) if one.state == state), None)
    if found is None:
        raise NoDecisionError
    return found


def _take_effect(
    session: Session,
    installation: Installation,
    unit: RepairUnit,
    decision: CoverageDecision,
    actor: str,
    now: datetime,
) -> None:
    """R-5: a covered fault is repaired at the vendor's cost; R-7: another may be, at the User's."""
    unit.covered, unit.reason = decision.covered, decision.reason
    reason = Reason(decision.reason).phrase if decision.reason else None
    if decision.covered:
        unit.stage = Stage.REPAIR
    else:
        # Until the customer takes a quote it goes back as it is.
        unit.stage, unit.resolution = Stage.READY, Resolution.AS_IS
    said = letters.verdict(reason)
    records.record(
        session, unit, EventKind.DECIDED, actor, now,
        covered=decision.covered, text_ru=said.ru, text_en=said.en,
    )  # fmt: skip
    to = filing.addressed(installation, unit.report)
    letter = letters.decided(to, unit.serial, reason, decision.evidence)
    outbox.post(session, letter, installation.option(MailOptions), now=now)
