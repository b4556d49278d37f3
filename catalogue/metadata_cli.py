"""Commands: metadata (refresh, export, import, verify)."""

import sys
from pathlib import Path

import click

from catalogue import expiry, keys, repository, repository_audit, targets
from catalogue.receivers import ListingReceivers
from catalogue.signing import ceremony, signing_cli
from catalogue.signing.signing_request import SigningRequest
from storage.clock import now
from storage.console import json_option, pass_installation, say, show_rows
from storage.installation import Installation

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group("metadata")
def metadata_group() -> None:
    """The signed metadata of mirrors and tools (TUF)."""


@metadata_group.command("refresh")
@click.option("--all", "everything", is_flag=True, help="All of it, as after a restored backup.")
@pass_installation
def refresh(installation: Installation, everything: bool) -> None:
    """Sign again what is due."""
    ring = keys.of(installation)
    with installation.database.writing() as session:
        repository.ensure(session, ring, now())
        if everything:
            listed = repository.sign_everything(session, ring, now())
        else:
            listed = repository.renew(session, ring, now())
        installation.option(ListingReceivers).tell(session, listed, ring, now())
        waiting = ceremony.awaited(session, ring)
        alarming = expiry.alarming(session, now())
    for age in alarming:
        say(f"{age.place} expires {age.expires_at:%Y-%m-%d %H:%M} UTC")
    say("The metadata is fresh." if not waiting else "Drafts wait for signatures.")


@metadata_group.command("export")
@click.argument("file", type=_FILE)
@pass_installation
def export(installation: Installation, file: Path) -> None:
    """Write what people have to sign to FILE."""
    with installation.database.reading() as session:
        request = ceremony.request(session, now())
    file.write_bytes(request.to_json())
    say(f"{len(request.drafts)} files and {len(request.statements)} statements to sign: {file}")


@metadata_group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@pass_installation
def import_signatures(installation: Installation, file: Path) -> None:
    """Take the signatures in FILE; what is complete by them is published."""
    signing_cli.take(installation, SigningRequest.parse(file.read_bytes()))


@metadata_group.command("verify")
@click.option("--bytes", "read_bytes", is_flag=True, help="Read and hash every file as well.")
@json_option
@pass_installation
def verify(installation: Installation, read_bytes: bool, as_json: bool) -> None:
    """Check all of it with TUF's own client, and list the files with their dates."""
    with installation.database.reading() as session:
        rows = [_row(age) for age in expiry.ages(session, now())]
        offered = targets.seen(session)
        with click.progressbar(offered, label="Verifying", file=sys.stderr) as shown:
            found = list(
                repository_audit.faults(session, installation.blobs, shown, read_bytes=read_bytes)
            )
    show_rows(rows, ("view", "role", "version", "size", "expires_at", "alarm"), as_json=as_json)
    for fault in found:
        say(str(fault))
    if found:
        raise repository_audit.FaultyRepositoryError(count=len(found), first=found[0])
    say(f"{len(offered)} targets are named and present in both views.")


def _row(age: expiry.FileAge) -> dict[str, object]:
    return {
        "view": age.place.view,
        "role": age.place.role,
        "version": age.version,
        "size": age.size,
        "signed_at": age.signed_at,
        "expires_at": age.expires_at,
        "alarm": age.is_alarming,
    }


COMMANDS = (metadata_group,)
