"""Profiles: settings on six levels, the later one winning, each value with where it came from.

global → product → organisation → site → group → device. Secrets are sealed at rest and are opened
only where a phone's file is made.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session

from accounts import audit, users
from accounts.models import Organisation, Site
from catalogue import products
from provision import profile_history
from provision.devices import registry
from provision.devices.models import Device
from provision.families.settings import Schema
from provision.models import Level, ProfileSetting
from provision.profile_history import Stored
from provision.vocabulary import COMMON, Value, check_name, is_secret, read_value
from storage.refusals import ConflictError, NotFoundError, RefusedError
from storage.sealed import Place, Seal, UnsealError


class UnknownSettingError(NotFoundError):
    code = "unknown-profile-setting"
    ru = "На уровне «{level}» нет настройки {name}."
    en = "The level “{level}” has no setting {name}."


class SeveralLevelsError(RefusedError):
    code = "several-levels"
    ru = "Назовите один уровень: изделие, организацию, площадку, группу или телефон."
    en = "Name one level: a product, an organisation, a site, a group or a device."


class ChangedSinceError(ConflictError):
    code = "setting-changed-since"
    ru = "Настройку {name} с тех пор изменили ещё раз: отменить это изменение уже нельзя."
    en = "{name} was changed again since: this change cannot be undone any more."


@dataclass(frozen=True)
class Link:
    """One link of the chain; `label` is how people call its owner."""

    level: Level
    key: str = ""
    label: str = ""


GLOBAL = Link(Level.GLOBAL)


@dataclass(frozen=True)
class Setting:
    """A value and the level it came from; a secret has no `value` until it is opened."""

    name: str
    link: Link
    value: Value | None
    sealed: bytes | None = field(default=None, repr=False)

    @property
    def is_secret(self) -> bool:
        return self.sealed is not None

    def opened(self, seal: Seal) -> Value:
        """The value, a secret's too; raises UnsealError for another key file."""
        if self.sealed is not None:
            return seal.open(self.sealed, _place(self.link, self.name))
        assert self.value is not None, "a row holds either a value or a sealed one"
        return self.value


@dataclass(frozen=True)
class Profile:
    """What a chain comes to: the winning setting of each name, and those it overrode."""

    settings: Mapping[str, Setting]
    overridden: Mapping[str, Sequence[Setting]] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Setting]:
        return iter(self.settings[name] for name in sorted(self.settings))

    def opened(self, seal: Seal) -> Mapping[str, Value]:
        """Every value by name, secrets included: for making a phone's file or reading it."""
        return {name: setting.opened(seal) for name, setting in self.settings.items()}


def link_for(
    session: Session,
    *,
    product: str | None = None,
    organisation: str | None = None,
    site: str | None = None,
    group: str | None = None,
    device: str | None = None,
) -> Link:
    """The link that is named, all by their names; nothing named is the global level."""
    if sum(name is not None for name in (product, organisation, site, group, device)) > 1:
        raise SeveralLevelsError
    if product is not None:
        return Link(Level.PRODUCT, products.get(session, product).code, product)
    if organisation is not None:
        return _organisation(users.organisation(session, organisation))
    if site is not None:
        return _site(users.site(session, site))
    if group is not None:
        return Link(Level.GROUP, group, group)
    if device is not None:
        found = registry.find(session, device)
        return Link(Level.DEVICE, found.mac, found.mac)
    return GLOBAL


def chain_of(device: Device) -> Sequence[Link]:
    """The links that a device's values come from, the weakest first."""
    links = [GLOBAL, Link(Level.PRODUCT, device.product.code, device.product.code)]
    if device.organisation is not None:
        links.append(_organisation(device.organisation))
    if device.site is not None:
        links.append(_site(device.site))
    if device.group_name:
        links.append(Link(Level.GROUP, device.group_name, device.group_name))
    return [*links, Link(Level.DEVICE, device.mac, device.mac)]


#: Each configuration asks for its phone's own: putting it together costs as much as asking it.
_OF_ONE = select(ProfileSetting).where(
    ProfileSetting.level == bindparam("level"), ProfileSetting.key == bindparam("key")
)


def resolve(session: Session, links: Sequence[Link]) -> Profile:
    """The winning value of each setting along `links`, the weakest first."""
    order = {(link.level, link.key): place for place, link in enumerate(links)}
    rows = _rows(session, links)
    settings: dict[str, Setting] = {}
    overridden: dict[str, list[Setting]] = {}
    for row in sorted(rows, key=lambda row: order[Level(row.level), row.key]):
        setting = _setting(row, links[order[Level(row.level), row.key]])
        if row.name in settings:
            overridden.setdefault(row.name, []).append(settings[row.name])
        settings[row.name] = setting
    return Profile(settings, overridden)


def _rows(session: Session, links: Sequence[Link]) -> Sequence[ProfileSetting]:
    if len(links) == 1:
        [one] = links
        return session.scalars(_OF_ONE, {"level": one.level, "key": one.key}).all()
    wanted = (
        and_(ProfileSetting.level == link.level, ProfileSetting.key == link.key) for link in links
    )
    return session.scalars(select(ProfileSetting).where(or_(*wanted))).all()


