"""Commands: support-contract."""

from datetime import datetime
from typing import TextIO

import click

from storage.clock import now
from storage.console import json_option, pass_installation, say, show_rows
from storage.installation import Installation
from support.agreements import agreements, debts
from support.agreements.agreements import NewAgreement
from support.packages.own import packages_of

ACTOR = "command line"
_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group("support-contract")
def support_contract() -> None:
    """Contracts of paid support, who writes under them, and overdue debts."""


@support_contract.command("add")
@click.argument("number")
@click.option("--organisation", required=True)
@click.option("--package", required=True, help="The code of a paid package, such as STANDARD.")
@click.option("--from", "first", type=_DAY, required=True, help="The first day, YYYY-MM-DD.")
@click.option("--to", "last", type=_DAY, required=True, help="The last day, included.")
@click.option("--site", "sites", multiple=True, help="A site's name; may be repeated.")
@click.option("--serial", "serials", multiple=True, help="A phone; may be repeated.")
@click.option("--engineer", default="", help="The login of the named engineer.")
@pass_installation
def add(
    installation: Installation,
    number: str,
    organisation: str,
    package: str,
    first: datetime,
    last: datetime,
    sites: tuple[str, ...],
    serials: tuple[str, ...],
    engineer: str,
) -> None:
    """Record the contract NUMBER; without sites and phones it is for the whole organisation."""
    days = first.date(), last.date()
    new = NewAgreement(number, organisation, package, *days, sites, serials, engineer)
    with installation.database.writing() as session:
        agreements.conclude(session, new, packages_of(installation), actor=ACTOR, now=now())
    say(f"The support contract {number} was recorded.")


@support_contract.command("end")
@click.argument("number")
@click.option("--on", "last", type=_DAY, required=True, help="The last day, included.")
@pass_installation
def end(installation: Installation, number: str, last: datetime) -> None:
    """End the contract NUMBER; requests that came before keep what they were promised."""
    with installation.database.writing() as session:
        agreements.end(session, number, last.date(), actor=ACTOR, now=now())
    say(f"The support contract {number} was ended.")


@support_contract.command("list")
@json_option
@pass_installation
def list_contracts(installation: Installation, *, as_json: bool) -> None:
    """All contracts, those that end first first."""
    with installation.database.reading() as session:
        rows = [
            {
                "number": one.number,
                "organisation": one.organisation.name,
                "package": one.package,
                "agreed": one.agreed,
                "from": one.valid_from.isoformat(),
                "to": one.valid_to.isoformat(),
                "sites": [site.name for site in one.sites],
                "serials": [device.serial for device in one.devices],
            }
            for one in agreements.every(session)
        ]
    show_rows(rows, ("number", "organisation", "package", "from", "to"), as_json=as_json)


@support_contract.command("contact")
@click.argument("address")
@click.option("--organisation", default="", help="For which one the address writes.")
@click.option("--remove", is_flag=True, help="It writes for nobody any more.")
@pass_installation
def contact(installation: Installation, address: str, organisation: str, *, remove: bool) -> None:
    """Let ADDRESS (or a domain as @example.ru) write for an organisation."""
    with installation.database.writing() as session:
        if remove:
            agreements.remove_contact(session, address, actor=ACTOR, now=now())
        else:
            agreements.add_contact(session, address, organisation, actor=ACTOR, now=now())
    say("Noted.")


@support_contract.command("debts")
@click.argument("file", type=click.File("r", encoding="utf-8-sig"))
@pass_installation
def take_debts(installation: Installation, file: TextIO) -> None:
    """Take in the accounts' table FILE (CSV: organisation, overdue, as_of), all or nothing."""
    with installation.database.writing() as session:
        count = debts.take_in(session, file.read(), actor=ACTOR, now=now())
    say(f"{count} figures.")


COMMANDS = (support_contract,)
