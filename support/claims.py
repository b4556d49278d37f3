"""Until when a claim under the warranty is in time: rules W-5 and W-6.

The defect has to be told of within the term; the phone itself may arrive later. What is handed to
the post by 24:00 of the last day is in time (ГК 194), and a term that ends on a day off ends on the
next working day (ГК 193).
"""

from dataclasses import dataclass, replace
from datetime import date

from support import rules
from support.rules import RuleApplied
from support.warranty import CoverageAnswer
from support.work_calendar import WorkCalendar


@dataclass(frozen=True)
class ClaimPolicy:
    """`roll`: whether a last day that is not worked moves to the next working day (ГК 193)."""

    roll: bool = True


@dataclass(frozen=True)
class ClaimWindow:
    """`last_day` is told to the public; claims are taken through `accepted_until`, inclusive."""

    last_day: date
    accepted_until: date

    @property
    def rolled(self) -> bool:
        return self.accepted_until != self.last_day

    def is_in_time(self, told_on: date, postmark: date | None = None) -> bool:
        """W-5: whether a defect told of on `told_on` (in Moscow) is in time.

        For a letter or parcel the day it was handed to the post counts, where it is earlier.
        """
        return min(told_on, postmark or told_on) <= self.accepted_until


def claim_window(last_day: date, calendar: WorkCalendar, policy: ClaimPolicy) -> ClaimWindow:
    """W-6: the window of a warranty that ends on `last_day`, inclusive."""
    return ClaimWindow(last_day, calendar.next_working(last_day) if policy.roll else last_day)


def with_claims(
    answer: CoverageAnswer, calendar: WorkCalendar, policy: ClaimPolicy
) -> CoverageAnswer:
    """The answer with the day through which claims are taken, and the rules that say so."""
    if answer.covered_until is None:
        return answer
    window = claim_window(answer.covered_until, calendar, policy)
    return replace(
        answer,
        claims_until=window.accepted_until,
        trace=(*answer.trace, *_explain(window, calendar)),
    )


def _explain(window: ClaimWindow, calendar: WorkCalendar) -> tuple[RuleApplied, ...]:
    told = rules.CLAIM_IN_TIME.applied(on=window.last_day, end=window.last_day)
    if not window.rolled:
        return (told,)
    rolled = (
        rules.LAST_DAY_OFF_PROVISIONAL
        if calendar.is_provisional(window.accepted_until)
        else (rules.LAST_DAY_OFF)
    )
    moved = rolled.applied(
        on=window.accepted_until, end=window.last_day, until=window.accepted_until
    )
    return (told, moved)
