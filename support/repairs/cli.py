"""Commands: repair. A phone is named as on papers: RMA-26-0007/2, without /2 where it is one."""

import secrets
from datetime import datetime

import click
from sqlalchemy.orm import Session

from storage import clock
from storage.clock import moscow_date
from storage.console import json_option, language, pass_installation, say, show_one, show_rows
from storage.installation import Installation
from support.cases.models import RepairUnit
from support.cases.vocabulary import Reason, Stage
from support.repairs import (
    board,
    deciding,
    filing,
    mending,
    receiving,
    records,
    shipping,
    standing,
)
from support.repairs.act_form import TypedAct
from support.repairs.filing import NewAct
from support.repairs.judging import Finding
from support.repairs.receiving import Receipt
from support.repairs.refused import ActIncompleteError, SeveralPhonesError, UnknownRepairPhoneError
from support.repairs.shipping import Waybill
from support.repairs.standing import UnitStanding

ACTOR = "command line"
COLUMNS = ("rma", "serial", "product", "stage", "due", "customer")


@click.group()
def repair() -> None:
    """Phones in repair: fault reports, the dock, decisions, the way back."""


@repair.command("list")
@click.option("--stage", type=click.Choice([stage.value for stage in Stage]))
@json_option
@pass_installation
def list_repairs(installation: Installation, stage: str | None, as_json: bool) -> None:
    """The phones that are not back yet, what is due first at the top."""
    with installation.database.reading() as session:
        found = board.board(session, clock.now(), Stage(stage) if stage else None)
        rows = [
            _row(one.unit, str(one.clock.term.due) if one.clock else None) for one in found.rows
        ]
    show_rows(rows, COLUMNS, as_json=as_json)


@repair.command("show")
@click.argument("rma")
@json_option
@pass_installation
def show(installation: Installation, rma: str, as_json: bool) -> None:
    """One phone: where it stands, by when, and what has happened."""
    with installation.database.reading() as session:
        unit = _unit(session, rma)
        found = next(
            one
            for one in standing.of_act(session, unit.report, clock.now())
            if one.unit.id == unit.id
        )
        told = _story(found)
    show_one(told, as_json=as_json)


@repair.command("open")
@click.option("--serial", "serials", multiple=True, required=True, help="May be repeated.")
@click.option("--fault", required=True, help="What fails.")
@click.option("--contact", required=True)
@click.option("--email", required=True)
@click.option("--address", required=True, help="Where the phones go back to.")
@click.option("--organisation", default="", help="Leave it out for a private person.")
@pass_installation
def open_repair(
    installation: Installation,
    serials: tuple[str, ...],
    fault: str,
    contact: str,
    email: str,
    address: str,
    organisation: str,
) -> None:
    """File a fault report for a customer; prints its number."""
    values = {
        "contact": contact, "email": email, "return_address": address, "signed_by": contact,
        "organisation": organisation, "customer": "legal" if organisation else "consumer",
        "phones": str(len(serials)),
    }  # fmt: skip
    for place, serial in enumerate(serials, 1):
        values |= {f"serial_{place}": serial, f"fault_{place}": fault}
    at = clock.now()
    try:
        act = TypedAct.of(values).act(moscow_date(at), consent_needed=False)
    except ActIncompleteError as error:
        raise next(iter(error.faults.values())) from error
    new = NewAct(act, secrets.token_urlsafe(16), ACTOR, language())
    with installation.database.writing() as session:
        report = filing.file(session, installation, new, actor=ACTOR, now=at)
        number, link = report.number, records.address_of(installation, report)
    say(f"The customer's page: {link}")
    click.echo(number)


@repair.command("receive")
@click.argument("rma")
@click.option("--without-act", is_flag=True, help="The signed report was not in the parcel.")
@pass_installation
def receive(installation: Installation, rma: str, without_act: bool) -> None:
    """Take a phone in: its term of 14 calendar days begins."""
    receipt = Receipt(with_act=not without_act)
    with installation.database.writing() as session:
        unit = _unit(session, rma)
        receiving.receive(session, installation, unit, receipt, actor=ACTOR, now=clock.now())
        said = f"{unit.name} was received."
    say(said)


