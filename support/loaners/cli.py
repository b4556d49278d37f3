"""Commands: loaner."""

import click

from storage.clock import now
from storage.console import json_option, pass_installation, say, show_rows
from storage.installation import Installation
from support.loaners import pool

ACTOR = "command line"
COLUMNS = ("serial", "product", "state", "repair", "due", "value")


@click.group()
def loaner() -> None:
    """The pool of phones lent during repairs."""


@loaner.command("add")
@click.argument("serial")
@click.option("--value", required=True, help="Roubles owed for one that never comes back.")
@pass_installation
def add(installation: Installation, serial: str, value: str) -> None:
    """Put the phone SERIAL from stock into the pool."""
    with installation.database.writing() as session:
        pool.add(session, serial, pool.value_of(value), actor=ACTOR, now=now())
    say(f"{serial} is in the pool.")


@loaner.command("list")
@json_option
@pass_installation
def list_pool(installation: Installation, as_json: bool) -> None:
    """Where each phone of the pool is."""
    with installation.database.reading() as session:
        rows = [
            {
                "serial": row.loaner.device.serial,
                "product": row.loaner.device.product.code,
                "state": row.state,
                "repair": row.loan.unit.name if row.loan else None,
                "due": str(row.due_on) if row.due_on else None,
                "value": str(row.loaner.value),
            }
            for row in pool.look(session, now()).rows
        ]
    show_rows(rows, COLUMNS, as_json=as_json)


COMMANDS = (loaner,)
