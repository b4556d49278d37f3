"""Commands: backup and restore."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import click

from portal import settings
from portal.backups import restoring, saving
from portal.personal_data import erasure_log
from storage.clock import now
from storage.console import json_option, pass_installation, progress, say, show_one
from storage.installation import Installation


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@json_option
@pass_installation
def backup(installation: Installation, file: Path, *, as_json: bool) -> None:
    """Write everything but the key file into FILE, while the server goes on.

    Exit code 1 if a stored file could not be read; the backup has all the others.
    """
    with contextlib.ExitStack() as bars:
        made = saving.save(installation, file, now(), _bar(bars, "Saving files"))
    for sha256 in made.lost:
        say(f"Not in the backup, as it could not be read: the stored file {sha256}")
    row = {"file": str(made.path), "bytes": made.size, "rows": made.rows, "files": made.files}
    show_one({**row, "lost": len(made.lost)}, as_json=as_json)
    say(f"Keep the key file {key_file()} as well, and apart from it: without it no backup opens.")
    if made.lost:
        raise click.exceptions.Exit(1)


@click.command("restore")
@click.argument("file", type=click.File("rb"))
@click.option(
    "--erasures",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The log of erasures; else the one in the data folder.",
)
@json_option
@pass_installation
def restore(
    installation: Installation, file: BinaryIO, *, erasures: Path | None, as_json: bool
) -> None:
    """Fill a new installation from FILE; put its key file in place first.

    The backup is checked whole before anything is changed, and everything is signed again. People
    whom the log of erasures tells of are erased again.
    """
    log = erasures or erasure_log.path_of(installation)
    told = erasure_log.read(log)
    with contextlib.ExitStack() as bars:
        bar = _bar(bars, "Checking")
        found = restoring.restore(installation, file, key_file(), now(), bar, told)
    row = {"as_of": found.made_at, "rows": found.rows, "files": found.files}
    show_one({**row, "erased_again": found.erased_again}, as_json=as_json)
    if not told:
        say(f"There was no log of erasures at {log}: who was erased since is here again.")


def key_file() -> Path:
    """Where the settings have the key."""
    loaded = settings.load()
    return loaded.key_file or loaded.data_dir.resolve() / "secrets.key"


def _bar(bars: contextlib.ExitStack, label: str) -> Callable[[int], Callable[[], None]]:
    return lambda total: bars.enter_context(progress(label, total))


COMMANDS = (backup, restore)
