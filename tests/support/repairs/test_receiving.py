from datetime import date

import pytest

from accounts import users
from accounts.models import OrganisationKind
from provision import rollouts
from storage.clock import moscow_date
from support.cases.vocabulary import EventKind, Stage
from support.civil_dates import add_days
from support.repairs import board, parcels, receiving, records
from support.repairs.refused import ParcelReasonError, ParcelSettledError, WrongStageError
from support.repairs.shipping import Waybill
from support.service_centres import register as centres
from support.service_centres.choosing import Centre
from tests.support.register import REGISTERED_AT, device_row
from tests.support.repairs.workshop import Workshop, moscow


def scan(workshop: Workshop, text: str) -> list[str]:
    with workshop.installation.database.reading() as session:
        return [unit.name for unit in receiving.scanned(session, text)]


def test_f3_a_scan_of_code_number_or_serial_finds_the_case(workshop: Workshop) -> None:
    workshop.file(workshop.register.first, workshop.register.second)
    both = ["RMA-26-0001/1", "RMA-26-0001/2"]
    assert scan(workshop, "http://flatpro.test/staff/repairs/dock?code=RMA-26-0001") == both
    assert scan(workshop, " rma-26-0001 ") == both
    assert scan(workshop, "RMA-26-0001/2") == ["RMA-26-0001/2"]
    assert scan(workshop, workshop.register.second) == ["RMA-26-0001/2"]
    for nothing in ("RMA-26-9999", "", "x" * 300, "RMA-26-0001/99"):
        assert scan(workshop, nothing) == []


def test_r2_the_term_begins_when_a_person_of_the_service_centre_receives_it(
    workshop: Workshop,
) -> None:
    [unit_id] = workshop.file(at="2026-12-10T10:00")
    assert workshop.clock(unit_id, "2026-12-16T10:00") is None
    workshop.receives(unit_id, "2026-12-17T15:00")
    clock = workshop.clock(unit_id, "2026-12-18T10:00")
    assert clock is not None
    assert (clock.term.received_on, clock.used) == (date(2026, 12, 17), 1)
    assert workshop.unit(unit_id).received_by == "ivan"


def test_r1_a_term_that_ends_in_the_holidays_is_due_on_the_next_working_day(
    workshop: Workshop,
) -> None:
    [unit_id] = workshop.file()
    workshop.receives(unit_id, "2026-12-17T15:00")
    clock = workshop.clock(unit_id, "2027-01-11T10:00")
    assert clock is not None
    assert (clock.term.last_day, clock.term.due) == (date(2026, 12, 31), date(2027, 1, 11))
    assert not clock.is_late
    late = workshop.clock(unit_id, "2027-01-12T00:01")
    assert late is not None
    assert late.is_late
    [letter] = workshop.letters("repair.received")
    assert "11.01.2027" in letter.text


def test_r2_a_partner_that_only_takes_phones_in_starts_no_clock(workshop: Workshop) -> None:
    taker = Centre("Пункт", "Пермь", ("Пермский край",), starts_clock=False, partner=True)
    with workshop.installation.database.writing() as session:
        users.add_organisation(session, "Связь", OrganisationKind.PARTNER)
        centres.add(session, taker, "Связь", actor="test", now=REGISTERED_AT)
    [unit_id] = workshop.file(region="Пермский край")
    workshop.receives(unit_id, "2026-12-15T10:00", centre="Пункт")
    assert workshop.clock(unit_id, "2026-12-16T10:00") is None
    workshop.receives(unit_id, "2026-12-17T15:00")
    assert workshop.clock(unit_id, "2026-12-18T10:00") is not None


def test_f1_a_phone_without_its_act_waits_for_it_while_the_term_runs(workshop: Workshop) -> None:
    [unit_id] = workshop.file()
    workshop.receives(unit_id, "2026-12-17T15:00", with_act=False)
    assert workshop.unit(unit_id).stage == Stage.AWAITING_ACT
    with pytest.raises(WrongStageError):
        workshop.opens(unit_id)
    [letter] = workshop.letters("repair.received")
    assert "не было подписанного акта" in letter.text
    workshop.does(unit_id, receiving.act_came, "2026-12-20T10:00")
    assert workshop.unit(unit_id).stage == Stage.RECEIVED
    clock = workshop.clock(unit_id, "2026-12-20T10:00")
    assert clock is not None
    assert clock.term.received_on == date(2026, 12, 17)


def test_r3_nothing_that_is_waited_for_stops_the_term(workshop: Workshop) -> None:
    [unit_id] = workshop.file()
    workshop.receives(unit_id, "2026-12-01T10:00", with_act=False)
    used = []
    for day in ("2026-12-02T10:00", "2026-12-09T10:00"):
        clock = workshop.clock(unit_id, day)
        assert clock is not None
        used.append((clock.used, clock.term.due))
    assert used == [(1, date(2026, 12, 15)), (8, date(2026, 12, 15))]


