"""What the public may read of a warranty that is over: its last day, and what is left to do.

The last day alone, as the check tells it while the warranty runs: no handover, no paper, no case.
"""

from dataclasses import dataclass
from datetime import date

from support.claims import ClaimPolicy, claim_window
from support.warranty import CoverageAnswer, Verdict
from support.work_calendar import WorkCalendar


@dataclass(frozen=True)
class EndedTerm:
    """A term that ended on `last_day`, inclusive (W-2).

    `claims_until` is set while a fault may still be told of, as that last day was off (W-6).
    `service_ended` is the day after which the model is not repaired, where that is past (W-10).
    """

    last_day: date
    claims_until: date | None = None
    service_ended: date | None = None

    @property
    def may_be_repaired(self) -> bool:
        """R-7: whether a paid repair may be ordered."""
        return self.claims_until is None and self.service_ended is None


def ended_term(
    answer: CoverageAnswer, calendar: WorkCalendar, support_end: date | None
) -> EndedTerm | None:
    """The term that is over on the answer's day; None for any other."""
    past = [period.end for period in answer.intervals if period.end < answer.today]
    if answer.verdict is not Verdict.NOT_COVERED or not past:
        return None
    last = max(past)
    window = claim_window(last, calendar, ClaimPolicy())
    return EndedTerm(
        last,
        claims_until=window.accepted_until if answer.today <= window.accepted_until else None,
        service_ended=support_end if support_end and support_end < answer.today else None,
    )
