"""Staff write down what a request is about: its phones, its symptom, its priority, whose it is."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from accounts import audit
from storage.installation import Installation
from support.agreements import agreements
from support.packages.own import packages_of
from support.packages.package import Priority
from support.requests import named, phones, promising, records
from support.requests.models import SupportRequest
from support.requests.vocabulary import EventKind, Symptom
from support.warranty_terms.terms import TermPolicy


def describe(
    session: Session,
    installation: Installation,
    request: SupportRequest,
    changes: Mapping[str, str],
    *,
    actor: str,
    now: datetime,
) -> None:
    """Write down what staff learned: serials, product, firmware, symptom, priority, organisation.

    The tier is found anew; what is used of the promised time stays used (S-11).
    """
    request.product = changes.get("product", request.product).strip()[:64]
    request.firmware = changes.get("firmware", request.firmware).strip()[:64]
    request.symptom = Symptom(changes.get("symptom", request.symptom))
    if "serials" in changes:
        phones.note(session, request, phones.typed(changes["serials"]))
    if "organisation_id" in changes:
        request.organisation_id = int(changes["organisation_id"] or 0) or None
    session.flush()
    session.refresh(request, ["devices", "organisation"])
    policy = installation.option(TermPolicy)
    before = request.contract.number if request.contract else None
    # The contract of the day on which the request came decides, as it was promised then (S-7).
    tier = agreements.tier_for(
        session, request.serials, request.organisation_id, policy, packages_of(installation),
        request.registered_at, before,
    )  # fmt: skip
    priority = Priority(changes.get("priority", request.priority))
    record = {name: value for name, value in changes.items() if name != "organisation_id"}
    records.record(session, request, EventKind.DESCRIBED, actor, now, **record)
    # Two contracts of one package may have agreed on other targets.
    if (tier.package, tier.contract, priority) != (request.package, before, request.priority):
        terms = promising.terms_of(session, tier, priority)
        records.set_terms(session, request, terms, actor, now)
    request.tier_reason = tier.reason
    request.contract = agreements.get(session, tier.contract) if tier.contract else None
    if tier.contract != before:
        named.give(session, request, now)
    audit.record(session, actor, "request.describe", request.audit_subject, now)
