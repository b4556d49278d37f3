"""Storing the settings that a table gives phones of their own, as profiles.put does one by one."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from provision import profiles
from provision.enrolment.bulk import Ready
from provision.enrolment.judging import Wanted
from provision.models import Level, ProfileChange, ProfileSetting
from provision.profile_history import Stored
from provision.profiles import Link
from provision.vocabulary import Value
from storage.sealed import Seal


def add(
    ready: Ready, seal: Seal, part: Sequence[Wanted], actor: str, now: datetime
) -> Iterator[tuple[str, Wanted, Mapping[str, Any]]]:
    """The settings of new phones, with their history; secrets are sealed. What the audit hears."""
    found = list(_settings(part))
    kept = [
        (link, name, profiles.stored(seal, link, name, value)) for _, link, name, value in found
    ]
    ready.add(ProfileSetting, (_row(*one) for one in kept))
    ready.add(ProfileChange, (_change(*one, actor=actor, now=now) for one in kept))
    for one, _, name, value in found:
        yield "profile.set", one, {"name": name, "value": profiles.shown(name, value)}


def _settings(part: Sequence[Wanted]) -> Iterator[tuple[Wanted, Link, str, Value]]:
    for one in part:
        link = Link(Level.DEVICE, one.mac.hex, one.mac.hex)
        for name, value in one.settings.items():
            yield one, link, name, value


def _row(link: Link, name: str, kept: Stored) -> Mapping[str, Any]:
    return {
        "level": link.level,
        "key": link.key,
        "name": name,
        "value": kept.value,
        "sealed": kept.sealed,
    }


def _change(link: Link, name: str, kept: Stored, *, actor: str, now: datetime) -> Mapping[str, Any]:
    return {
        "at": now,
        "actor": actor,
        "level": link.level,
        "key": link.key,
        "name": name,
        "old_value": None,
        "old_sealed": None,
        "new_value": kept.value,
        "new_sealed": kept.sealed,
        "undoes": None,
    }
