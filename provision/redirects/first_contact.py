"""What a phone is told that has proved nothing: where to prove itself, here or at a partner's.

A claimed phone is the one case in which a MAC changes the answer: it says the address that the
partner gave for its phones, which holds no secret (docs/adr/0018).
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from provision import configurations
from provision.configurations import POLL_S, PhoneFile, Press
from provision.devices.identity import MacAddress
from provision.devices.models import Device
from provision.families.family import TemplateName
from provision.redirects import judging, targets
from provision.redirects.models import ClaimState, PartnerClaim
from provision.rendering import RedirectValues, render

#: Stands as the revision in the record of a phone that was sent away.
SENT_AWAY = "redirect"


def first_contact(session: Session, press: Press, mac: MacAddress, now: datetime) -> PhoneFile:
    """The file for anyone who asks for this MAC, in the family's words."""
    url = target_of(session, mac, now)
    if url is None or TemplateName.REDIRECT not in press.family.output.templates:
        return configurations.bootstrap(press, mac)
    values = RedirectValues(mac.hex, targets.for_phone(url, mac.hex), POLL_S)
    return press.file(render(press.family, TemplateName.REDIRECT, values), SENT_AWAY)


def target_of(session: Session, mac: MacAddress, now: datetime) -> str | None:
    """Where the phone with this MAC is sent, if anywhere. One query, whatever the MAC."""
    query = (
        select(PartnerClaim.server_url, PartnerClaim.state, PartnerClaim.ends_at)
        .join(Device, Device.id == PartnerClaim.device_id)
        .where(Device.mac == mac.hex, PartnerClaim.state == ClaimState.APPROVED)
    )
    row = session.execute(query).first()
    if row is None or not judging.redirects(row.state, row.ends_at, now):
        return None
    return str(row.server_url)
