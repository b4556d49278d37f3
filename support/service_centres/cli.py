"""Commands: centre."""

import click

from storage.clock import now
from storage.console import json_option, pass_installation, say, show_rows
from storage.installation import Installation
from support.service_centres import register
from support.service_centres.choosing import VENDOR, Centre

ACTOR = "command line"


@click.group()
def centre() -> None:
    """Service centres: the vendor's own and official partners' by region."""


@centre.command("add")
@click.argument("name")
@click.option("--organisation", required=True, help="The partner that it belongs to.")
@click.option("--address", required=True)
@click.option("--region", "regions", multiple=True, required=True, help="May be repeated.")
@click.option(
    "--no-clock",
    is_flag=True,
    help="It only takes phones in: the term of repair does not begin there.",
)
@pass_installation
def add(
    installation: Installation,
    name: str,
    organisation: str,
    address: str,
    regions: tuple[str, ...],
    no_clock: bool,
) -> None:
    """Record the partner's service centre NAME."""
    new = Centre(name, address, regions, starts_clock=not no_clock, partner=True)
    with installation.database.writing() as session:
        register.add(session, new, organisation, actor=ACTOR, now=now())
    say(f"The service centre {name} was recorded.")


@centre.command("list")
@json_option
@pass_installation
def list_centres(installation: Installation, as_json: bool) -> None:
    """The vendor's service centre and the partners'."""
    with installation.database.reading() as session:
        found = [VENDOR, *register.every(session)]
    rows = [
        {
            "name": one.name,
            "address": one.address,
            "regions": list(one.regions),
            "partner": one.partner,
            "starts_clock": one.starts_clock,
        }
        for one in found
    ]
    show_rows(rows, ("name", "address", "regions", "partner", "starts_clock"), as_json=as_json)


COMMANDS = (centre,)
