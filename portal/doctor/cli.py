"""`flatpro doctor`: a line for each thing looked at, and what to do."""

import click

from portal.doctor import examining
from portal.doctor.finding import Level, worst
from storage.clock import now
from storage.console import json_option, language, pass_installation, show_rows
from storage.installation import Installation


@click.command("doctor")
@json_option
@pass_installation
def doctor(installation: Installation, *, as_json: bool) -> None:
    """Look for what is wrong here, and say what to do. Exit code 1 for a fault.

    A newer database, a broken key file or a setting that cannot be read is told of first, by
    the same line as from every command.
    """
    findings = examining.examine(installation, now())
    rows = [one.as_document(language()) for one in findings]
    show_rows(rows, ("check", "level", "found", "advice"), as_json=as_json)
    if worst(findings) is Level.FAULT:
        raise click.exceptions.Exit(1)


COMMANDS = (doctor,)
