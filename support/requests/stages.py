"""Which state may follow which when a person sets it. Pure."""

from collections.abc import Mapping

from support.requests.refused import WrongStateError
from support.sla.log import State

_ACTIVE = frozenset({State.OPEN, State.WAITING_CUSTOMER, State.WAITING_RMA_INBOUND})
#: A refusal and its appeal have rules of their own (support.requests.refusing).
NEXT: Mapping[State, frozenset[State]] = {
    State.NEW: _ACTIVE | {State.RESOLVED},
    State.OPEN: _ACTIVE | {State.RESOLVED},
    State.WAITING_CUSTOMER: _ACTIVE | {State.RESOLVED},
    State.WAITING_RMA_INBOUND: _ACTIVE | {State.RESOLVED},
    State.RESOLVED: frozenset({State.OPEN, State.CLOSED}),
    State.CLOSED: frozenset(),
    State.REFUSED: frozenset(),
}


def check_step(now: State, wanted: State) -> None:
    """Raise WrongStateError unless a person may set `wanted` in the state `now`."""
    if wanted is not now and wanted not in NEXT[now]:
        raise WrongStateError(
            now_ru=now.phrase.ru, now_en=now.phrase.en,
            wanted_ru=wanted.phrase.ru, wanted_en=wanted.phrase.en,
        )  # fmt: skip


def after_customer(now: State) -> State:
    """S-10: any word of the User ends the waiting, and reopens what was called resolved."""
    return State.OPEN if now.pauses or now is State.RESOLVED else now
