"""Supply contracts: recording them, and what those named for a device change in its terms (W-4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import audit, users
from catalogue import products
from storage.refusals import ConflictError, RefusedError
from support.customer_kinds import CustomerKind, check_floor
from support.models import SupplyContract
from support.replacements.policy import ReplacementPolicy
from support.rules import CONTRACT_SILENT, CONTRACT_UNRECORDED, RuleApplied
from support.warranty_terms.evidence import StartEvent
from support.warranty_terms.terms import ContractOverride, TermPolicy

NUMBER_LENGTH_MAX = 64


class ContractNumberError(RefusedError):
    code = "contract-number"
    field = "contract"
    ru = "Номер договора — от 1 до {limit} знаков."
    en = "A contract's number has 1 to {limit} characters."


class ContractExistsError(ConflictError):
    code = "contract-exists"
    field = "contract"
    ru = "Договор {number} уже внесён."
    en = "The contract {number} is already on record."


@dataclass(frozen=True)
class NewContract:
    """A contract to record: organisation by name, product by code, the start as date or event."""

    number: str
    organisation: str
    months: int | None = None
    start: date | StartEvent | None = None
    product: str | None = None
    customer_kind: CustomerKind = CustomerKind.LEGAL
    replacement_policy: ReplacementPolicy | None = None
    inbound_payer: str | None = None
    return_payer: str | None = None


@dataclass(frozen=True)
class ContractTerms:
    """What contracts change for one device, and a trace line for each that changes nothing."""

    overrides: tuple[ContractOverride, ...]
    remarks: tuple[RuleApplied, ...]


def contract_number(text: str) -> str:
    """The number as it is stored and compared; raises ContractNumberError."""
    number = text.strip()
    if not 0 < len(number) <= NUMBER_LENGTH_MAX:
        raise ContractNumberError(limit=NUMBER_LENGTH_MAX)
    return number


def add(
    session: Session,
    new: NewContract,
    *,
    actor: str,
    now: datetime,
    policy: TermPolicy | None = None,
) -> SupplyContract:
    """Record a contract; raises ContractExistsError, TermLengthError or an unknown name's error.

    One with a consumer may not go below the floor (W-9): raises ConsumerTermError or
    ConsumerStartError.
    """
    terms = ContractOverride(contract_number(new.number), new.months, new.start)
    check_floor(new.customer_kind, terms, policy or TermPolicy())
    if session.scalar(select(SupplyContract.id).where(SupplyContract.number == terms.number)):
        raise ContractExistsError(number=terms.number)
    contract = SupplyContract(
        number=terms.number,
        organisation=users.organisation(session, new.organisation),
        product=products.get(session, new.product) if new.product else None,
        months=terms.months,
        start_event=terms.start if isinstance(terms.start, StartEvent) else None,
        start_date=terms.start if isinstance(terms.start, date) else None,
        customer_kind=new.customer_kind,
        replacement_policy=new.replacement_policy,
        inbound_payer=new.inbound_payer,
        return_payer=new.return_payer,
        created_at=now,
    )
    session.add(contract)
    session.flush()
    audit.record(session, actor, "contract.add", contract.subject, now)
    return contract


def every(session: Session) -> Sequence[SupplyContract]:
    """All contracts by number."""
    return session.scalars(select(SupplyContract).order_by(SupplyContract.number)).all()


def terms_for(session: Session, numbers: Sequence[str], product_code: str) -> ContractTerms:
    """What the contracts of these numbers change for a device of this product.

    A number that nobody recorded changes nothing, and the answer says so: its terms are unknown,
    and only the general rule is left.
    """
    query = select(SupplyContract).where(SupplyContract.number.in_(numbers))
    recorded = {contract.number: contract for contract in session.scalars(query)}
    overrides = [_override(contract, product_code) for contract in recorded.values()]
    return ContractTerms(
        overrides=tuple(overrides),
        remarks=(
            *(CONTRACT_SILENT.applied(reference=o.number) for o in overrides if _is_silent(o)),
            *(CONTRACT_UNRECORDED.applied(reference=n) for n in numbers if n not in recorded),
        ),
    )


def _override(contract: SupplyContract, product_code: str) -> ContractOverride:
    if contract.product is not None and contract.product.code != product_code:
        return ContractOverride(contract.number)
    return ContractOverride(contract.number, contract.months, contract.start)


def _is_silent(override: ContractOverride) -> bool:
    return override.months is None and override.start is None
