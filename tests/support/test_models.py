from datetime import UTC, date, datetime

import pytest
from sqlalchemy.exc import IntegrityError

from accounts import audit, users
from support import contracts
from support.contracts import NewContract
from support.models import EntitlementRow, SupplyContract
from support.warranty_terms.entitlements import Entitlement, EntitlementKind
from support.warranty_terms.evidence import StartEvent
from tests.support.register import CUSTOMER, REGISTERED_AT, Register, device_row


def store(register: Register, *, number: str = "Д-17", **parts: object) -> None:
    with register.database.writing() as session:
        owner = users.organisation(session, CUSTOMER)
        session.add(
            SupplyContract(number=number, organisation=owner, created_at=REGISTERED_AT, **parts)
        )


def grant(register: Register, start: date, end: date, voided_at: datetime | None = None) -> int:
    with register.database.writing() as session:
        row = EntitlementRow(
            device_id=device_row(session, register.first).id,
            kind=EntitlementKind.LOANER,
            starts_on=start,
            ends_on=end,
            source="сертификат 5",
            voided_at=voided_at,
        )
        session.add(row)
        session.flush()
        return row.id


@pytest.mark.parametrize(
    "parts",
    [
        {"months": 0},
        {"start_event": StartEvent.SHIPMENT, "start_date": date(2026, 1, 1)},
    ],
)
def test_the_database_itself_refuses_a_contract_that_makes_no_sense(
    register: Register, parts: dict[str, object]
) -> None:
    with pytest.raises(IntegrityError):
        store(register, **parts)


def test_a_contract_number_is_one_contract(register: Register) -> None:
    store(register)
    with pytest.raises(IntegrityError):
        store(register)


def test_the_start_of_a_contract_is_its_date_its_event_or_nothing(register: Register) -> None:
    store(register, number="date", start_date=date(2026, 1, 1))
    store(register, number="event", start_event=StartEvent.SHIPMENT)
    store(register, number="none")
    with register.database.reading() as session:
        starts = [contract.start for contract in contracts.every(session)]
    assert starts == [date(2026, 1, 1), StartEvent.SHIPMENT, None]


def test_a_right_cannot_end_before_it_begins(register: Register) -> None:
    with pytest.raises(IntegrityError):
        grant(register, date(2026, 2, 2), date(2026, 2, 1))


def test_a_stored_right_comes_back_as_the_decision_takes_it(register: Register) -> None:
    day, voided_at = date(2026, 2, 1), datetime(2026, 3, 1, tzinfo=UTC)
    number = grant(register, day, day, voided_at)
    with register.database.reading() as session:
        stored = session.get_one(EntitlementRow, number)
    assert stored.right == Entitlement(EntitlementKind.LOANER, day, day, "сертификат 5")
    assert stored.voided_at == voided_at


def test_a_contract_is_recorded_with_an_audit_entry_naming_it(register: Register) -> None:
    with register.database.writing() as session:
        made = contracts.add(
            session, NewContract(" Д-17 ", CUSTOMER, months=24), actor="ivanova", now=REGISTERED_AT
        )
    assert (made.number, made.months) == ("Д-17", 24)
    with register.database.reading() as session:
        (entry,) = audit.latest(session, 1)
    assert (entry.actor, entry.action, entry.subject) == ("ivanova", "contract.add", made.subject)
    assert made.subject == "contract:Д-17"
