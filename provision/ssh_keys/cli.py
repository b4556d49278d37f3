"""Command: device ssh-key."""

import click

from provision.devices import registry
from provision.ssh_keys import pins
from storage.clock import now
from storage.console import json_option, pass_installation, say, show_one
from storage.installation import Installation

ACTOR = "command line"


@click.command("ssh-key")
@click.argument("name", metavar="MAC|SERIAL|ADDRESS")
@click.option("--accept", "fingerprint", help="Confirm this fingerprint (SHA256:…).")
@json_option
@pass_installation
def ssh_key(installation: Installation, name: str, fingerprint: str | None, as_json: bool) -> None:
    """Show which SSH key a phone is known by, or confirm the one that it showed."""
    if fingerprint is not None:
        with installation.database.writing() as session:
            device = registry.find(session, name.strip())
            pins.accept(session, device, fingerprint, actor=ACTOR, now=now())
        say("The SSH key was confirmed.")
    with installation.database.reading() as session:
        device = registry.find(session, name.strip())
        key = pins.known(session, device)
        mac = device.mac
    show_one(
        {
            "mac": mac,
            "pinned": key.pinned if key else None,
            "confirmed_by": key.confirmed_by if key else None,
            "confirmed_at": key.confirmed_at if key else None,
            "shown": key.shown if key else None,
            "shown_at": key.shown_at if key else None,
            "same_key_at_others": key.twins if key else 0,
        },
        as_json=as_json,
    )
