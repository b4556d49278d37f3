"""The links of the profile chain as pages name them: by level and key."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.models import Organisation, Site
from catalogue import products
from provision import profiles
from provision.devices import registry
from provision.devices.models import Device
from provision.models import Level, ProfileSetting
from provision.profiles import GLOBAL, Link
from storage.refusals import NotFoundError

#: Stands in an address for the key of the global level, which is empty.
EVERYWHERE = "-"
_KEY_LENGTH_MAX = 64


class UnknownProfileError(NotFoundError):
    code = "unknown-profile"
    ru = "Такого профиля нет: {level} {key}."
    en = "There is no such profile: {level} {key}."


@dataclass(frozen=True)
class Kept:
    """A link that has settings, and how many."""

    link: Link
    settings: int


def find(session: Session, level: str, key: str) -> Link:
    """The link that an address names; raises a NotFoundError."""
    unknown = UnknownProfileError(level=level[:20], key=key[:_KEY_LENGTH_MAX])
    if level not in set(Level) or len(key) > _KEY_LENGTH_MAX:
        raise unknown
    match Level(level):
        case Level.GLOBAL if key == EVERYWHERE:
            return GLOBAL
        case Level.PRODUCT:
            return profiles.link_for(session, product=key)
        case Level.ORGANISATION if owner := session.get(Organisation, _number(key)):
            return profiles.link_for(session, organisation=owner.name)
        case Level.SITE if site := session.get(Site, _number(key)):
            return Link(Level.SITE, str(site.id), site.name)
        case Level.GROUP if key.strip() == key:
            return Link(Level.GROUP, key, key)
        case Level.DEVICE:
            mac = registry.get(session, key).mac
            return Link(Level.DEVICE, mac, mac)
    raise unknown


def above(session: Session, link: Link) -> Sequence[Link]:
    """The links whose values this one has where it sets none; only a device's are all known."""
    if link.level is Level.DEVICE:
        return profiles.chain_of(registry.get(session, link.key))[:-1]
    return [] if link.level is Level.GLOBAL else [GLOBAL]


def kept(session: Session, limit: int) -> Sequence[Kept]:
    """The links that have settings, the weakest level first."""
    rows = session.execute(
        select(ProfileSetting.level, ProfileSetting.key, func.count())
        .group_by(ProfileSetting.level, ProfileSetting.key)
        .limit(limit)
    )
    order = list(Level)
    found = [Kept(profiles.labelled(session, Level(row[0]), row[1]), row[2]) for row in rows]
    return sorted(found, key=lambda one: (order.index(one.link.level), one.link.label))


def choices(session: Session) -> dict[Level, list[tuple[str, str]]]:
    """What each level offers to choose from, as (key, label); devices are found by their MAC."""
    sites = session.execute(
        select(Site.id, Site.name, Organisation.name)
        .join(Organisation, Organisation.id == Site.organisation_id)
        .order_by(Site.name)
    )
    owners = session.execute(select(Organisation.id, Organisation.name).order_by(Organisation.name))
    groups = session.scalars(
        select(Device.group_name)
        .where(Device.group_name != "")
        .distinct()
        .order_by(Device.group_name)
    )
    return {
        Level.PRODUCT: [(one.code, one.code) for one in products.every(session)],
        Level.ORGANISATION: [(str(number), name) for number, name in owners],
        Level.SITE: [(str(number), f"{name} ({owner})") for number, name, owner in sites],
        Level.GROUP: [(name, name) for name in groups],
    }


def _number(key: str) -> int:
    return int(key) if key.isascii() and key.isdecimal() and len(key) < 10 else 0
