import pytest

from storage.refusals import RefusedError
from support import contracts
from support.contracts import NewContract
from support.customer_kinds import ConsumerStartError, ConsumerTermError, CustomerKind
from support.warranty_terms.evidence import StartEvent
from tests.support.register import CUSTOMER, REGISTERED_AT, Register


def record(register: Register, new: NewContract) -> None:
    with register.database.writing() as session:
        contracts.add(session, new, actor="test", now=REGISTERED_AT)


@pytest.mark.parametrize(
    ("months", "start", "refusal"),
    [(6, None, ConsumerTermError), (None, StartEvent.MANUFACTURE, ConsumerStartError)],
)
def test_w9_a_contract_may_not_take_from_a_consumer_what_the_law_gives(
    register: Register, months: int | None, start: StartEvent | None, refusal: type[RefusedError]
) -> None:
    with pytest.raises(refusal):
        record(
            register,
            NewContract("Ч-1", CUSTOMER, months, start, customer_kind=CustomerKind.CONSUMER),
        )
    with register.database.reading() as session:
        assert not contracts.every(session)


def test_w9_a_company_may_agree_on_less_and_a_consumer_on_more(register: Register) -> None:
    record(register, NewContract("К-1", CUSTOMER, 6, StartEvent.SHIPMENT))
    record(register, NewContract("Ч-2", CUSTOMER, 36, customer_kind=CustomerKind.CONSUMER))
    with register.database.reading() as session:
        assert [one.months for one in contracts.every(session)] == [6, 36]
