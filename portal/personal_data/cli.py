"""Commands: personal-data."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

import click
from sqlalchemy.orm import Session

from portal.personal_data import (
    carrying_out,
    erasing,
    erasure_log,
    expiring,
    exporting,
    finding,
    withdrawals,
)
from portal.personal_data.bases import CHOSEN, Basis
from portal.personal_data.exporting import NothingHeldError
from storage.clock import now
from storage.console import json_option, language, pass_installation, say, show_one, show_rows
from storage.installation import Installation
from storage.people import Person

ACTOR = "command line"
Command = TypeVar("Command", bound=Callable[..., object])


def _named(command: Command) -> Command:
    """The options by which a person is named."""
    for option, told in (
        ("--login", "The login of an account."),
        ("--phone", "A telephone number, where there is no address."),
        ("--email", "An e-mail address."),
    ):
        command = click.option(option, default="", help=told)(command)
    return command


@click.group("personal-data")
def personal_data() -> None:
    """Personal data: find, export, erase, and what is past its term."""


@personal_data.command("find")
@click.argument("text")
@json_option
@pass_installation
def find(installation: Installation, text: str, *, as_json: bool) -> None:
    """Whom TEXT may mean: an e-mail address, a telephone number, a part of a name."""
    with installation.database.reading() as session:
        found = finding.candidates(session, text)
    rows = [
        {"person": list(one.person.keys), "names": sorted(one.names), "phones": sorted(one.phones)}
        for one in found
    ]
    show_rows(rows, ("person", "names", "phones"), as_json=as_json)


@personal_data.command("export")
@click.argument("file", type=click.File("wb"))
@_named
@pass_installation
def export(installation: Installation, file: BinaryIO, email: str, phone: str, login: str) -> None:
    """Pack everything that is held of a person into the ZIP FILE."""
    with installation.database.reading() as session:
        who = _person(session, email, phone, login)
    made = exporting.make(installation, who, language(), actor=ACTOR, now=now())
    with installation.blobs.open(made.sha256) as packed:
        shutil.copyfileobj(packed, file)
    say(f"The export {made.id} was made; the page keeps it until {made.expires_at:%Y-%m-%d}.")


@personal_data.command("withdraw")
@click.option("--email", required=True)
@pass_installation
def withdraw(installation: Installation, email: str) -> None:
    """Note that a person withdraws every consent: the data have to go within 30 days."""
    with installation.database.writing() as session:
        who = _person(session, email, "", "")
        count = withdrawals.note(session, who, actor=ACTOR, now=now())
    say(f"{count} consents were withdrawn.")


@personal_data.command("erase")
@_named
@click.option("--basis", type=click.Choice([one.value for one in CHOSEN]), required=True)
@click.option("--dry-run", is_flag=True, help="Say what would go and what would stay.")
@json_option
@pass_installation
def erase(
    installation: Installation,
    email: str,
    phone: str,
    login: str,
    basis: str,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Destroy a person's data, with an act; what a law asks for stays until its day."""
    if dry_run:
        with installation.database.reading() as session:
            plan = erasing.plan(session, _person(session, email, phone, login), now())
        show_one(
            {
                "obstacles": [erasing.obstacle_text(one, language()) for one in plan.obstacles],
                "going": [held.subject for held in plan.going],
                "kept": [f"{one.held.subject} until {one.until}" for one in plan.kept],
            },
            as_json=as_json,
        )
        if not (plan.going or plan.kept or plan.obstacles):
            say("Nothing is held of this person.")
        return
    with installation.database.reading() as session:
        who = _person(session, email, phone, login)
    done = carrying_out.carry_out(installation, who, Basis(basis), actor=ACTOR, now=now())
    show_one({"act": done.act, "files": len(done.files)}, as_json=as_json)
    say(f"Print the act {done.act} from the page of personal data and have it signed.")


@personal_data.command("due")
@json_option
@pass_installation
def due(installation: Installation, *, as_json: bool) -> None:
    """What is past its term now, and will be within 30 days; nothing changes."""
    with installation.database.reading() as session:
        found = expiring.look(session, now())
    rows = [
        {
            "class": one.about.code,
            "days": one.days,
            "now": len(one.now) + one.rows_now,
            "within_30_days": len(one.soon) + one.rows_soon,
        }
        for one in found
    ]
    show_rows(rows, ("class", "days", "now", "within_30_days"), as_json=as_json)


@personal_data.command("log")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@pass_installation
def log(installation: Installation, file: Path) -> None:
    """Copy the log of erasures into FILE, to be kept beside the backups."""
    erasure_log.write(installation)
    source = erasure_log.path_of(installation)
    file.write_text(source.read_text() if source.exists() else "")
    say(f"{len(erasure_log.read(file))} acts.")


def _person(session: Session, email: str, phone: str, login: str) -> Person:
    found = finding.person(session, email=email, phone=phone, login=login)
    if not found.keys:
        raise NothingHeldError
    return found


COMMANDS = (personal_data,)
