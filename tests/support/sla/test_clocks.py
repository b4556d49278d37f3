from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support import business_time
from support.calendars.loading import shipped
from support.packages.package import Priority, Promise, Target
from support.sla.clocks import Clock, Standing, clocks, reached_at
from support.sla.escalation import due
from support.sla.log import Deed, EmptyLogError, Entry, State, Terms
from support.sla.verdicts import frozen, thawed
from tests.support.sla.logs import answered, became, came, changed, moscow, restored

CALENDAR = shipped()
HOUR = timedelta(hours=1)


def clock(promise: Promise, log: Sequence[Entry], at: str) -> Clock:
    return clocks(log, CALENDAR, moscow(at))[promise]


def four_hours() -> Terms:
    return Terms("TEST", Priority.P2, {Promise.RESTORE: Target(4 * HOUR)})


# The worked dates.


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2025-10-31T17:00", 8, "2025-11-01T16:00"),
        ("2025-12-30T17:00", 4, "2026-01-12T12:00"),
        ("2026-12-30T17:30", 2, "2027-01-11T10:30"),
        ("2026-11-23T18:00", 1, "2026-11-24T10:00"),
        ("2027-02-19T17:00", 2, "2027-02-20T10:00"),
    ],
)
def test_s3_a_clock_keeps_the_worked_dates(start: str, hours: int, end: str) -> None:
    terms = Terms("TEST", Priority.P2, {Promise.RESOLVE: Target(hours * HOUR)})
    found = clock(Promise.RESOLVE, [Entry(moscow(start), terms=terms)], start)
    assert found.deadline == moscow(end)


def test_s10_the_worked_pause_over_a_weekend() -> None:
    log = [
        Entry(moscow("2026-11-20T16:00"), terms=four_hours()),
        became("2026-11-20T17:00", State.WAITING_CUSTOMER),
        became("2026-11-22T12:00", State.OPEN),
    ]
    assert clock(Promise.RESTORE, log, "2026-11-23T10:00").used == 2 * HOUR
    assert clock(Promise.RESTORE, log, "2026-11-23T10:00").deadline == moscow("2026-11-23T12:00")


# What pauses, what stops.


def test_s10_only_two_states_pause_and_response_never_does() -> None:
    assert {state for state in State if state.pauses} == {
        State.WAITING_CUSTOMER,
        State.WAITING_RMA_INBOUND,
    }
    log = [came("2026-11-23T09:00"), became("2026-11-23T10:00", State.WAITING_CUSTOMER)]
    later = "2026-11-23T15:00"
    assert clock(Promise.RESPONSE, log, later).used == 6 * HOUR
    assert clock(Promise.RESPONSE, log, later).standing is Standing.RUNNING
    for promise in (Promise.RESTORE, Promise.RESOLVE):
        paused = clock(promise, log, later)
        assert paused.used == HOUR
        assert paused.standing is Standing.PAUSED
        assert paused.deadline is None


def test_s9_response_restoration_and_resolution_stop_each_at_its_own_deed() -> None:
    log = [
        came("2026-11-23T09:00"),
        answered("2026-11-23T10:00"),
        restored("2026-11-23T12:00"),
        became("2026-11-24T10:00", State.RESOLVED),
    ]
    found = clocks(log, CALENDAR, moscow("2026-11-25T10:00"))
    assert [found[promise].used for promise in Promise] == [HOUR, 3 * HOUR, 10 * HOUR]
    assert {one.standing for one in found.values()} == {Standing.MET}
    assert [found[promise].met_at for promise in Promise] == [
        moscow("2026-11-23T10:00"),
        moscow("2026-11-23T12:00"),
        moscow("2026-11-24T10:00"),
    ]


def test_s9_a_state_set_or_an_acknowledgement_is_no_response() -> None:
    log = [came("2026-11-23T09:00"), became("2026-11-23T09:05", State.OPEN)]
    assert clock(Promise.RESPONSE, log, "2026-11-23T12:00").standing is Standing.RUNNING


def test_a_reopened_request_goes_on_where_it_stopped() -> None:
    log = [
        came("2026-11-23T09:00"),
        became("2026-11-23T11:00", State.RESOLVED),
        became("2026-11-24T11:00", State.OPEN),
    ]
    found = clock(Promise.RESOLVE, log, "2026-11-24T12:00")
    assert (found.standing, found.used, found.met_at) == (Standing.RUNNING, 3 * HOUR, None)


def test_s5_the_free_tier_has_no_target_no_deadline_and_is_never_late() -> None:
    log = [came("2026-11-02T09:00", "FREE")]
    for found in clocks(log, CALENDAR, moscow("2026-11-30T09:00")).values():
        assert found.standing is Standing.NOT_PROMISED
        assert found.deadline is None
        assert not found.is_late
        assert found.percent == 0
    assert not list(due(log, CALENDAR, moscow("2026-11-30T09:00")))


