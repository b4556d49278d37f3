"""Commands: device, profile."""

from collections.abc import Mapping, Sequence

import click
from sqlalchemy.orm import Session

from provision import configurations, credentials, phone_reads, profile_history, profiles, rollouts
from provision.configurations import Press
from provision.devices import listing, registry
from provision.devices.identity import MacAddress, SerialNumber
from provision.devices.listing import DeviceFilter
from provision.devices.models import DEFAULT_CHANNEL, Device
from provision.devices.registry import NewDevice
from provision.devices.summary import DeviceSummary
from provision.diagnosis.cli import diagnose, take_bundle
from provision.dialects import schema_of
from provision.enrolment.cli import import_devices
from provision.models import CredentialKind
from provision.phone_reads import ReadAnswer
from provision.profiles import Link, Setting
from provision.readers.reading import Via
from provision.rendering import HIDDEN
from provision.ssh_keys.cli import ssh_key
from provision.verdicts import words as verdict_words
from provision.verdicts.unit import Judgement
from storage.clock import now
from storage.console import json_option, pass_installation, say, show_one, show_rows
from storage.installation import Installation

ACTOR = "command line"
LIST_COLUMNS = ("mac", "serial", "product", "hardware", "firmware", "site", "last_check_in")
_CHANGES_SHOWN = 100
FACTS_SHOWN = ("product", "hardware", "serial", "mac", "firmware", "uptime_s", "ip")


@click.group()
def device() -> None:
    """Phones: add, list, credentials, preview, read."""


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
@click.option("--search", default="", help="Part of a MAC, serial, firmware, address or site.")
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


@device.command("credential")
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


@device.command("read")
@click.argument("name", metavar="ADDRESS|SERIAL|MAC")
@click.option(
    "--via",
    type=click.Choice([way.value for way in Via]),
    help="One way only; SNMP and HTTP otherwise, and SSH on request.",
)
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Instead of the profile's; needs --via."
)
@click.option("--family", help="Whose dialect it speaks (yealink, cisco …), if not in read.family.")
@json_option
@pass_installation
def read(
    installation: Installation,
    name: str,
    via: str | None,
    port: int | None,
    family: str | None,
    as_json: bool,
) -> None:
    """Read a phone over SNMP and over HTTP, and keep what it says."""
    if port is not None and via is None:
        raise click.UsageError("--port needs --via.")
    ways = (Via(via),) if via else phone_reads.BOTH
    at = now()
    answers = phone_reads.read_phone(
        installation, name, asked_by=ACTOR, now=at, ways=ways, port=port, family=family
    )
    judged = phone_reads.judgements(installation, answers, at)
    _show_answers(answers, judged, as_json=as_json)
    if all(answer.facts is None for answer in answers):
        raise click.exceptions.Exit(1)


@click.group()
def profile() -> None:
    """Settings of phones on six levels; the later one wins."""


def level_options(command: click.decorators.FC) -> click.decorators.FC:
    """Adds the options that name one level; none of them is the global one."""
    for name, text in (
        ("--device", "A device's MAC, serial number or address."),
        ("--group", "A group's name."),
        ("--site", "A site's name."),
        ("--organisation", "An organisation's name."),
        ("--product", "A product code."),
    ):
        command = click.option(name, help=text)(command)
    return command


@profile.command("list")
@json_option
@pass_installation
def list_settings(installation: Installation, as_json: bool) -> None:
    """All settings of all levels; secrets are not shown."""
    with installation.database.reading() as session:
        rows = [_setting_row(setting) for setting in profiles.every(session)]
    show_rows(rows, ("level", "of", "name", "value"), as_json=as_json)


@profile.command("show")
@click.argument("name", metavar="DEVICE")
@json_option
@pass_installation
def show_profile(installation: Installation, name: str, as_json: bool) -> None:
    """What a device's settings come to, and from which level each value is."""
    with installation.database.reading() as session:
        found = registry.find(session, name)
        resolved = profiles.resolve(session, profiles.chain_of(found))
    rows = [_setting_row(setting) for setting in resolved]
    show_rows(rows, ("name", "value", "level", "of"), as_json=as_json)


@profile.command("set")
@click.argument("setting")
@click.argument("value")
@level_options
@pass_installation
def set_setting(installation: Installation, setting: str, value: str, **level: str | None) -> None:
    """Set SETTING (sip.1.number, network.vlan, …) to VALUE on one level; global by default."""
    with installation.database.writing() as session:
        link = profiles.link_for(session, **level)
        profiles.put(
            session,
            installation.seal,
            link,
            setting,
            value,
            actor=ACTOR,
            now=now(),
            schema=schema_of(installation),
        )
    say(f"{setting} was set: {_of(link)}.")


@profile.command("unset")
@click.argument("setting")
@level_options
@pass_installation
def unset_setting(installation: Installation, setting: str, **level: str | None) -> None:
    """Take SETTING off one level; global by default."""
    with installation.database.writing() as session:
        link = profiles.link_for(session, **level)
        profiles.remove(session, link, setting, actor=ACTOR, now=now())
    say(f"{setting} was removed: {_of(link)}.")


