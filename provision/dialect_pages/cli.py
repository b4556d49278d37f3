"""Commands: families list, families check, families identify."""

from dataclasses import asdict

import click

from provision.dialect_pages import recognised
from provision.dialects import look_again
from storage.console import json_option, pass_installation, say, show_rows
from storage.installation import Installation


@click.group()
def families() -> None:
    """Phone families: built in, or from families/ of the data folder."""


@families.command("list")
@json_option
@pass_installation
def list_families(installation: Installation, as_json: bool) -> None:
    """The families that a start of the server loads."""
    rows = [
        {"name": one.name, "vendor": one.vendor, "file": str(one.file)}
        for one in look_again(installation)
    ]
    show_rows(rows, ("name", "vendor", "file"), as_json=as_json)


@families.command("check")
@pass_installation
def check(installation: Installation) -> None:
    """Read every family file; exit 1 with the first mistake if there is one."""
    found = look_again(installation)
    for problem in found.problems[1:]:
        say(problem.text("en"))
    if found.problems:
        raise found.problems[0]
    say(f"{len(found.by_name)} families are in order")


@families.command("identify")
@click.option("--path", default="/", help="The request target, as sent.")
@click.option("--user-agent", default="", help="As sent.")
@json_option
@pass_installation
def identify(installation: Installation, path: str, user_agent: str, as_json: bool) -> None:
    """Who a request would be, each value with its origin."""
    identity = recognised.tried(path, user_agent, look_again(installation))
    rows = [asdict(row) for row in recognised.rows(identity)]
    show_rows(rows, ("name", "value", "origin", "strength"), as_json=as_json)


COMMANDS = (families,)
