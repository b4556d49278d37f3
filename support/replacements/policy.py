"""What warranty a phone given in place of another has: rule W-8."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from support.civil_dates import add_days, add_months
from support.customer_kinds import CustomerKind
from support.phrases import Phrase

#: What a repair or replacement is warranted for at least, where a contract leaves the remainder.
SHORTEST_DAYS = 90


class ReplacementPolicy(StrEnum):
    """RESTART_FULL is the law's rule (ГК 471 п. 4); the other two need a clause of a contract."""

    RESTART_FULL = "restart-full"
    REMAINDER = "remainder"
    REMAINDER_OR_90_DAYS = "remainder-or-90-days"

    @property
    def phrase(self) -> Phrase:
        return _NAMES[self]


_NAMES = {
    ReplacementPolicy.RESTART_FULL: Phrase(
        "срок гарантии начинается заново", "the whole term begins anew"
    ),
    ReplacementPolicy.REMAINDER: Phrase(
        "по договору переходит остаток срока", "by the contract the rest of the term goes over"
    ),
    ReplacementPolicy.REMAINDER_OR_90_DAYS: Phrase(
        "по договору переходит остаток срока, но не меньше 90 дней",
        "by the contract the rest of the term goes over, and at least 90 days",
    ),
}


@dataclass(frozen=True)
class NewTerm:
    """The base warranty of the phone given; `restarts` says that it is a whole term."""

    policy: ReplacementPolicy
    given_on: date
    ends_on: date

    @property
    def restarts(self) -> bool:
        return self.policy is ReplacementPolicy.RESTART_FULL


def new_term(
    agreed: ReplacementPolicy | None,
    kind: CustomerKind,
    *,
    given_on: date,
    old_end: date,
    months: int,
) -> NewTerm:
    """The term of a phone given on `given_on` for one covered until `old_end`.

    A consumer always gets a whole new term (ЗоЗПП 21 п. 2), whatever a contract says.
    """
    policy = agreed or ReplacementPolicy.RESTART_FULL
    if kind is CustomerKind.CONSUMER:
        policy = ReplacementPolicy.RESTART_FULL
    if policy is ReplacementPolicy.RESTART_FULL:
        return NewTerm(policy, given_on, add_months(given_on, months))
    rest = max(old_end, given_on)
    if policy is ReplacementPolicy.REMAINDER_OR_90_DAYS:
        rest = max(rest, add_days(given_on, SHORTEST_DAYS))
    return NewTerm(policy, given_on, rest)


def moved_right_end(old_end: date, new: NewTerm) -> date:
    """The last day of a certificate that moves to the new phone."""
    return max(old_end, new.ends_on)