@profile.command("history")
@level_options
@json_option
@pass_installation
def show_history(installation: Installation, *, as_json: bool, **level: str | None) -> None:
    """The last hundred changes of one level, the newest first; secrets are not shown."""
    with installation.database.reading() as session:
        link = profiles.link_for(session, **level)
        found = profile_history.of_links(session, [link], _CHANGES_SHOWN)
    rows = [_change_row(change) for change in found]
    show_rows(rows, ("id", "at", "actor", "name", "old", "new", "undoes"), as_json=as_json)


@profile.command("undo")
@click.argument("number", type=click.IntRange(1), metavar="ID")
@pass_installation
def undo_change(installation: Installation, number: int) -> None:
    """Take back one change, unless the setting was changed again since."""
    with installation.database.writing() as session:
        link = profiles.undo(session, number, actor=ACTOR, now=now())
    say(f"Change {number} was undone: {_of(link)}.")


@profile.command("settings")
@json_option
@pass_installation
def show_settings(installation: Installation, *, as_json: bool) -> None:
    """Every setting that is described, with what it takes."""
    rows = [
        {"name": spec.name, "type": spec.type, "takes": spec.wanted("en"), "about": spec.label_en}
        for spec in schema_of(installation)
    ]
    show_rows(rows, ("name", "type", "takes", "about"), as_json=as_json)


def _change_row(change: profile_history.Change) -> Mapping[str, object]:
    return {
        "id": change.id,
        "at": change.at,
        "actor": change.actor,
        "name": change.name,
        "old": HIDDEN if change.old.is_secret else change.old.value,
        "new": HIDDEN if change.new.is_secret else change.new.value,
        "undoes": change.undoes,
    }


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


def _revoke(session: Session, device: Device, kind: CredentialKind | None) -> int:
    return credentials.revoke(session, device, actor=ACTOR, now=now(), kind=kind)


def _issue(session: Session, installation: Installation, one: Device, *, password: bool) -> str:
    if password:
        return credentials.issue_password(session, one, installation.seal, actor=ACTOR, now=now())
    return credentials.issue_token(session, one, actor=ACTOR, now=now())


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


def _setting_row(setting: Setting) -> Mapping[str, object]:
    return {
        "name": setting.name,
        "value": HIDDEN if setting.is_secret else setting.value,
        "level": setting.link.level,
        "of": setting.link.label or None,
    }


def _of(link: Link) -> str:
    return f"{link.level} {link.label}".strip()


def _show_answers(
    answers: Sequence[ReadAnswer], judged: Sequence[Judgement], *, as_json: bool
) -> None:
    for answer in answers:
        if answer.error is not None:
            say(f"{answer.via.upper()}: {answer.error.text('en')}")
    if as_json:
        show_one(_answers_document(answers, judged), as_json=True)
        return
    told = [answer for answer in answers if answer.facts is not None]
    if not told:
        return
    rows = [
        {"fact": name, **{answer.via: _fact(answer, name) for answer in told}}
        for name in FACTS_SHOWN
    ]
    rows.append({"fact": "verdict", **{answer.via: answer.verdict for answer in told}})
    show_rows(rows, ("fact", *(answer.via for answer in told)), as_json=False)
    for one in judged:
        _show_judgement(one)


def _show_judgement(one: Judgement) -> None:
    strength = verdict_words.STRENGTHS[one.strength].en
    explained = f", explained by {one.explained_by}" if one.explained_by else ""
    click.echo(f"{one.verdict.name}: {verdict_words.name(one).en} ({strength}{explained})")
    for evidence in one.evidence:
        click.echo(f"  - {evidence.text.en} ({evidence.origin})")


def _answers_document(
    answers: Sequence[ReadAnswer], judged: Sequence[Judgement]
) -> Mapping[str, object]:
    """The facts that all ways came to, then each way's own answer."""
    facts = phone_reads.merged(answers)
    record = facts.as_record() if facts else {}
    return {
        "address": answers[0].address,
        **{name: record.get(name) for name in FACTS_SHOWN},
        "verdict": next((answer.verdict for answer in answers if answer.verdict), None),
        "identity": [one.as_record() for one in judged],
        "readings": [
            {
                "via": answer.via,
                "address": answer.address,
                "verdict": answer.verdict,
                "facts": answer.facts.as_record() if answer.facts else None,
                "error": answer.error.code if answer.error else None,
                "reason": answer.error.text("en") if answer.error else None,
            }
            for answer in answers
        ],
    }


def _fact(answer: ReadAnswer, name: str) -> object:
    return answer.facts.as_record().get(name) if answer.facts else None


device.add_command(diagnose)
device.add_command(take_bundle)
device.add_command(ssh_key)
device.add_command(import_devices)

COMMANDS = (device, profile)