@repair.command("diagnose")
@click.argument("rma")
@click.option("--no-photos", default="", help="Why there is no photo from before the opening.")
@pass_installation
def diagnose(installation: Installation, rma: str, no_photos: str) -> None:
    """Open the phone."""
    with installation.database.writing() as session:
        unit = _unit(session, rma)
        deciding.open_phone(session, unit, actor=ACTOR, now=clock.now(), no_photos=no_photos)
        said = f"{unit.name} is open."
    say(said)


@repair.command("decide")
@click.argument("rma")
@click.option("--covered", is_flag=True, help="Repaired at the vendor's cost.")
@click.option("--reason", type=click.Choice([one.value for one in Reason]))
@click.option("--evidence", required=True, help="What was measured and seen.")
@pass_installation
def decide(
    installation: Installation, rma: str, covered: bool, reason: str | None, evidence: str
) -> None:
    """Say whether the case is covered; a reason outside the rules waits for another person."""
    if covered == bool(reason):
        raise click.UsageError("Give --covered or --reason.")
    finding = Finding(covered, Reason(reason) if reason else None, evidence)
    with installation.database.writing() as session:
        unit = _unit(session, rma)
        made = deciding.propose(session, installation, unit, finding, actor=ACTOR, now=clock.now())
        said = f"{unit.name}: {made.standing.text(language())}"
    say(said)


@repair.command("finish")
@click.argument("rma")
@click.option("--work", required=True, help="What was done.")
@click.option("--parts", default="")
@click.option("--tested", is_flag=True, help="The phone has passed the test.")
@pass_installation
def finish(installation: Installation, rma: str, work: str, parts: str, tested: bool) -> None:
    """The fault is eliminated: the clock stops."""
    with installation.database.writing() as session:
        unit = _unit(session, rma)
        mending.eliminated(session, unit, work, parts, tested=tested, actor=ACTOR, now=clock.now())
        said = f"{unit.name} is repaired."
    say(said)


@repair.command("send")
@click.argument("rma")
@click.option("--carrier", default="")
@click.option("--tracking", default="")
@click.option("--why", default="", help="Needed for a phone that goes back unrepaired.")
@pass_installation
def send(installation: Installation, rma: str, carrier: str, tracking: str, why: str) -> None:
    """Hand the phone to a carrier."""
    with installation.database.writing() as session:
        unit = _unit(session, rma)
        waybill = Waybill(carrier, tracking, why)
        shipping.send(session, installation, unit, waybill, actor=ACTOR, now=clock.now())
        said = f"{unit.name} is on its way."
    say(said)


@repair.command("returned")
@click.argument("rma")
@pass_installation
def returned(installation: Installation, rma: str) -> None:
    """The User has the phone again."""
    with installation.database.writing() as session:
        unit = _unit(session, rma)
        shipping.handed_over(session, unit, actor=ACTOR, now=clock.now())
        said = f"{unit.name} is closed."
    say(said)


def _unit(session: Session, rma: str) -> RepairUnit:
    number, _, position = rma.partition("/")
    report = records.by_number(session, number)
    if not position and len(report.units) > 1:
        raise SeveralPhonesError(number=report.number, count=len(report.units))
    if position and not position.isdecimal():
        raise UnknownRepairPhoneError
    found = records.unit_of(report, int(position or 1))
    return records.unit_to_change(session, found.id)


def _row(unit: RepairUnit, due: str | None) -> dict[str, object]:
    return {
        "rma": unit.name,
        "serial": unit.serial,
        "product": unit.product,
        "stage": unit.stage,
        "due": due,
        "customer": unit.report.customer_name,
    }


def _story(found: UnitStanding) -> dict[str, object]:
    unit, term = found.unit, found.clock
    return {
        **_row(unit, str(term.term.due) if term else None),
        "fault": unit.fault,
        "covered": unit.covered,
        "resolution": unit.resolution,
        "received": _day(unit.received_at),
        "eliminated": _day(unit.eliminated_at),
        "returned": _day(unit.returned_at),
        "events": [
            f"{moscow_date(event.at)} {event.said.text(language())}" for event in found.events
        ],
    }


def _day(at: datetime | None) -> str | None:
    return str(moscow_date(at)) if at else None


COMMANDS = (repair,)
