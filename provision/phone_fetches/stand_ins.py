"""A phone that stands in for another for a while: it takes the other's settings, and forgets them.

Only what is the device's own is copied; the rest follows from the place that it is put into.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from accounts import audit
from provision import credentials, profiles
from provision.devices.models import Device
from provision.models import Level
from provision.profiles import Link
from storage.sealed import Seal


def take_over(
    session: Session, seal: Seal, other: Device, stand_in: Device, *, actor: str, now: datetime
) -> str:
    """Give the stand-in the other's place and settings; its new token, whose text exists once.

    What it knew before is forgotten first.
    """
    forget(session, stand_in, actor=actor, now=now)
    stand_in.organisation_id, stand_in.site_id = other.organisation_id, other.site_id
    stand_in.group_name, stand_in.channel = other.group_name, other.channel
    source, own = _own(other), _own(stand_in)
    for name, setting in profiles.resolve(session, [source]).settings.items():
        text = str(setting.opened(seal))
        profiles.put(session, seal, own, name, text, actor=actor, now=now)
    session.flush()
    session.refresh(stand_in)
    audit.record(session, actor, "device.stand-in", stand_in.subject, now, other=other.serial)
    return credentials.issue_token(session, stand_in, actor=actor, now=now)


def forget(session: Session, stand_in: Device, *, actor: str, now: datetime) -> None:
    """Take everything of somebody's off the phone: its place, its settings, its secrets."""
    own = _own(stand_in)
    for name in list(profiles.resolve(session, [own]).settings):
        profiles.remove(session, own, name, actor=actor, now=now)
    stand_in.organisation_id = stand_in.site_id = None
    stand_in.group_name = ""
    credentials.revoke(session, stand_in, actor=actor, now=now)
    session.flush()
    session.refresh(stand_in)


def _own(device: Device) -> Link:
    return Link(Level.DEVICE, device.mac, device.mac)
