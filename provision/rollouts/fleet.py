"""The phones that a rollout is about, as they stand now."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from accounts.models import Site
from catalogue.models import Product
from catalogue.versions import Version
from firmware import releases
from provision.devices.models import Device, Hold
from provision.rollouts.fitness import Fitness, Phone
from provision.rollouts.models import Rollout, RolloutTarget
from provision.rollouts.vocabulary import Reason
from provision.rollouts.waves import Member


@dataclass(frozen=True)
class Found:
    """A phone, its number and its site."""

    device_id: int
    phone: Phone
    site: str | None

    @property
    def member(self) -> Member:
        return Member(self.phone.mac, self.site)


def fitness(session: Session, product: Product, version: str) -> Fitness:
    """The release among the others; raises BadVersionError."""
    nodes = releases.nodes(releases.of_product(session, product.id))
    return Fitness(Version.parse(version), nodes)


def phones(
    session: Session, product_id: int, site_id: int | None, now: datetime
) -> Iterator[Found]:
    """All phones of a product, or of a site, by MAC."""
    return _read(session, _within(product_id, site_id), now)


def newcomers(session: Session, rollout: Rollout, now: datetime) -> Iterator[Found]:
    """Phones that the rollout covers and that were not there when it was made."""
    known = exists().where(
        RolloutTarget.rollout_id == rollout.id, RolloutTarget.device_id == Device.id
    )
    return _read(session, and_(_within(rollout.product_id, rollout.site_id), ~known), now)


def left_out_by_channel(
    session: Session, rollout: Rollout, group: int, channels: Collection[str], now: datetime
) -> Sequence[Found]:
    """Phones of a group whose channel did not have the release, and is one of `channels`."""
    mine = exists().where(
        RolloutTarget.rollout_id == rollout.id,
        RolloutTarget.device_id == Device.id,
        RolloutTarget.group_number == group,
        RolloutTarget.reason == Reason.CHANNEL,
    )
    return list(_read(session, and_(mine, Device.channel.in_(channels)), now))


def _within(product_id: int, site_id: int | None) -> ColumnElement[bool]:
    by_product = Device.product_id == product_id
    return by_product if site_id is None else and_(by_product, Device.site_id == site_id)


def held_now(now: datetime) -> ColumnElement[bool]:
    """Whether the device of a row is on hold at `now`."""
    lifted = or_(Hold.until.is_(None), Hold.until > now)
    return exists().where(Hold.device_id == Device.id, Hold.since <= now, lifted)


def phone_columns(now: datetime) -> tuple[ColumnElement[Any], ...]:
    """What `phone` is made of."""
    return (
        Device.mac.expression,
        Device.firmware.expression,
        Device.hardware.expression,
        Device.channel.expression,
        Device.pinned_version.expression,
        held_now(now),
    )


def phone(
    mac: str,
    firmware: str | None,
    hardware: str | None,
    channel: str,
    pinned: str | None,
    held: object,
) -> Phone:
    """The phone of a row of `phone_columns`."""
    return Phone(mac, firmware, hardware, channel, pinned, bool(held))


def _read(session: Session, wanted: ColumnElement[bool], now: datetime) -> Iterator[Found]:
    rows = session.execute(
        select(Device.id, Site.name, *phone_columns(now))
        .outerjoin(Site, Site.id == Device.site_id)
        .where(wanted)
        .order_by(Device.mac)
    )
    for number, site, *facts in rows:
        yield Found(number, phone(*facts), site)
