"""The work of support: letters out and in, reminders, terms, counts."""

from collections.abc import Mapping
from datetime import date, timedelta

from portal.personal_data import work as personal_data_work
from support.agreements import agreements
from support.breaches import keeping as breaches
from support.breaches import work as breach_work
from support.certificate_orders import work as window_work
from support.loaners import work as loaner_work
from support.mailroom import outbox
from support.repairs import shipping
from support.repairs import work as repair_work
from support.reports import work as report_work
from support.requests import work as request_work
from support.sla.log import State
from support.subject_requests import keeping as subject_requests
from support.subject_requests import work as subject_work
from support.subject_requests.keeping import NewSubjectRequest
from support.subject_requests.vocabulary import Channel, Kind
from tests.portal.killed_jobs.case import Case
from tests.portal.killed_jobs.stage import START, Stage
from tests.support.loaners.test_lending import give_service, lend, out, stock
from tests.support.register import CUSTOMER, REGISTERED_AT
from tests.support.repairs.workshop import moscow, offer, refused

#: What died with a letter in its hand: its letters are due again after so long.
CLAIM = timedelta(minutes=11)


def leak(stage: Stage) -> Mapping[str, object]:
    with stage.place.database.writing() as session:
        texts = {"what": "Письмо ушло не тому", "people": "40"}
        breaches.register(session, stage.place, texts, START, "k" * 24, actor="anna", now=START)
    return {}


def windows(stage: Stage) -> Mapping[str, object]:
    stage.register.prove(stage.register.first, date(2026, 2, 10))
    with stage.place.database.writing() as session:
        for name in ("anna", "boris"):
            agreements.add_contact(
                session, f"{name}@romashka.example", CUSTOMER, actor="test", now=REGISTERED_AT
            )
    return {}


def loaner(stage: Stage) -> Mapping[str, object]:
    workshop = stage.workshop
    number = stock(workshop)
    give_service(workshop, workshop.register.first)
    unit_id = workshop.in_repair()
    out(workshop, lend(workshop, unit_id, number))
    workshop.repairs(unit_id)
    workshop.sends(unit_id)
    workshop.does(unit_id, shipping.handed_over, "2027-01-05T10:00")
    return {}


def letters(stage: Stage) -> Mapping[str, object]:
    for _ in range(3):
        stage.desk.comes()
    return {}


def quote(stage: Stage) -> Mapping[str, object]:
    offer(stage.workshop, refused(stage.workshop))
    return {}


def fleet(stage: Stage) -> Mapping[str, object]:
    stage.register.prove(stage.register.first, date(2026, 2, 10))
    return {}


def repairs(stage: Stage) -> Mapping[str, object]:
    refused(stage.workshop)
    return {}


def requests(stage: Stage) -> Mapping[str, object]:
    """One past its promises, and one that was resolved long ago."""
    stage.desk.conclude()
    stage.desk.comes()
    resolved = stage.desk.comes()
    stage.desk.answers(resolved, "2026-11-23T11:00", State.RESOLVED)
    return {}


def nothing(_stage: Stage) -> Mapping[str, object]:
    return {}


def subject_request(stage: Stage) -> Mapping[str, object]:
    new = NewSubjectRequest(
        Kind.ACCESS, Channel.MAIL, date(2026, 11, 23), "Анна Петрова", "anna@romashka.example",
        "", "Что вы обо мне храните?", "k" * 24,
    )  # fmt: skip
    with stage.place.database.writing() as session:
        subject_requests.register(session, stage.place, new, actor="anna", now=START)
    return {}


CASES = {
    breach_work.REMIND: Case(leak, ("breach", "outgoing_mail"), START + timedelta(hours=20)),
    window_work.REMIND: Case(
        windows, ("outgoing_mail", "certificate_reminder"), moscow("2026-12-12T09:00")
    ),
    loaner_work.REMIND: Case(loaner, ("outgoing_mail",), moscow("2027-01-16T09:00")),
    outbox.SEND: Case(
        letters, ("outgoing_mail",), tries=frozenset({"outgoing_mail.attempts"}), later=CLAIM
    ),
    repair_work.REMIND: Case(quote, ("outgoing_mail", "repair_quote"), moscow("2027-01-03T09:00")),
    report_work.COUNT: Case(fleet, ("fleet_tally",)),
    report_work.COUNT_REPAIRS: Case(repairs, ("repair_tally", "repair_change")),
    request_work.WATCH: Case(
        requests,
        ("support_request", "support_request_escalation", "outgoing_mail"),
        moscow("2026-12-04T10:00"),
    ),
    request_work.FETCH: Case(
        nothing, ("incoming_mail", "support_request", "support_request_attachment")
    ),
    subject_work.REMIND: Case(
        subject_request, ("subject_request", "outgoing_mail"), START + timedelta(days=20)
    ),
    personal_data_work.EXPIRE: Case(
        requests, ("support_request", "erasure_act"), moscow("2036-01-10T10:00")
    ),
}