def test_a_phone_in_repair_is_offered_no_firmware_until_it_is_back(workshop: Workshop) -> None:
    unit_id = workshop.in_repair()

    def hold(at: str) -> str | None:
        with workshop.installation.database.reading() as session:
            device = device_row(session, workshop.register.first)
            found = rollouts.held(session, device, moscow(at))
            return found.reason if found else None

    assert hold("2026-12-18T12:00") == "В ремонте: RMA-26-0001/1"
    workshop.repairs(unit_id)
    workshop.sends(unit_id)
    from support.repairs import shipping  # noqa: PLC0415

    workshop.does(unit_id, shipping.handed_over, "2027-01-03T10:00")
    assert hold("2027-01-03T10:01") is None


def test_filing_alone_holds_nothing_as_anybody_may_file(workshop: Workshop) -> None:
    workshop.file()
    with workshop.installation.database.reading() as session:
        device = device_row(session, workshop.register.first)
        assert rollouts.held(session, device, moscow("2026-12-20T10:00")) is None


def test_d6_a_parcel_without_a_number_is_kept_apart_and_matched_by_its_serial(
    workshop: Workshop,
) -> None:
    with workshop.installation.database.writing() as session:
        parcel = parcels.arrive(
            session, f" {workshop.register.first.lower()} ", Waybill("Почта", "RA123"), "коробка",
            actor="ivan", now=moscow("2026-12-01T10:00"),
        ).id  # fmt: skip
    with workshop.installation.database.reading() as session:
        [waiting] = parcels.unsettled(session)
        assert parcels.candidates(session, waiting) == []
    [unit_id] = workshop.file(at="2026-12-05T10:00")
    with workshop.installation.database.writing() as session:
        [waiting] = parcels.unsettled(session)
        [unit] = parcels.candidates(session, waiting)
        parcels.bind(
            session, workshop.installation, parcel, unit.id, actor="olga",
            now=moscow("2026-12-06T10:00"),
        )  # fmt: skip
        assert parcels.unsettled(session) == []
    clock = workshop.clock(unit_id, "2026-12-06T10:00")
    assert clock is not None
    assert clock.term.received_on == date(2026, 12, 1), "the term counts from the parcel's arrival"
    assert workshop.unit(unit_id).stage == Stage.AWAITING_ACT


def test_d6_a_refused_parcel_is_logged_with_its_reason_and_settled_once(
    workshop: Workshop,
) -> None:
    with workshop.installation.database.writing() as session:
        parcel = parcels.arrive(
            session, "", Waybill(), "", actor="ivan", now=moscow("2026-12-01T10:00")
        )
        at = moscow("2026-12-02T10:00")
        with pytest.raises(ParcelReasonError):
            parcels.send_back(session, parcel.id, " ", actor="olga", now=at)
        parcels.send_back(session, parcel.id, "чужой телефон", actor="olga", now=at)
        with pytest.raises(ParcelSettledError):
            parcels.send_back(session, parcel.id, "ещё раз", actor="olga", now=at)
        assert (parcel.refused, parcel.settled_by) == ("чужой телефон", "olga")


def test_a_phone_is_taken_in_once(workshop: Workshop) -> None:
    [unit_id] = workshop.file()
    workshop.receives(unit_id)
    with pytest.raises(WrongStageError, match="received"):
        workshop.receives(unit_id)
    assert [event.kind for event in workshop.events(unit_id)] == [
        EventKind.FILED, EventKind.RECEIVED,
    ]  # fmt: skip


def test_two_people_do_not_change_one_case_unawares(workshop: Workshop) -> None:
    from support.repairs.refused import RepairChangedError  # noqa: PLC0415

    [unit_id] = workshop.file()
    seen = workshop.unit(unit_id).revision
    workshop.receives(unit_id)
    with (
        pytest.raises(RepairChangedError),
        workshop.installation.database.writing() as session,
    ):
        records.unit_to_change(session, unit_id, seen)


@pytest.mark.parametrize(
    ("today", "counted"),
    [
        ("2026-12-25", (0, 0)),
        ("2026-12-26", (0, 1)),
        ("2026-12-28", (0, 1)),
        ("2026-12-29", (1, 0)),
    ],
)
def test_what_is_due_soon_and_what_is_overdue_are_counted_apart(
    workshop: Workshop, today: str, counted: tuple[int, int]
) -> None:
    (unit,) = workshop.file()
    workshop.receives(unit, "2026-12-14T15:00")
    at = moscow(f"{today}T09:00")
    with workshop.installation.database.reading() as session:
        assert board.due_by(session, add_days(moscow_date(at), 2), at) == counted
