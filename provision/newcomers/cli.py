"""Commands: newcomer list, newcomer enrol."""

from dataclasses import asdict

import click

from provision.devices.identity import MacAddress, SerialNumber
from provision.devices.registry import NewDevice
from provision.dialects import families_of
from provision.newcomers import waiting
from storage.clock import now
from storage.console import json_option, pass_installation, show_one, show_rows
from storage.installation import Installation

_COLUMNS = (
    "mac",
    "family",
    "product",
    "firmware",
    "serial",
    "calls",
    "sweep",
    "addresses",
    "last_seen_at",
)


@click.group()
def newcomer() -> None:
    """Phones that call, or that a sweep met, and are in no register."""


@newcomer.command("list")
@json_option
@pass_installation
def list_newcomers(installation: Installation, as_json: bool) -> None:
    """Who waits, the last one heard or met first."""
    with installation.database.reading() as session:
        found = waiting.waiting(session, families_of(installation), now())
    show_rows([asdict(one) for one in found], _COLUMNS, as_json=as_json)


@newcomer.command("enrol")
@click.argument("mac")
@click.option("--product", help="Product code; without it, the one that the phone says it is.")
@click.option("--serial", help="As on the label.")
@click.option("--hw", "hardware", help="Hardware revision.")
@click.option("--site", help="Name of a site.")
@json_option
@pass_installation
def enrol(
    installation: Installation,
    mac: str,
    product: str | None,
    serial: str | None,
    hardware: str | None,
    site: str | None,
    as_json: bool,
) -> None:
    """Take one in; its token is printed once."""
    with installation.database.writing() as session:
        known = MacAddress.parse(mac)
        found = waiting.one(session, families_of(installation), known, now())
        new = NewDevice(
            mac=MacAddress.parse(found.mac),
            product=product or found.product or "",
            serial=SerialNumber.parse(serial) if serial else None,
            hardware=hardware,
            site=site,
        )
        device, token = waiting.enrol(session, new, actor="command line", now=now())
        shown = {"mac": device.mac, "product": device.product.code, "token": token}
    show_one(shown, as_json=as_json)


COMMANDS = (newcomer,)
