"""Commands: device; those with much to say have a file of their own."""

from collections.abc import Mapping

import click

from provision import configurations, rollouts
from provision.configurations import Press
from provision.devices import listing, registry
from provision.devices.identity import MacAddress, SerialNumber
from provision.devices.listing import DeviceFilter
from provision.devices.models import DEFAULT_CHANNEL
from provision.devices.registry import NewDevice
from provision.devices.summary import DeviceSummary
from provision.diagnosis.cli import diagnose, take_bundle
from provision.enrolment.cli import import_devices
from provision.proving.credential_cli import credential
from provision.reading.read_cli import read
from provision.reading.walk_cli import walk_phone
from provision.resyncs.cli import resync
from provision.ssh_keys.cli import ssh_key
from storage.clock import now
from storage.console import json_option, pass_installation, say, show_one, show_rows
from storage.installation import Installation

ACTOR = "command line"
LIST_COLUMNS = ("mac", "serial", "product", "hardware", "firmware", "site", "last_check_in")


@click.group()
def device() -> None:
    """Phones: add, import, list, credentials, preview, read, walk, resync, diagnose, hold."""


@device.command("add")
@click.option("--mac", required=True, help="In any spelling.")
@click.option("--serial", help="As on the label.")
@click.option("--product", required=True, help="Product code, e.g. FP-B2.")
@click.option("--hw", "hardware", help="Hardware revision; the only one when there is one.")
@click.option("--site", help="Name of a site; its organisation becomes the owner.")
@click.option("--organisation", help="Name of the owner, where there is no site.")
@click.option("--group", default="", help="Group for profiles and rollouts.")
@click.option("--channel", default=DEFAULT_CHANNEL, show_default=True)
@pass_installation
def add_device(
    installation: Installation,
    mac: str,
    serial: str | None,
    product: str,
    hardware: str | None,
    site: str | None,
    organisation: str | None,
    group: str,
    channel: str,
) -> None:
    """Add a phone to the register."""
    new = NewDevice(
        mac=MacAddress.parse(mac),
        product=product,
        serial=SerialNumber.parse(serial) if serial else None,
        hardware=hardware,
        site=site,
        organisation=organisation,
        group=group,
        channel=channel,
    )
    with installation.database.writing() as session:
        registry.add_device(session, new, actor=ACTOR, now=now())
    say(f"Device {new.mac} was added.")


@device.command("list")
@click.option("--product", default="", help="Only of this product.")
@click.option("--site", default="", help="Only of this site.")
@click.option(
    "--search",
    default="",
    help="Part of a MAC, serial, firmware, address or site; among more than 20,000 devices its"
    " beginning, or four or more last characters of a MAC or serial.",
)
@json_option
@pass_installation
def list_devices(
    installation: Installation, product: str, site: str, search: str, as_json: bool
) -> None:
    """All devices, by MAC."""
    wanted = DeviceFilter(text=search, product=product, site=site)
    with installation.database.reading() as session:
        found = listing.every(session, wanted)
    show_rows([_row(summary) for summary in found], LIST_COLUMNS, as_json=as_json)


@device.command("show")
@click.argument("name")
@json_option
@pass_installation
def show_device(installation: Installation, name: str, as_json: bool) -> None:
    """One device, by MAC, serial number or last address."""
    with installation.database.reading() as session:
        found = registry.summary(session, name)
    shown = {
        **_row(found),
        "organisation": found.organisation,
        "group": found.group,
        "address": found.address,
        "channel": found.channel,
        "pinned_version": found.pinned_version,
        "firmware_seen_at": found.firmware_seen_at,
        "first_seen_at": found.first_seen_at,
    }
    show_one(shown, as_json=as_json)


@device.command("hold")
@click.argument("name", metavar="MAC")
@click.option("--reason", required=True, help="Kept in the story of the phone.")
@pass_installation
def hold_device(installation: Installation, name: str, reason: str) -> None:
    """Offer the phone no update until it is let go."""
    with installation.database.writing() as session:
        found = registry.find(session, name)
        rollouts.hold(session, found, reason, actor=ACTOR, now=now())
    say(f"{found.mac} is held back from updates.")


@device.command("release")
@click.argument("name", metavar="MAC")
@pass_installation
def release_device(installation: Installation, name: str) -> None:
    """Let a phone that was held back take updates again."""
    with installation.database.writing() as session:
        found = registry.find(session, name)
        rollouts.release_hold(session, found, actor=ACTOR, now=now())
    say(f"{found.mac} may take updates.")


@device.command("pin")
@click.argument("name", metavar="MAC")
@click.argument("version", required=False)
@pass_installation
def pin_device(installation: Installation, name: str, version: str | None) -> None:
    """Keep the phone at VERSION; without one, it follows its channel again."""
    with installation.database.writing() as session:
        found = registry.find(session, name)
        rollouts.pin(session, found, version, actor=ACTOR, now=now())
    say(f"{found.mac} is kept at {version}." if version else f"{found.mac} follows its channel.")


@device.command("preview")
@click.argument("name")
@pass_installation
def preview(installation: Installation, name: str) -> None:
    """What this phone would get now, secrets masked."""
    with installation.database.reading() as session:
        found = registry.find(session, name)
        text = configurations.preview(session, Press.of(installation), found, now())
    click.echo(text, nl=False)


def _row(found: DeviceSummary) -> Mapping[str, object]:
    return {
        "mac": found.mac,
        "serial": found.serial,
        "product": found.product_code,
        "hardware": found.hardware,
        "firmware": found.firmware,
        "site": found.site,
        "last_check_in": found.last_check_in_at,
    }


device.add_command(credential)
device.add_command(read)
device.add_command(walk_phone)
device.add_command(diagnose)
device.add_command(take_bundle)
device.add_command(ssh_key)
device.add_command(import_devices)
device.add_command(resync)

COMMANDS = (device,)
