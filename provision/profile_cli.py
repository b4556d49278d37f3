"""Commands: profile."""

from collections.abc import Mapping

import click

from provision import profile_history, profiles
from provision.devices import registry
from provision.dialects import schema_of
from provision.profiles import Link, Setting
from provision.rendering import HIDDEN
from storage.clock import now
from storage.console import json_option, pass_installation, say, show_rows
from storage.installation import Installation

ACTOR = "command line"
_CHANGES_SHOWN = 100


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


def _setting_row(setting: Setting) -> Mapping[str, object]:
    return {
        "name": setting.name,
        "value": HIDDEN if setting.is_secret else setting.value,
        "level": setting.link.level,
        "of": setting.link.label or None,
    }


def _of(link: Link) -> str:
    return f"{link.level} {link.label}".strip()


COMMANDS = (profile,)