# What changes on the way.


def test_s11_a_change_of_priority_and_package_keeps_used_and_paused_time() -> None:
    log = [
        came("2026-11-23T09:00", "BASIC", Priority.P2),
        became("2026-11-23T10:00", State.WAITING_CUSTOMER),
        became("2026-11-23T14:00", State.OPEN),
        changed("2026-11-23T15:00", "STANDARD", Priority.P1),
    ]
    found = clock(Promise.RESTORE, log, "2026-11-23T16:00")
    assert found.used == 3 * HOUR
    assert found.target == Target(8 * HOUR)
    assert found.deadline == moscow("2026-11-24T12:00")


def test_s11_an_upgrade_from_the_free_tier_counts_what_was_waited() -> None:
    log = [came("2026-11-23T09:00", "FREE"), changed("2026-11-23T12:00", "STANDARD")]
    found = clock(Promise.RESPONSE, log, "2026-11-23T12:30")
    assert found.used == 3.5 * HOUR
    assert found.deadline == moscow("2026-11-23T13:00")


def test_s11_a_target_smaller_than_what_is_used_is_late_at_once() -> None:
    log = [
        came("2026-11-23T09:00", "STANDARD", Priority.P3),
        changed("2026-11-23T15:00", "STANDARD", Priority.P1),
    ]
    found = clock(Promise.RESPONSE, log, "2026-11-23T15:00")
    assert found.is_late
    assert found.deadline == moscow("2026-11-23T11:00")


def test_s8_premium_p1_counts_nights_and_weekends_and_only_there() -> None:
    log = [came("2026-11-20T23:00", "PREMIUM", Priority.P1)]
    assert clock(Promise.RESPONSE, log, "2026-11-20T23:10").deadline == moscow("2026-11-20T23:30")
    assert clock(Promise.RESOLVE, log, "2026-11-21T23:00").used == 24 * HOUR
    calm = [came("2026-11-20T23:00", "PREMIUM", Priority.P2)]
    assert clock(Promise.RESPONSE, calm, "2026-11-21T23:00").used == timedelta()


def test_s11_each_stretch_counts_in_its_own_measure() -> None:
    log = [
        came("2026-11-20T17:00", "PREMIUM", Priority.P2),
        changed("2026-11-21T10:00", "PREMIUM", Priority.P1),
    ]
    found = clock(Promise.RESTORE, log, "2026-11-21T12:00")
    assert found.used == 3 * HOUR
    assert found.deadline == moscow("2026-11-21T13:00")


def test_the_last_second_is_in_time() -> None:
    log = [came("2026-11-23T09:00")]
    assert not clock(Promise.RESPONSE, log, "2026-11-23T13:00").is_late
    assert clock(Promise.RESPONSE, log, "2026-11-23T13:00:01").is_late


def test_a_deadline_in_a_year_without_a_decree_is_provisional() -> None:
    log = [came("2027-12-30T09:00", "STANDARD", Priority.P3)]
    assert clock(Promise.RESOLVE, log, "2027-12-30T09:00").provisional
    sure = [came("2026-11-23T09:00", "STANDARD", Priority.P3)]
    assert not clock(Promise.RESOLVE, sure, "2026-11-23T09:00").provisional


def test_another_calendar_moves_an_open_deadline() -> None:
    log = [came("2026-11-20T16:00")]
    day_off = replace(CALENDAR, off=CALENDAR.off | {date(2026, 11, 23)})
    at = moscow("2026-11-20T17:00")
    assert clocks(log, CALENDAR, at)[Promise.RESPONSE].deadline == moscow("2026-11-23T11:00")
    assert clocks(log, day_off, at)[Promise.RESPONSE].deadline == moscow("2026-11-24T11:00")


# Escalation.


def told(log: Sequence[Entry], at: str, promise: Promise = Promise.RESPONSE) -> dict[int, datetime]:
    found = due(log, CALENDAR, moscow(at))
    return {one.level: one.reached_at for one in found if one.promise is promise}


def test_s14_people_are_told_at_50_80_and_100_percent() -> None:
    log = [came("2026-11-23T09:00")]
    assert told(log, "2026-11-23T13:00") == {
        50: moscow("2026-11-23T11:00"),
        80: moscow("2026-11-23T12:12"),
        100: moscow("2026-11-23T13:00"),
    }
    assert set(told(log, "2026-11-23T11:00")) == {50}
    assert told(log, "2026-11-23T10:59:59") == {}


