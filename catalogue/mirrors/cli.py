"""Commands: mirror (sync, export, import, verify, status)."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from catalogue.mirrors import bundle as mirror_bundle
from catalogue.mirrors import checking, exporting, syncing
from catalogue.mirrors import status as mirror_status
from catalogue.mirrors.generations import Outcome
from catalogue.mirrors.http import HttpUpstream
from catalogue.mirrors.looking import Order
from catalogue.mirrors.options import MirrorOptions
from catalogue.mirrors.selection import KINDS, Selection
from catalogue.tuf.layout import View
from storage.clock import now
from storage.console import json_option, pass_installation, say, show_one
from storage.installation import Installation

_ALL = "all"
_CHOSEN = ("products", "kinds", "languages")
_FILE = click.Path(dir_okay=False, path_type=Path)
_OLD_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _chosen(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option(
            "--lang", "languages", multiple=True, help="Documents in it only; may repeat."
        ),
        click.option("--kind", "kinds", multiple=True, type=click.Choice(KINDS)),
        click.option("--product", "products", multiple=True, help="Only this one; may repeat."),
    ):
        command = option(command)
    return command


@click.group("mirror")
def mirror_group() -> None:
    """A copy of another installation: by the network, or carried in a file."""


@mirror_group.command("sync")
@click.argument("url")
@_chosen
@click.option("--root", type=_OLD_FILE, help="The root.json that you trust, got another way.")
@pass_installation
def sync(
    installation: Installation,
    url: str,
    products: tuple[str, ...],
    kinds: tuple[str, ...],
    languages: tuple[str, ...],
    root: Path | None,
) -> None:
    """Make this installation a mirror of the one at URL, or bring it up to date."""
    chosen = Selection.of(products, kinds, languages)
    order = Order(
        View.ONLINE,
        # Without an option what was chosen before still holds.
        chosen if chosen != Selection() else None,
        root.read_bytes() if root else None,
        progress=_progress,
    )
    folder = installation.data_dir / "mirror" / "incoming"
    upstream = HttpUpstream(url, folder, installation.option(MirrorOptions))
    _tell(syncing.take(installation, upstream, order), root_given=root is not None)


@mirror_group.command("export")
@click.argument("file", type=_FILE)
@_chosen
@pass_installation
def export(
    installation: Installation,
    file: Path,
    products: tuple[str, ...],
    kinds: tuple[str, ...],
    languages: tuple[str, ...],
) -> None:
    """Write everything (or what is chosen) to one FILE, to be carried behind an air gap."""
    chosen = Selection.of(products, kinds, languages)
    made = exporting.export(installation, file, chosen, now())
    say(f"{file}: {made.targets} files, {made.size} bytes, sha256 {made.sha256}")
    say(f"It is believed until {made.believed_until:%Y-%m-%d %H:%M} UTC.")


@mirror_group.command("import")
@click.argument("file", type=_OLD_FILE)
@click.option("--root", type=_OLD_FILE, help="The offline-root.json that you trust.")
@click.option("--narrow", is_flag=True, help="Take a bundle that holds less than this mirror.")
@pass_installation
def import_bundle(installation: Installation, file: Path, root: Path | None, narrow: bool) -> None:
    """Take what FILE brings, once all of it is verified; doing it again changes nothing."""
    with mirror_bundle.opened(file) as bundle:
        order = Order(
            View.AIR_GAP,
            bundle.chosen,
            root.read_bytes() if root else None,
            narrow,
            _progress,
        )
        _tell(syncing.take(installation, bundle, order), root_given=root is not None)


@mirror_group.command("verify")
@pass_installation
def verify(installation: Installation) -> None:
    """Read and hash everything held, and check every signature; exit 1 names each fault."""
    faults = 0
    with installation.database.reading() as session:
        offered = checking.offered(session)
        with click.progressbar(offered, label="Verifying", file=sys.stderr) as shown:
            for fault in checking.faults(session, installation.blobs, shown, now()):
                faults += 1
                say(str(fault))
    if faults:
        raise checking.FaultyMirrorError(count=faults)
    say(f"{len(offered)} files are held, whole and signed.")


@mirror_group.command("status")
@json_option
@pass_installation
def status(installation: Installation, as_json: bool) -> None:
    """What is mirrored, from where, how old it is, and when it stops being believed."""
    with installation.database.reading() as session:
        found = mirror_status.read(session, installation.blobs, now())
    row = found.as_row()
    show_one(row if as_json else _plain(row), as_json=as_json)


def _plain(row: Mapping[str, object]) -> dict[str, object]:
    """A row for people: one line for each entry of a table in it."""
    plain: dict[str, object] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            plain |= {f"{name} {key}": entry for key, entry in value.items()}
        else:
            plain[name] = _ALL if value == [] and name in _CHOSEN else value
    return plain


def _progress(done: int, total: int, name: str) -> None:
    if name:
        say(f"{done + 1}/{total} {name}")


def _tell(outcome: Outcome, *, root_given: bool) -> None:
    for view, pin in outcome.new_pins.items():
        say(f"Trust in {view} begins with {pin}.")
    if outcome.new_pins and not root_given:
        say("It came from the upstream itself: compare it with what the vendor says.")
    for path in outcome.added:
        say(f"+ {path}")
    for path in outcome.removed:
        say(f"- {path}")
    news = "" if outcome.changed else " Nothing is new."
    say(f"Generation {outcome.generation}: {outcome.held} files are held.{news}")
    say(f"It is believed until {outcome.believed_until:%Y-%m-%d %H:%M} UTC.")


COMMANDS = (mirror_group,)
