"""Command: device import."""

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import click

from provision.enrolment import importing, judging, report, table
from provision.enrolment.importing import Done, Source
from provision.enrolment.judging import Judged
from provision.enrolment.table import DeviceTable
from storage import console
from storage.clock import now
from storage.console import json_option, pass_installation, say, show_one, show_rows
from storage.installation import Installation
from storage.progress import QUIET_S

ACTOR = "command line"
_SHOWN_MAX = 100


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Tell what would become of each row; store nothing.")
@click.option(
    "--credentials",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT.csv",
    help="Issue a token for each new phone into this new file, which only you may read.",
)
@json_option
@pass_installation
def import_devices(
    installation: Installation, file: Path, dry_run: bool, credentials: Path | None, as_json: bool
) -> None:
    """Add the phones of a table (CSV or XLSX), all of them or none.

    The first row names the columns: mac and product, and if known serial, hardware, site,
    organisation, group (or profile), handover (a day) with its contract, and any setting of the
    phone itself by its name, as sip.1.number. A phone that is there already as the row says is
    skipped.
    """
    with file.open("rb") as opened:
        content = opened.read(table.BYTES_MAX + 1)
    source = Source(file.name, hashlib.sha256(content).hexdigest())
    read = table.read(content)
    if read.ignored:
        say("Nothing is taken from these columns: " + ", ".join(read.ignored))
    with installation.database.reading() as session:
        rows = importing.look(session, installation, read, now())
    if dry_run or judging.refused(rows):
        _show(rows, source, as_json=as_json)
        if judging.refused(rows):
            raise click.exceptions.Exit(1)
        return
    done = _store(installation, read, source, credentials)
    if done.issued:
        say("The server makes their first configurations before they ask.")
    shown = {"added": done.added, "skipped": done.skipped, "tokens": len(done.issued)}
    show_one(shown, as_json=as_json)


def _store(installation: Installation, read: DeviceTable, source: Source, out: Path | None) -> Done:
    """Store and write the tokens; neither lasts without the other."""
    wrote = False
    try:
        with _private(out) as write:
            wrote = out is not None
            with importing.taking_in(
                installation,
                read,
                source,
                actor=ACTOR,
                now=now(),
                with_tokens=wrote,
                tell=_tenths(len(read.entries)),
            ) as done:
                write("".join(report.token_lines(done.issued, installation.phone_url)))
    except BaseException:
        if wrote and out is not None:
            out.unlink(missing_ok=True)
        raise
    return done


def _tenths(rows: int) -> Callable[[int], None]:
    """Says every tenth of the way, once that takes longer than nobody minds."""
    began, said = time.monotonic(), 0

    def tell(steps: int) -> None:
        nonlocal said
        tenth = steps * 5 // max(rows, 1)
        if tenth > said and time.monotonic() - began >= QUIET_S:
            said = tenth
            say(f"Import: {tenth}0 %")

    return tell


def _private(out: Path | None) -> AbstractContextManager[Callable[[str], object]]:
    """A way to write a new file that only its owner may read; an existing one is refused."""
    if out is None:
        return nullcontext(lambda _text: None)
    return _PrivateFile(out)


class _PrivateFile(AbstractContextManager[Callable[[str], object]]):
    def __init__(self, path: Path) -> None:
        try:
            number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise click.ClickException(f"{path}: {error.strerror}") from None
        self._file = os.fdopen(number, "w", encoding="utf-8", newline="")

    def __enter__(self) -> Callable[[str], object]:
        return self._write

    def _write(self, text: str) -> None:
        self._file.write(text)
        self._file.flush()
        os.fsync(self._file.fileno())

    def __exit__(self, *_raised: object) -> None:
        self._file.close()


def _show(rows: Sequence[Judged], source: Source, *, as_json: bool) -> None:
    """What would become of the table: counts, and what is refused row by row."""
    language = console.language()
    unfit, counts = judging.refused(rows), dict(judging.counts(rows))
    if as_json:
        told = list(report.as_rows(rows, "en"))
        show_one({"file": source.name, "counts": counts, "rows": told}, as_json=True)
        return
    show_rows(list(report.as_rows(unfit[:_SHOWN_MAX], language)), report.COLUMNS, as_json=False)
    for verdict, count in counts.items():
        say(f"{verdict}: {count}")
    say("Nothing was stored." if unfit else "Every row fits; nothing was stored yet.")
