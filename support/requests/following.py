"""What the person who asked sees of a request: what happens now and by when, and what was said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from support import business_time
from support.agreements.tiers import Reason
from support.calendars import keeping
from support.packages.package import Promise
from support.personal_data import consent_terms, consents, terms
from support.personal_data.consent_terms import ConsentTerm
from support.personal_data.models import Consent
from support.requests import endings, records, refusing
from support.requests.models import Refusal, RequestMessage, SupportRequest
from support.requests.vocabulary import RefusalState
from support.sla.clocks import Clock, Standing
from support.sla.log import State

_TOLD = (RefusalState.IN_FORCE, RefusalState.APPEALED, RefusalState.UPHELD, RefusalState.LIFTED)


@dataclass(frozen=True)
class Followed:
    """A request as its sender may see it: no note, no name of who is to answer, no debt.

    `counts_from` is set where the request came outside working hours (S-3). `clocks` are empty on
    the free tier, which has no regulated time (S-5), and where `records.tells_tier` is not.
    """

    request: SupportRequest
    messages: Sequence[RequestMessage]
    clocks: Sequence[Clock]
    counts_from: datetime | None
    refusal: Refusal | None
    consent: Consent | None

    consent_term: ConsentTerm | None

    @property
    def erased_by(self) -> date | None:
        """By when the data go, once the consent is withdrawn."""
        return consents.ends_on(self.consent) if self.consent else None

    @property
    def state(self) -> State:
        return State(self.request.state)

    @property
    def reason(self) -> Reason | None:
        """Why it has its tier; None for whoever may not learn it."""
        return Reason(self.request.tier_reason) if records.tells_tier(self.request) else None

    @property
    def may_write(self) -> bool:
        return not self.state.is_frozen

    @property
    def may_appeal(self) -> bool:
        return self.refusal is not None and self.refusal.state == RefusalState.IN_FORCE

    @property
    def next_clock(self) -> Clock | None:
        """The promise that is due next, while anything is promised and not kept."""
        running = [one for one in self.clocks if one.standing is Standing.RUNNING]
        return min(running, key=_deadline, default=None)


def _deadline(clock: Clock) -> datetime:
    assert clock.deadline is not None, "a clock that runs has one"
    return clock.deadline


def of(session: Session, request: SupportRequest, now: datetime) -> Followed:
    """The request as its sender sees it at `now`."""
    known = keeping.current(session)
    log = records.logs(session, [request.id])[request.id]
    found = records.clocks_of(request, log, known, now)
    opening = business_time.next_opening(known.calendar, request.registered_at)
    around_the_clock = any(one.target and one.target.around_the_clock for one in found.values())
    consent = consents.of(session, request.consent_id)
    refusals = refusing.of_request(session, request.id)
    return Followed(
        request=request,
        messages=[one for one in records.messages(session, request.id) if one.is_public],
        clocks=[found[promise] for promise in Promise if found[promise].target]
        if records.tells_tier(request)
        else [],
        counts_from=None
        if around_the_clock or opening - request.registered_at < timedelta(seconds=1)
        else opening,
        refusal=next((one for one in refusals if one.state in _TOLD), None),
        consent=consent,
        consent_term=consent_terms.term_of(
            consent, endings.over_at(request), terms.current(session)
        )
        if consent
        else None,
    )
