"""Keeping a configuration that was just made, for the same phone's next fetch.

The revisions are read before anything that the configuration is made of: a change that comes in
between makes what is kept stale at once, and never the other way round.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    bindparam,
    delete,
    exists,
    func,
    literal,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from provision.devices.identity import MacAddress
from provision.devices.models import Device, Hold
from provision.models import DeviceCredential
from provision.phone_fetches.checkin_lines import microseconds
from provision.rendered.models import EVERY_DEVICE, Rendered, RenderingRevision
from provision.rollouts.models import Rollout
from provision.rollouts.vocabulary import RolloutState
from storage.db import UtcDateTime

_MINUTE = timedelta(minutes=1)


def _standing() -> Select[int, datetime | None, int, int, datetime, datetime, bool]:
    """For a secret's number, its MAC and now: what time and the database say of its holder."""
    instant = bindparam("now", type_=UtcDateTime())

    def revision(device_id: ColumnElement[int]) -> ScalarSelect[int]:
        mine = RenderingRevision.device_id == device_id
        return select(RenderingRevision.revision).where(mine).scalar_subquery()

    def next_of(at: InstrumentedAttribute[Any]) -> ScalarSelect[datetime]:
        """The next instant at which a hold begins or ends by itself."""
        mine = Hold.device_id == Device.id
        return select(func.min(at, type_=UtcDateTime())).where(mine, at > instant).scalar_subquery()

    # A rollout's window opens and closes at full minutes of a site's day.
    windowed = exists().where(
        Rollout.product_id == Device.product_id,
        Rollout.window_from.is_not(None),
        Rollout.state != RolloutState.DONE,
    )
    return (
        select(
            Device.id.label("device_id"),
            DeviceCredential.valid_to.label("valid_to"),
            revision(literal(EVERY_DEVICE)).label("revision"),
            revision(Device.__table__.c.id).label("device_revision"),
            next_of(Hold.since).label("since"),
            next_of(Hold.until).label("until"),
            windowed.label("windowed"),
        )
        .join(Device, Device.id == DeviceCredential.device_id)
        .where(
            DeviceCredential.id == bindparam("credential_id"),
            DeviceCredential.revoked_at.is_(None),
            Device.mac == bindparam("mac"),
        )
    )


#: Made once: putting it together costs as much as asking it.
_STANDING = _standing()


@dataclass(frozen=True)
class Standing:
    """How things stand for one secret's holder before its configuration is made."""

    credential_id: int
    device_id: int
    revision: int
    device_revision: int
    #: When time alone may change what it gets: a secret or a hold ends, a window opens.
    until: datetime | None


@dataclass(frozen=True)
class Kept:
    """A configuration to keep: `sealed` opens at the place of `request_sha256`."""

    request_sha256: bytes
    path_kind: str
    standing: Standing
    press: bytes
    sealed: bytes = field(repr=False)


def standing(
    session: Session, credential_id: int, mac: MacAddress, now: datetime
) -> Standing | None:
    """The standing of a secret's holder; None where the secret is not this MAC's live one.

    One statement: what it finds is of one instant, and asking costs a phone little.
    """
    values = {"credential_id": credential_id, "mac": mac.hex, "now": now}
    found = session.execute(_STANDING, values).first()
    if found is None:
        return None
    minute = now.replace(second=0, microsecond=0) + _MINUTE
    coming = (found.valid_to, found.since, found.until, minute if found.windowed else None)
    return Standing(
        credential_id=credential_id,
        device_id=found.device_id,
        revision=found.revision or 0,
        device_revision=found.device_revision or 0,
        until=min((at for at in coming if at is not None), default=None),
    )


def keep(session: Session, kept: Kept) -> None:
    """Keep a configuration in the place of the one before it."""
    found = kept.standing
    same = Rendered.request_sha256 == kept.request_sha256
    before = (Rendered.credential_id == found.credential_id) & (
        Rendered.path_kind == kept.path_kind
    )
    session.execute(delete(Rendered).where(same | before))
    if session.get(DeviceCredential, found.credential_id) is None:
        return
    row = Rendered(
        request_sha256=kept.request_sha256,
        credential_id=found.credential_id,
        path_kind=kept.path_kind,
        device_id=found.device_id,
        press=kept.press,
        revision=found.revision,
        device_revision=found.device_revision,
        until_us=None if found.until is None else microseconds(found.until),
        sealed=kept.sealed,
    )
    session.add(row)
    session.flush()