def test_s14_a_limit_reached_at_closing_time_is_told_of_at_the_next_opening() -> None:
    log = [came("2026-11-20T14:00")]
    for closed in ("2026-11-20T18:00", "2026-11-21T12:00", "2026-11-23T08:59:59"):
        assert told(log, closed) == {}
    assert told(log, "2026-11-23T09:00")[100] == moscow("2026-11-20T18:00")


def test_s14_around_the_clock_people_are_told_at_night() -> None:
    log = [came("2026-11-20T23:00", "PREMIUM", Priority.P1)]
    assert told(log, "2026-11-20T23:30") == {
        50: moscow("2026-11-20T23:15"),
        80: moscow("2026-11-20T23:24"),
        100: moscow("2026-11-20T23:30"),
    }


def test_s14_nobody_is_told_of_a_promise_kept_in_time() -> None:
    log = [came("2026-11-23T09:00"), answered("2026-11-23T10:00")]
    assert told(log, "2026-11-23T17:00") == {}
    assert told(log, "2026-11-23T17:00", Promise.RESTORE)


# Laws.

MONDAY = datetime(2026, 11, 16, 6, tzinfo=UTC)
INSTANTS = st.integers(0, 40 * 86_400).map(lambda second: MONDAY + timedelta(seconds=second))
STATES = st.sampled_from(list(State))
PACKAGES = st.sampled_from(["FREE", "BASIC", "STANDARD", "PREMIUM"])
PRIORITIES = st.sampled_from(list(Priority))
TERMS = st.builds(lambda p, q: came("2026-11-16T09:00", p, q).terms, PACKAGES, PRIORITIES)
ENTRIES = st.one_of(
    st.builds(lambda at, state: Entry(at, state=state), INSTANTS, STATES),
    st.builds(lambda at, terms: Entry(at, terms=terms), INSTANTS, TERMS),
    st.builds(lambda at, deed: Entry(at, deed=deed), INSTANTS, st.sampled_from(list(Deed))),
)
LOGS = st.builds(
    lambda terms, rest: [Entry(MONDAY, terms=terms), *rest], TERMS, st.lists(ENTRIES, max_size=8)
)


@given(LOGS, INSTANTS, INSTANTS)
def test_used_time_never_runs_backwards_nor_faster_than_the_wall(
    log: list[Entry], first: datetime, second: datetime
) -> None:
    early, late = sorted((first, second))
    before, after = clocks(log, CALENDAR, early), clocks(log, CALENDAR, late)
    for promise in Promise:
        grown = after[promise].used - before[promise].used
        assert timedelta() <= grown <= late - early


@given(LOGS, INSTANTS)
def test_what_is_late_has_passed_its_deadline_and_what_is_in_time_has_not(
    log: list[Entry], at: datetime
) -> None:
    for promise, found in clocks(log, CALENDAR, at).items():
        crossed = reached_at(promise, log, CALENDAR, 1, at)
        if found.is_late:
            assert crossed is not None
        if found.standing is Standing.RUNNING:
            assert found.deadline is not None
            assert (found.deadline <= at) == (crossed is not None)


@given(LOGS, INSTANTS, st.randoms(use_true_random=False))
def test_the_order_in_which_entries_are_stored_does_not_matter(
    log: list[Entry], at: datetime, random: Random
) -> None:
    unique = {entry.at: entry for entry in log}
    unique[MONDAY] = log[0]
    shuffled = list(unique.values())
    random.shuffle(shuffled)
    assert clocks(shuffled, CALENDAR, at) == clocks(list(unique.values()), CALENDAR, at)


@given(LOGS, INSTANTS)
def test_frozen_clocks_come_back_as_they_were(log: list[Entry], at: datetime) -> None:
    found = clocks(log, CALENDAR, at)
    back = thawed(frozen(found))
    for promise in Promise:
        assert back[promise] == replace(
            found[promise], used=timedelta(seconds=int(found[promise].used.total_seconds()))
        )


@given(INSTANTS, st.integers(0, 3600 * 50).map(lambda seconds: timedelta(seconds=seconds)))
def test_without_a_pause_a_deadline_is_the_working_time_away(
    start: datetime, within: timedelta
) -> None:
    terms = Terms("TEST", Priority.P2, {Promise.RESOLVE: Target(within)})
    found = clocks([Entry(start, terms=terms)], CALENDAR, start)[Promise.RESOLVE]
    expected = business_time.add(CALENDAR, start, within) if within else start
    assert found.deadline == expected


def test_a_log_without_its_first_terms_is_a_fault() -> None:
    with pytest.raises(EmptyLogError):
        clocks([became("2026-11-23T09:00", State.OPEN)], CALENDAR, moscow("2026-11-23T10:00"))
