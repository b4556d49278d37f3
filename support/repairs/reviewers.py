"""Who else may agree with a decision or answer a dispute of it: never who made it (X-5, R-8)."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Role, User
from support.cases.models import CoverageDecision
from support.cases.vocabulary import DecisionState

#: The roles that change a repair; an admin always may.
_DECIDING = (Role.AGENT, Role.ENGINEER, Role.ADMIN)


def made_by(decisions: Sequence[CoverageDecision]) -> frozenset[str]:
    """The logins barred from the decision that waits for another person; empty when none does.

    `decisions` of one phone, the newest first. Who proposed one does not approve it; who proposed
    or approved a disputed one does not answer the dispute.
    """
    newest = next(iter(decisions), None)
    if newest is None or newest.state not in {DecisionState.PROPOSED, DecisionState.DISPUTED}:
        return frozenset()
    return frozenset(filter(None, (newest.proposed_by, newest.approved_by)))


def others(session: Session, barred: Collection[str]) -> Sequence[User]:
    """The people who may decide in their stead, by name."""
    query = select(User).where(
        User.role.in_(_DECIDING), User.disabled_at.is_(None), User.login.not_in(barred)
    )
    return session.scalars(query.order_by(User.name, User.login)).all()
