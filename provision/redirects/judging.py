"""What may be claimed and how long a claim stands (pure)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

#: Nobody decided for so long: the partner files anew, code in hand.
DECIDED_WITHIN = timedelta(days=14)
#: For how many days staff may send a phone away.
TERMS_DAYS = (30, 90, 365)
WRONG_TRIES_MAX = 10
WRONG_TRIES_WITHIN = timedelta(hours=1)
_LIVE = frozenset({"waiting", "approved"})


@dataclass(frozen=True)
class Unit:
    """What is known of a phone that somebody claims: it may be none of ours."""

    is_known: bool
    code_fits: bool
    is_claimed: bool


def may_claim(unit: Unit) -> bool:
    """Whether a claim is taken. Which of the three was wrong is nobody's business."""
    return unit.is_known and unit.code_fits and not unit.is_claimed


def may_try(wrong_tries: int) -> bool:
    """Whether an organisation may guess once more, after so many wrong tries lately."""
    return wrong_tries < WRONG_TRIES_MAX


def standing(state: str, ends_at: datetime, now: datetime) -> str:
    """The state that a claim is in now: a live one whose time is over has expired."""
    return "expired" if state in _LIVE and ends_at <= now else state


def redirects(state: str, ends_at: datetime, now: datetime) -> bool:
    """Whether the phone is sent away."""
    return standing(state, ends_at, now) == "approved"
