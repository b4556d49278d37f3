"""Commands: claim list, approve, refuse, revoke, codes."""

from dataclasses import asdict

import click

from provision.redirects import box_codes, deciding, listing
from provision.redirects.judging import TERMS_DAYS
from storage.clock import now
from storage.console import json_option, pass_installation, say, show_rows
from storage.installation import Installation

ACTOR = "command line"
_COLUMNS = ("id", "serial", "mac", "partner", "server_url", "state", "filed_at", "ends_at")


@click.group()
def claim() -> None:
    """Phones that partners claim for their servers."""


@claim.command("list")
@json_option
@pass_installation
def list_claims(installation: Installation, as_json: bool) -> None:
    """Those that await a decision, then all others."""
    at = now()
    with installation.database.reading() as session:
        found = [*listing.waiting(session, at), *listing.decided(session, at)]
    show_rows([asdict(one) for one in found], _COLUMNS, as_json=as_json)


@claim.command("approve")
@click.argument("number", type=int)
@click.option("--days", type=click.Choice([str(days) for days in TERMS_DAYS]), default="365")
@pass_installation
def approve(installation: Installation, number: int, days: str) -> None:
    """Send the phone to the partner's server from its next first contact on."""
    with installation.database.writing() as session:
        done = deciding.approve(session, number, int(days), actor=ACTOR, now=now())
        say(f"{done.device.mac} is sent to {done.server_url} until {done.ends_at:%Y-%m-%d}.")


@claim.command("refuse")
@click.argument("number", type=int)
@click.option("--reason", required=True, help="The partner reads it.")
@pass_installation
def refuse(installation: Installation, number: int, reason: str) -> None:
    """Say no to a claim that waits."""
    with installation.database.writing() as session:
        deciding.refuse(session, number, reason, actor=ACTOR, now=now())


@claim.command("revoke")
@click.argument("number", type=int)
@click.option("--reason", required=True, help="The partner reads it.")
@pass_installation
def revoke(installation: Installation, number: int, reason: str) -> None:
    """End a claim that stands: the phone's next first contact leads here again."""
    with installation.database.writing() as session:
        deciding.revoke(session, number, reason, actor=ACTOR, now=now())


@claim.command("codes")
@click.argument("units", nargs=-1, required=True)
@json_option
@pass_installation
def codes(installation: Installation, units: tuple[str, ...], as_json: bool) -> None:
    """Make codes for the boxes of these phones (serial numbers or MACs); printed once."""
    text = "\n".join(units)
    with installation.database.writing() as session:
        made = box_codes.make_many(session, installation, text, actor=ACTOR, now=now())
    rows = [{"mac": one.mac, "serial": one.serial, "code": one.code} for one in made]
    show_rows(rows, ("mac", "serial", "code"), as_json=as_json)


COMMANDS = (claim,)
