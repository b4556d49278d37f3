"""S-8: a package with the loaner service gives its phones a loaner, as a certificate does."""

from dataclasses import replace
from datetime import date

import pytest

from storage.installation import Installation
from support.agreements import agreed, agreements
from support.agreements.models import SupportContract
from support.loaners import rights
from support.loaners.rights import LoanerRight
from support.packages.loading import shipped
from support.repairs import records
from tests.support.register import Register
from tests.support.repairs.workshop import Workshop
from tests.support.requests.desk import Desk


@pytest.fixture
def workshop(installation: Installation, register: Register) -> Workshop:
    return Workshop(installation, register)


@pytest.fixture
def desk(workshop: Workshop) -> Desk:
    return Desk(workshop.installation, workshop.register)


def right(workshop: Workshop, unit_id: int) -> LoanerRight | None:
    with workshop.installation.database.reading() as session:
        return rights.right_to(session, records.unit(session, unit_id))


def test_a_contract_whose_package_has_the_service_gives_its_phones_a_loaner(
    workshop: Workshop, desk: Desk
) -> None:
    [unit_id] = workshop.file()
    desk.conclude("STANDARD")
    assert right(workshop, unit_id) is None
    desk.conclude("PREMIUM", "ТП-2")
    assert right(workshop, unit_id) == LoanerRight("ТП-2", by_contract=True)


@pytest.mark.parametrize(
    "narrower",
    [
        {"valid_to": date(2026, 12, 13)},
        {"valid_from": date(2026, 12, 15)},
    ],
)
def test_a_contract_that_is_not_in_force_on_the_day_of_the_report_gives_none(
    workshop: Workshop, desk: Desk, narrower: dict[str, object]
) -> None:
    [unit_id] = workshop.file()
    desk.conclude("PREMIUM", **narrower)
    assert right(workshop, unit_id) is None


def test_a_contract_for_one_phone_gives_another_none_and_a_foreign_make_none(
    workshop: Workshop, desk: Desk
) -> None:
    register = workshop.register
    own, other, foreign = workshop.file(register.first, register.second, register.foreign)
    desk.conclude("PREMIUM", serials=[register.first])
    assert right(workshop, own) == LoanerRight("ТП-1", by_contract=True)
    assert right(workshop, other) is None
    desk.conclude("PREMIUM", "ТП-2")
    assert right(workshop, other) == LoanerRight("ТП-2", by_contract=True)
    assert right(workshop, foreign) is None


def test_s7_a_contract_keeps_the_service_that_its_package_had(desk: Desk) -> None:
    desk.conclude("PREMIUM")
    with desk.installation.database.reading() as session:
        contract = agreements.get(session, "ТП-1")
        kept = agreed.package_of(contract)
        premium = next(one for one in shipped() if one.code == "PREMIUM")
        assert (kept.loaner, kept.named_engineer) == (True, True)
        assert not agreed.differs(contract, premium)
        assert agreed.differs(contract, replace(premium, loaner=False))
        assert agreed.differs(contract, None)


def test_a_contract_from_before_services_were_kept_has_those_of_the_program(desk: Desk) -> None:
    desk.conclude("PREMIUM")
    desk.conclude("STANDARD", "ТП-2")
    with desk.installation.database.writing() as session:
        for one in session.query(SupportContract):
            one.agreed = {name: told for name, told in one.agreed.items() if name != "services"}
    with desk.installation.database.reading() as session:
        kept = [agreed.package_of(agreements.get(session, name)) for name in ("ТП-1", "ТП-2")]
    assert [one.loaner for one in kept] == [True, False]
