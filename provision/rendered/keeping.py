"""Keeping a configuration that was just made, for the same phone's next fetch.

The revisions are read before anything that the configuration is made of: a change that comes in
between makes what is kept stale at once, and never the other way round.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from provision.checkin_lines import microseconds
from provision.devices.identity import MacAddress
from provision.devices.models import Device, Hold
from provision.models import DeviceCredential
from provision.rendered.models import EVERY_DEVICE, Rendered, RenderingRevision
from provision.rollouts.models import Rollout
from provision.rollouts.vocabulary import RolloutState

_MINUTE = timedelta(minutes=1)


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
    """The standing of a secret's holder; None where the secret is not this MAC's live one."""
    device_id = session.scalar(select(Device.id).where(Device.mac == mac.hex))
    if device_id is None:
        return None
    revisions = _revisions(session, device_id)
    # Asked again, and for plain columns: what was found before the revisions may be over.
    proved = session.execute(
        select(DeviceCredential.valid_to)
        .join(Device, Device.id == DeviceCredential.device_id)
        .where(
            DeviceCredential.id == credential_id,
            DeviceCredential.revoked_at.is_(None),
            Device.mac == mac.hex,
            Device.id == device_id,
        )
    ).first()
    if proved is None:
        return None
    coming = (
        proved.valid_to,
        _next_hold(session, device_id, now),
        _next_window(session, device_id, now),
    )
    ends = [at for at in coming if at is not None]
    return Standing(
        credential_id=credential_id,
        device_id=device_id,
        revision=revisions.get(EVERY_DEVICE, 0),
        device_revision=revisions.get(device_id, 0),
        until=min(ends, default=None),
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


def _revisions(session: Session, device_id: int) -> dict[int, int]:
    query = select(RenderingRevision.device_id, RenderingRevision.revision).where(
        RenderingRevision.device_id.in_((EVERY_DEVICE, device_id))
    )
    return {row.device_id: row.revision for row in session.execute(query)}


def _next_hold(session: Session, device_id: int, now: datetime) -> datetime | None:
    """The next instant at which a hold begins or ends by itself."""
    mine = Hold.device_id == device_id
    coming = or_(Hold.since > now, Hold.until > now)
    since, until = session.execute(
        select(
            func.min(Hold.since).filter(Hold.since > now),
            func.min(Hold.until).filter(Hold.until > now),
        ).where(mine, coming)
    ).one()
    return min((at for at in (since, until) if at is not None), default=None)


def _next_window(session: Session, device_id: int, now: datetime) -> datetime | None:
    """The next instant at which a rollout's window may open or close: they do at full minutes."""
    windowed = session.scalar(
        select(Rollout.id)
        .join(Device, Device.product_id == Rollout.product_id)
        .where(Device.id == device_id, Rollout.window_from.is_not(None))
        .where(Rollout.state != RolloutState.DONE)
        .limit(1)
    )
    return None if windowed is None else now.replace(second=0, microsecond=0) + _MINUTE
