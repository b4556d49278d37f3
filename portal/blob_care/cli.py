"""Commands: stored files."""

import time
from typing import BinaryIO

import click

from portal import tables
from portal.blob_care import refilling, standing
from storage.blob_keeping import collecting, scrubbing
from storage.blob_keeping.collecting import GRACE
from storage.blob_keeping.scrubbing import Checked, ScrubOptions
from storage.blobs import Health
from storage.clock import now
from storage.console import json_option, pass_installation, progress, say, show_one, show_rows
from storage.installation import Installation

ACTOR = "command line"
#: A blob is garbage if no table names it: all of them must be known, not those in use here.
TABLES = tables.metadata


@click.group()
def storage() -> None:
    """Stored files: read them again, collect what nobody needs, restore what is damaged."""


@storage.command("show")
@json_option
@pass_installation
def show(installation: Installation, *, as_json: bool) -> None:
    """How many files, how much room, when they were read last, how many are bad."""
    with installation.database.reading() as session:
        found = standing.of(session, installation.blobs)
    row = {
        "files": found.count,
        "bytes": found.size,
        "free_bytes": found.free_bytes,
        "unneeded": found.unneeded,
        "never_checked": found.never_checked,
        "last_check": found.checked_last,
        "oldest_check": found.unchecked_since,
        "bad": len(found.bad),
    }
    show_one(row, as_json=as_json)


@storage.command("scrub")
@click.option("--all", "everything", is_flag=True, help="Every file, not the next share only.")
@json_option
@pass_installation
def scrub(installation: Installation, *, everything: bool, as_json: bool) -> None:
    """Read stored files again; what is damaged goes into quarantine. Exit code 1 if any is bad."""
    with installation.database.reading() as session:
        options = installation.option(ScrubOptions)
        turns = scrubbing.every(session) if everything else scrubbing.share(session, options, now())
    began = time.monotonic()
    with progress("Reading again", len(turns)) as advance:
        found = scrubbing.scrub(
            installation.database, installation.blobs, turns, now, lambda _one: advance()
        )
    bad = [one for one in found if one.health is not Health.GOOD]
    result: dict[str, object] = {
        "checked": len(found),
        "bytes": sum(one.size for one in found),
        "seconds": round(time.monotonic() - began, 2),
        "healed": [one.sha256 for one in found if one.healed],
        "bad": [{"sha256": one.sha256, "found": str(one.health)} for one in bad],
    }
    if as_json:
        show_one(result, as_json=True)
    else:
        _tell(found, result)
    if bad:
        say("Restore what is bad: flatpro storage refill SHA256 FILE")
        raise click.exceptions.Exit(1)


def _tell(found: list[Checked], result: dict[str, object]) -> None:
    bad = [one for one in found if one.health is not Health.GOOD]
    if bad:
        show_rows(
            [{"sha256": one.sha256, "size": one.size, "found": str(one.health)} for one in bad],
            ("sha256", "size", "found"),
            as_json=False,
        )
    click.echo(f"Read {result['checked']} files in {result['seconds']} s; bad: {len(bad)}.")


@storage.command("collect")
@click.option("--dry-run", is_flag=True, help="Say what would be removed, change nothing.")
@json_option
@pass_installation
def collect(installation: Installation, *, dry_run: bool, as_json: bool) -> None:
    """Mark files that nobody needs; remove what has been marked for a day."""
    if dry_run:
        with installation.database.reading() as session:
            old = {one.sha256 for one in collecting.marked_before(session, now() - GRACE)}
            rows = [
                {
                    "sha256": one.sha256,
                    "size": one.size,
                    "marked": one.tombstoned_at,
                    "removed_now": one.sha256 in old,
                }
                for one in collecting.garbage(session)
            ]
        show_rows(rows, ("sha256", "size", "marked", "removed_now"), as_json=as_json)
        return
    done = collecting.collect(installation.database, installation.blobs, now())
    row = {
        "marked": done.marked,
        "lifted": done.lifted,
        "removed": len(done.removed),
        "freed_bytes": done.freed_bytes,
    }
    show_one(row, as_json=as_json)


@storage.command("refill")
@click.argument("sha256")
@click.argument("file", type=click.File("rb"))
@pass_installation
def refill(installation: Installation, sha256: str, file: BinaryIO) -> None:
    """Give back the bytes of a damaged or lost file: FILE must have this SHA-256."""
    refilling.refill(installation, sha256.lower(), file, actor=ACTOR, now=now())
    say(f"Restored {sha256.lower()}.")


COMMANDS = (storage,)
