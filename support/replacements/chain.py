"""Reading the chain of replacements: what was given for a phone, and what it was given for."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from provision.models import Device
from support import rules
from support.intervals import Interval
from support.replacements.models import Replacement
from support.replacements.policy import ReplacementPolicy
from support.warranty import CoverageAnswer, Verdict


def given_for(session: Session, mac: str) -> Replacement | None:
    """The replacement that ended the life of the phone with this MAC."""
    query = select(Replacement).join(Device, Device.id == Replacement.old_device_id)
    return session.scalar(query.where(Device.mac == mac))


def origin_of(session: Session, mac: str) -> Replacement | None:
    """The replacement by which the phone with this MAC came."""
    query = select(Replacement).join(Device, Device.id == Replacement.new_device_id)
    return session.scalar(query.where(Device.mac == mac))


def with_replacements(session: Session, answer: CoverageAnswer, mac: str) -> CoverageAnswer:
    """The answer with what replacements make of it."""
    came = origin_of(session, mac)
    if came is not None:
        policy = ReplacementPolicy(came.policy).phrase
        line = rules.GIVEN_IN_PLACE.applied(
            on=came.given_on, reference=came.reference, policy=policy
        )
        answer = replace(answer, trace=(*answer.trace, line))
    gone = given_for(session, mac)
    return ended(answer, gone.given_on, gone.reference) if gone else answer


def ended(answer: CoverageAnswer, on: date, reference: str) -> CoverageAnswer:
    """W-8: the rights of a replaced phone close on the day the other was given."""
    periods = _until(answer.intervals, on)
    period = next((one for one in periods if answer.today in one), None)
    return replace(
        answer,
        verdict=Verdict.COVERED if period else Verdict.NOT_COVERED,
        covered_until=period.end if period else None,
        intervals=periods,
        entitlements=tuple(
            replace(right, end=min(right.end, on))
            for right in answer.entitlements
            if right.start <= on
        ),
        trace=(*answer.trace, rules.REPLACED.applied(on=on, reference=reference)),
    )


def _until(periods: Sequence[Interval], on: date) -> tuple[Interval, ...]:
    return tuple(Interval(one.start, min(one.end, on)) for one in periods if one.start <= on)
