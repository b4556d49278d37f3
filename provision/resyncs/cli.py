"""Command: device resync."""

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator

import click
from rich.console import Console
from rich.progress import Progress

from jobs.owners import present
from provision.resyncs import conducting, results, starting
from provision.resyncs.results import Standing
from provision.resyncs.starting import DEFAULT_RATE, RATE_MAX, NewResync
from storage.clock import now
from storage.console import json_option, pass_installation, say, show_one, show_rows
from storage.installation import Installation

ACTOR = "command line"
_COLUMNS = ("mac", "serial", "site", "address", "state", "status", "reason", "sent")


@click.command("resync")
@click.argument("names", nargs=-1, metavar="MAC|SERIAL|ADDRESS…")
@click.option("--site", help="All phones of this site.")
@click.option("--rollout", type=click.IntRange(1), metavar="ID", help="The phones of a rollout.")
@click.option("--group", type=click.IntRange(1), help="Only this group of the rollout.")
@click.option("--reboot", is_flag=True, help="Ask them to restart as well.")
@click.option(
    "--rate",
    type=click.IntRange(1, RATE_MAX),
    default=DEFAULT_RATE,
    show_default=True,
    help="Phones a second.",
)
@json_option
@pass_installation
def resync(
    installation: Installation,
    names: tuple[str, ...],
    site: str | None,
    rollout: int | None,
    group: int | None,
    reboot: bool,
    rate: int,
    as_json: bool,
) -> None:
    """Ask phones to fetch their configuration now: SIP NOTIFY to where each was last seen."""
    if group is not None and rollout is None:
        raise click.UsageError("--group needs --rollout.")
    new = NewResync(names, site, rollout, group, reboot, rate)
    with present(installation) as owner:
        with installation.database.writing() as session:
            number = starting.start(session, new, actor=ACTOR, now=now(), owner=owner)
        with _stopped_at_the_end(installation, number):
            done = _walk(installation, number)
    _show(installation, done, as_json=as_json)
    if not done.accepted:
        raise click.exceptions.Exit(1)


@contextlib.contextmanager
def _stopped_at_the_end(installation: Installation, number: int) -> Iterator[None]:
    """No job goes on with it: whatever ends this command (Ctrl-C, SIGTERM) stops the resync.

    SIGKILL leaves it to resyncs/leaving.py, which sees that nobody is present any more.
    """
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:
        with installation.database.writing() as session:
            starting.stop(session, number, actor=ACTOR, now=now())
        signal.signal(signal.SIGTERM, before)


def _show(installation: Installation, done: Standing, *, as_json: bool) -> None:
    with installation.database.reading() as session:
        rows = [one.as_document() for one in results.asked(session, done.id)]
    if as_json:
        show_one({**done.as_document(), "results": rows}, as_json=True)
        return
    show_rows(rows, _COLUMNS, as_json=False)
    say(f"Resync {done.id}: {done.accepted} of {done.phones} phones accepted.")


def _walk(installation: Installation, number: int) -> Standing:
    """Ask with a bar on a terminal, or a line for every tenth elsewhere."""
    if not sys.stderr.isatty():
        return conducting.walk(installation, number, _tenths())
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"Resync {number}", total=None)

        def tell(one: Standing) -> None:
            bar.update(task, total=one.phones, completed=one.done)

        return conducting.walk(installation, number, tell)


def _tenths() -> Callable[[Standing], None]:
    told = 0

    def tell(one: Standing) -> None:
        nonlocal told
        tenth = one.done * 10 // one.phones
        if tenth > told:
            told = tenth
            say(f"Resync {one.id}: {one.done} of {one.phones} phones, {one.accepted} accepted")

    return tell
