"""Which release a device is due: nothing while it is on hold or its records disagree.

The choice itself is firmware.offering's; here a device becomes a recipient, and rollouts withhold
what is not its turn yet.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from catalogue.versions import Version
from firmware import offering
from firmware.offering import OfferedRelease, Recipient
from provision.devices.models import Device
from provision.families.identification import Identity, Strength
from provision.phone_fetches.shared_inputs import Shared
from provision.rollouts import gate
from provision.rollouts.holds import held


def recipient_of(device: Device, identity: Identity | None = None) -> Recipient | None:
    """What the offer is decided on; `identity` is what the device says now, while proved.

    None when its firmware or hardware is unknown, or when it says that it is another product or
    revision than recorded: a wrong image may end a phone.
    """
    version = _said(device.firmware, identity, "firmware")
    hardware = _said(device.hardware, identity, "hardware")
    product = _said(device.product.code, identity, "product")
    if version is None or hardware is None or product != device.product.code:
        return None
    if device.hardware is not None and hardware != device.hardware:
        return None
    return Recipient(
        product_code=device.product.code,
        hardware=hardware,
        version=version,
        channel=device.channel,
        mac=device.mac,
        pinned=device.pinned_version,
    )


def release_due(
    session: Session,
    device: Device,
    now: datetime,
    identity: Identity | None = None,
    shared: Shared | None = None,
) -> OfferedRelease | None:
    """The one next release that the device takes, or None; `shared` saves asking again."""
    recipient = recipient_of(device, identity)
    if recipient is None or held(session, device, now) is not None:
        return None
    if shared is None:
        return offering.release_due(session, recipient, gate.withheld(session, device, now))
    product_id = device.product_id
    watched = shared.has_rollouts(product_id, lambda: gate.has_rollouts(session, product_id))
    withheld = gate.withheld(session, device, now) if watched else frozenset[Version]()
    return offering.due_of(shared.published(session, product_id), recipient, withheld)


def _said(known: str | None, identity: Identity | None, field: str) -> str | None:
    """The proved device's own word on a field, else what is recorded."""
    claim = getattr(identity, field) if identity else None
    return claim.value if claim and claim.strength >= Strength.PROVED else known
