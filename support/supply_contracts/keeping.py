"""Changing supply contracts, taking one back, and which phones are under each (W-4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts import audit
from catalogue import products
from provision.devices.models import Handover
from storage.refusals import ConflictError, NotFoundError
from support import contracts
from support.contracts import NewContract
from support.customer_kinds import check_floor
from support.models import SupplyContract
from support.supply_contracts.form import mark_of
from support.warranty_terms.evidence import StartEvent
from support.warranty_terms.terms import ContractOverride, TermPolicy


class UnknownContractError(NotFoundError):
    code = "unknown-contract"
    ru = "Такого договора поставки нет."
    en = "There is no such supply contract."


class ContractInUseError(ConflictError):
    code = "contract-in-use"
    ru = "По договору {number} переданы телефоны ({phones}): обещанное им остаётся."
    en = "Phones were handed over under {number} ({phones}): what was promised to them stays."


class ContractChangedError(ConflictError):
    code = "contract-changed"
    ru = (
        "Договор {number} тем временем изменил другой сотрудник. Показано то, что сохранил он; "
        "ваши изменения не сохранены — внесите их заново."
    )
    en = (
        "Somebody else changed the contract {number} meanwhile. What they stored is shown; "
        "your changes were not saved: make them again."
    )


@dataclass(frozen=True)
class ListedContract:
    """A contract, and how many phones a proof of handover puts under it."""

    contract: SupplyContract
    phones: int


@dataclass(frozen=True)
class Unrecorded:
    """A number that proofs of handover name and nobody has recorded: the general rule rules."""

    number: str
    phones: int


def get(session: Session, contract_id: int) -> SupplyContract:
    """The contract of this row; raises UnknownContractError."""
    found = session.get(SupplyContract, contract_id)
    if found is None:
        raise UnknownContractError
    return found


def get_to_change(session: Session, contract_id: int, seen: str | None) -> SupplyContract:
    """The contract, locked until the transaction ends.

    `seen` is the mark of what the person looked at; raises ContractChangedError if it moved on.
    """
    query = select(SupplyContract).where(SupplyContract.id == contract_id)
    found = session.scalar(query.with_for_update(of=SupplyContract))
    if found is None:
        raise UnknownContractError
    if seen is not None and seen != mark_of(found):
        raise ContractChangedError(number=found.number)
    return found


def listed(session: Session) -> tuple[Sequence[ListedContract], Sequence[Unrecorded]]:
    """All contracts by number with their phones, and the numbers that are not on record."""
    phones = _phones(session)
    recorded = contracts.every(session)
    known = {one.number for one in recorded}
    return (
        [ListedContract(one, phones.get(one.number, 0)) for one in recorded],
        [Unrecorded(number, phones[number]) for number in sorted(phones) if number not in known],
    )


def phones_under(session: Session, contract: SupplyContract) -> int:
    """How many phones a proof of handover puts under the contract."""
    return _phones(session).get(contract.number, 0)


def change(
    session: Session,
    contract: SupplyContract,
    to: NewContract,
    *,
    actor: str,
    now: datetime,
    policy: TermPolicy,
) -> SupplyContract:
    """Change what a contract changes; for its phones the answer is another at once.

    Number and organisation stay: papers name them. A consumer's floor holds as for a new one (W-9).
    """
    clause = ContractOverride(contract.number, to.months, to.start)
    check_floor(to.customer_kind, clause, policy)
    product = products.get(session, to.product) if to.product else None
    before = _said(contract)
    contract.product = product
    contract.months = to.months
    contract.start_event = to.start if isinstance(to.start, StartEvent) else None
    contract.start_date = to.start if isinstance(to.start, date) else None
    contract.customer_kind = to.customer_kind
    contract.replacement_policy = to.replacement_policy
    contract.inbound_payer, contract.return_payer = to.inbound_payer, to.return_payer
    changed = {name: one for name, one in _said(contract).items() if one != before[name]}
    if changed:
        audit.record(session, actor, "contract.change", contract.subject, now, **changed)
    return contract


def take_back(session: Session, contract: SupplyContract, *, actor: str, now: datetime) -> None:
    """Take a contract off the record; raises ContractInUseError while phones are under it."""
    phones = phones_under(session, contract)
    if phones:
        raise ContractInUseError(number=contract.number, phones=phones)
    session.delete(contract)
    audit.record(session, actor, "contract.remove", contract.subject, now)


def _phones(session: Session) -> Mapping[str, int]:
    query = (
        select(Handover.contract, func.count(Handover.device_id.distinct()))
        .where(Handover.contract != "")
        .group_by(Handover.contract)
    )
    return dict(session.execute(query).all())


def _said(contract: SupplyContract) -> dict[str, object]:
    """The clauses as the audit trail names them."""
    start = contract.start
    return {
        "product": contract.product.code if contract.product else None,
        "months": contract.months,
        "start": start.isoformat() if isinstance(start, date) else start,
        "customer": contract.customer_kind,
        "replacement_policy": contract.replacement_policy,
        "inbound_payer": contract.inbound_payer,
        "return_payer": contract.return_payer,
    }
