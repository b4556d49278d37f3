"""Commands: software publish, list, sign-off, publish-draft, withdraw."""

from pathlib import Path
from typing import BinaryIO

import click

from accounts import users
from catalogue import keys
from firmware import publishing
from firmware.models import Software
from firmware.reviewing.options import SignOffOptions
from firmware.software import programs
from firmware.software.programs import NewSoftware
from storage.clock import now
from storage.console import json_option, pass_installation, say, show_one, show_rows
from storage.installation import Installation
from storage.progress import watched

ACTOR = "command line"
_COLUMNS = ("product", "version", "title_en", "file", "state", "signed", "size")


@click.group("software")
def group() -> None:
    """Utilities and provisioning tools beside the firmware."""


@group.command("publish")
@click.argument("product")
@click.argument("version")
@click.argument("file", type=click.File("rb"))
@click.option("--title-ru", required=True, help="What it is called, in Russian.")
@click.option("--title-en", required=True, help="What it is called, in English.")
@click.option("--notes-ru", default="", help="One sentence on what it is for.")
@click.option("--notes-en", default="", help="One sentence on what it is for.")
@click.option("--by", help="The login of the person whose draft it is.")
@json_option
@pass_installation
def publish(
    installation: Installation,
    product: str,
    version: str,
    file: BinaryIO,
    title_ru: str,
    title_en: str,
    notes_ru: str,
    notes_en: str,
    by: str | None,
    as_json: bool,
) -> None:
    """Publish FILE as VERSION of a program for PRODUCT; where people must sign off, as a draft."""
    name, options = Path(file.name).name, installation.option(SignOffOptions)
    new = NewSoftware(product, version, name, title_ru, title_en, notes_ru, notes_en)
    with installation.database.reading() as session:
        if by:
            users.get(session, by)
        programs.check(session, new)
    blob = installation.blobs.put(watched(file, name), limit=publishing.MAX_IMAGE_BYTES)
    ring = keys.of(installation)
    with installation.database.writing() as session:
        made = programs.hand_in(session, new, blob, ring, options, actor=by or ACTOR, now=now())
        row = _row(made)
    say(f"{product} {made.version} {name}: {made.state}.")
    show_one(row, as_json=as_json)


@group.command("list")
@json_option
@pass_installation
def list_software(installation: Installation, as_json: bool) -> None:
    """All programs."""
    with installation.database.reading() as session:
        rows = [_row(found) for found in programs.every(session)]
    show_rows(rows, _COLUMNS, as_json=as_json)


@group.command("sign-off")
@click.argument("product")
@click.argument("version")
@click.argument("file_name")
@click.option("--by", required=True, help="The login of the person who agrees.")
@pass_installation
def sign_off(
    installation: Installation, product: str, version: str, file_name: str, by: str
) -> None:
    """Note that a person agrees to publish a draft."""
    options = installation.option(SignOffOptions)
    with installation.database.writing() as session:
        found = programs.get(session, product, version, file_name)
        programs.sign_off(session, found, by, options, actor=ACTOR, now=now())
        signed = len(programs.counted(session, found))
    say(f"{file_name} has {signed} of {options.required} sign-offs.")


@group.command("publish-draft")
@click.argument("product")
@click.argument("version")
@click.argument("file_name")
@pass_installation
def publish_draft(installation: Installation, product: str, version: str, file_name: str) -> None:
    """Publish a draft that enough people have signed off."""
    options, ring = installation.option(SignOffOptions), keys.of(installation)
    with installation.database.writing() as session:
        found = programs.get(session, product, version, file_name)
        programs.publish(session, found, ring, options, actor=ACTOR, now=now())
    say(f"{file_name}: {found.state}.")


@group.command("withdraw")
@click.argument("product")
@click.argument("version")
@click.argument("file_name")
@click.option("--reason", default="", help="Everyone will see it; a draft needs none.")
@pass_installation
def withdraw(
    installation: Installation, product: str, version: str, file_name: str, reason: str
) -> None:
    """Stop offering a program; a draft is discarded."""
    ring = keys.of(installation)
    with installation.database.writing() as session:
        found = programs.get(session, product, version, file_name)
        programs.withdraw(session, found, ring, reason=reason, actor=ACTOR, now=now())
    say(f"{file_name} is withdrawn.")


def _row(found: Software) -> dict[str, object]:
    return {
        "product": found.product.code,
        "version": found.version,
        "title_ru": found.title_ru,
        "title_en": found.title_en,
        "file": found.file_name,
        "url": programs.address(found),
        "state": str(found.state),
        "signed": list(found.signed_by),
        "size": found.size,
        "sha256": found.sha256,
        "uploaded_by": found.uploaded_by,
        "withdrawn_reason": found.withdrawn_reason or None,
    }
