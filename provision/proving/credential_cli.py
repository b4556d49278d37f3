"""Command: device credential."""

from collections.abc import Mapping, Sequence

import click
from sqlalchemy.orm import Session

from provision import credentials
from provision.devices import listing, registry
from provision.devices.listing import DeviceFilter
from provision.devices.models import Device
from provision.models import CredentialKind
from provision.rendered import awaited
from storage.clock import now
from storage.console import json_option, pass_installation, say, show_rows
from storage.installation import Installation

ACTOR = "command line"


@click.command("credential")
@click.argument("names", nargs=-1, metavar="MAC…")
@click.option("--site", help="All devices of this site.")
@click.option("--all", "everything", is_flag=True, help="All devices.")
@click.option("--new", is_flag=True, help="Issue new ones, printed once.")
@click.option("--password", is_flag=True, help="A Digest password instead of a token.")
@click.option("--revoke", is_flag=True, help="End those that are in use, at once.")
@click.option(
    "--kind", type=click.Choice([one.value for one in CredentialKind]), help="Revoke these only."
)
@json_option
@pass_installation
def credential(
    installation: Installation,
    names: tuple[str, ...],
    site: str | None,
    everything: bool,
    new: bool,
    password: bool,
    revoke: bool,
    kind: str | None,
    as_json: bool,
) -> None:
    """Show the credentials of devices, issue new ones beside the old, or end them."""
    if not (names or site or everything):
        raise click.UsageError("Name a MAC, --site or --all.")
    if (new and revoke) or (kind and not revoke):
        raise click.UsageError("Use --new, or --revoke with or without --kind.")
    issued = "password" if password else "token"
    with installation.database.writing() as session:
        chosen = [registry.find(session, name) for name in names]
        if site or everything:
            wanted = DeviceFilter(site=site or "")
            chosen += [registry.get(session, one.mac) for one in listing.every(session, wanted)]
        rows: Sequence[Mapping[str, object]]
        if new:
            rows = [
                {"mac": one.mac, issued: _issue(session, installation, one, password=password)}
                for one in chosen
            ]
            if not password:
                _expect(session, installation, rows)
        elif revoke:
            only = CredentialKind(kind) if kind else None
            rows = [{"mac": one.mac, "ended": _revoke(session, one, only)} for one in chosen]
        else:
            rows = [row for one in chosen for row in _credential_rows(session, one)]
    if new:
        say("Keep them: they are shown only now.")
    columns: Sequence[str] = ("mac", "kind", "live", "valid_from", "first_used_at")
    if new or revoke:
        columns = ("mac", issued if new else "ended")
    show_rows(rows, columns, as_json=as_json)


def _revoke(session: Session, device: Device, kind: CredentialKind | None) -> int:
    return credentials.revoke(session, device, actor=ACTOR, now=now(), kind=kind)


def _issue(session: Session, installation: Installation, one: Device, *, password: bool) -> str:
    if password:
        return credentials.issue_password(session, one, installation.seal, actor=ACTOR, now=now())
    return credentials.issue_token(session, one, actor=ACTOR, now=now())


def _expect(
    session: Session, installation: Installation, rows: Sequence[Mapping[str, object]]
) -> None:
    """Have the first configurations of phones that never came made before they ask."""
    tokens = ((str(row["mac"]), str(row["token"])) for row in rows)
    awaited.expect(session, installation, tokens, actor=ACTOR, now=now())


def _credential_rows(session: Session, one: Device) -> Sequence[Mapping[str, object]]:
    return [
        {
            "mac": one.mac,
            "kind": found.kind,
            "live": found.is_live,
            "valid_from": found.valid_from,
            "valid_to": found.valid_to,
            "first_used_at": found.first_used_at,
        }
        for found in credentials.summaries(session, one, now())
    ]
