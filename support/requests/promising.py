"""What a request is promised: what its contract agreed, else nothing."""

from sqlalchemy.orm import Session

from support.agreements import agreed, agreements
from support.agreements.tiers import Tier
from support.packages.package import Priority
from support.sla.log import Terms


def terms_of(session: Session, tier: Tier, priority: Priority) -> Terms:
    """The terms at this priority; those of the free tier have no clock (S-5)."""
    if tier.contract is None:
        return Terms(tier.package, priority)
    return Terms.of(agreed.package_of(agreements.get(session, tier.contract)), priority)
