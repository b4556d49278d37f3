"""Command: attention."""

from dataclasses import asdict

import click

from provision.stuck import finding
from provision.stuck.troubles import Patience, Trouble
from storage.clock import now
from storage.console import json_option, pass_installation, show_rows
from storage.installation import Installation

_COLUMNS = ("trouble", "mac", "serial", "site", "firmware", "times", "since", "last_check_in_at")


@click.command()
@click.option("--trouble", type=click.Choice([one.value for one in Trouble]), help="Only this one.")
@click.option("--site", default="", help="Only the phones of this site.")
@json_option
@pass_installation
def attention(installation: Installation, trouble: str | None, site: str, as_json: bool) -> None:
    """Phones that need somebody: refused, silent, without configuration, on old firmware."""
    asked = [Trouble(trouble)] if trouble else list(Trouble)
    with installation.database.reading() as session:
        found = [
            phone
            for one in asked
            for phone in finding.phones(session, one, Patience(), now(), site=site)
        ]
    show_rows([asdict(phone) for phone in found], _COLUMNS, as_json=as_json)


COMMANDS = (attention,)