def joined(weaker: Profile, stronger: Profile) -> Profile:
    """What two parts of one chain come to together, as if they were resolved at once."""
    overridden = {name: list(found) for name, found in weaker.overridden.items()}
    for name, setting in weaker.settings.items():
        if name in stronger.settings:
            overridden.setdefault(name, []).append(setting)
    for name, found in stronger.overridden.items():
        overridden.setdefault(name, []).extend(found)
    return Profile({**weaker.settings, **stronger.settings}, overridden)


def put(
    session: Session,
    seal: Seal,
    link: Link,
    name: str,
    text: str,
    *,
    actor: str,
    now: datetime,
    schema: Schema = COMMON,
) -> None:
    """Set `name` on one level to the value in `text`; a secret's value is never in the audit.

    The same value again is no change.
    """
    value = read_value(check_name(name, schema), text, schema)
    row = _row(session, link, name)
    if row is not None and _holds(_setting(row, link), value, seal):
        return
    before = Stored.of(row)
    if row is None:
        row = ProfileSetting(level=link.level, key=link.key, name=name)
        session.add(row)
    kept = stored(seal, link, name, value)
    row.value, row.sealed = kept.value, kept.sealed
    profile_history.note(session, link, name, before, kept, actor=actor, now=now)
    _audit(session, "profile.set", link, name, actor, now, value=shown(name, value))


def stored(seal: Seal, link: Link, name: str, value: Value) -> Stored:
    """A value as its row holds it: a secret is sealed to this place."""
    if is_secret(name):
        return Stored(sealed=seal.close(str(value), _place(link, name)))
    return Stored(value)


def shown(name: str, value: Value) -> Value:
    """A value as the audit trail holds it."""
    return "•" if is_secret(name) else value


def remove(session: Session, link: Link, name: str, *, actor: str, now: datetime) -> None:
    """Take `name` off one level; raises UnknownSettingError."""
    row = _row(session, link, name)
    if row is None:
        raise UnknownSettingError(level=link.label or link.level, name=name[:64])
    session.delete(row)
    profile_history.note(session, link, name, Stored.of(row), Stored(), actor=actor, now=now)
    _audit(session, "profile.unset", link, name, actor, now)


def undo(session: Session, number: int, *, actor: str, now: datetime) -> Link:
    """Give a setting the value back that it had before change `number`; where that was.

    Raises UnknownChangeError, or ChangedSinceError when it is not what that change made it.
    """
    change = profile_history.get(session, number)
    link = labelled(session, Level(change.level), change.key)
    row = _row(session, link, change.name)
    if Stored.of(row) != change.new:
        raise ChangedSinceError(name=change.name)
    if change.old.is_none and row is not None:
        session.delete(row)
    elif not change.old.is_none:
        if row is None:
            row = ProfileSetting(level=link.level, key=link.key, name=change.name)
            session.add(row)
        row.value, row.sealed = change.old.value, change.old.sealed
    profile_history.note(
        session, link, change.name, change.new, change.old, actor=actor, now=now, undoes=number
    )
    _audit(session, "profile.undo", link, change.name, actor, now, change=number)
    return link


def every(session: Session) -> Sequence[Setting]:
    """All settings of all levels, the weakest level first."""
    rows = session.scalars(select(ProfileSetting)).all()
    order = list(Level)
    rows = sorted(rows, key=lambda row: (order.index(Level(row.level)), row.key, row.name))
    return [_setting(row, labelled(session, Level(row.level), row.key)) for row in rows]


def _holds(setting: Setting, value: Value, seal: Seal) -> bool:
    """Whether it has this value already; one that another key file sealed is not known."""
    try:
        found = setting.opened(seal)
    except UnsealError:
        return False
    return (type(found), found) == (type(value), value)


def _setting(row: ProfileSetting, link: Link) -> Setting:
    return Setting(row.name, link, row.value, row.sealed)


def labelled(session: Session, level: Level, key: str) -> Link:
    """The link of a stored setting; one whose owner is gone is labelled by its number."""
    if level is Level.ORGANISATION and (owner := session.get(Organisation, int(key))):
        return _organisation(owner)
    if level is Level.SITE and (site := session.get(Site, int(key))):
        return _site(site)
    return Link(level, key, key)


def _organisation(owner: Organisation) -> Link:
    return Link(Level.ORGANISATION, str(owner.id), owner.name)


def _site(site: Site) -> Link:
    return Link(Level.SITE, str(site.id), site.name)


def _row(session: Session, link: Link, name: str) -> ProfileSetting | None:
    return session.scalar(
        select(ProfileSetting).where(
            ProfileSetting.level == link.level,
            ProfileSetting.key == link.key,
            ProfileSetting.name == name,
        )
    )


def _audit(
    session: Session,
    action: str,
    link: Link,
    name: str,
    actor: str,
    now: datetime,
    **details: Value,
) -> None:
    # A device's settings belong to its own story; the rest is the profile's.
    on_device = link.level is Level.DEVICE
    subject = f"device:{link.key}" if on_device else f"profile:{link.level}:{link.key}"
    audit.record(session, actor, action, subject, now, name=name, **details)


def _place(link: Link, name: str) -> Place:
    return Place("profile_setting", f"{link.level}:{link.key}", name)
