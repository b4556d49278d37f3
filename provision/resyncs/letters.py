"""What to say to a phone: where it was last seen, in its family's words, as its own account.

A reading may have told where it was seen, and anybody can answer one: the account goes along only
where the phone last proved itself.
"""

from collections.abc import Mapping
from ipaddress import IPv4Address

from sqlalchemy import select
from sqlalchemy.orm import Session

from provision import profiles
from provision.devices.models import Device
from provision.dialects import DEFAULT_FAMILY, families_of
from provision.families.family import Families, Family, UnknownFamilyError
from provision.families.identification import PhoneRequest, identify
from provision.models import CheckIn
from provision.readers.errors import ReadError
from provision.readers.networks import ReadOptions, allowed
from provision.resyncs.answering import Login
from provision.resyncs.asking import Outcome
from provision.resyncs.message import Notice
from provision.resyncs.vocabulary import TargetState
from provision.vocabulary import Value
from storage.installation import Installation
from storage.sealed import UnsealError


def letter_for(
    session: Session, installation: Installation, device: Device, *, reboot: bool
) -> Notice | Outcome:
    """The notice for a phone, or why it cannot be asked."""
    if device.address is None:
        return Outcome(device.id, TargetState.NO_ADDRESS)
    address = _address(installation, device.address)
    if address is None:
        return Outcome(device.id, TargetState.NOT_ALLOWED)
    try:
        settings = profiles.resolve(session, profiles.chain_of(device)).opened(installation.seal)
    except UnsealError:
        return Outcome(device.id, TargetState.SEALED)
    proved = _last_proved(session, device)
    agent = proved.user_agent if proved else ""
    family = _family(families_of(installation), agent, settings)
    words = family.resync if family else None
    if words is None:
        return Outcome(device.id, TargetState.NO_WAY)
    user = str(settings.get("sip.1.user") or settings.get("sip.1.number") or "")
    password = settings.get("sip.1.password")
    unproved = proved is None or proved.address != device.address
    login = Login(user, str(password)) if user and password is not None else None
    return Notice(
        key=device.id,
        address=address,
        port=int(settings.get("read.sip_port") or words.port),
        event=(words.reboot_event or words.event) if reboot else words.event,
        user=str(settings.get("sip.1.number") or user),
        login=None if unproved else login,
        unproved=unproved,
    )


def _address(installation: Installation, seen: str) -> IPv4Address | None:
    """The address, if it lies in a network that may be read; a phone's word opens no other."""
    try:
        return allowed(seen, installation.option(ReadOptions).networks, resolve=_nowhere)
    except ReadError:
        return None


def _nowhere(name: str) -> str:
    """What was seen is an address: no name is ever looked up for it."""
    raise OSError(name)


def _last_proved(session: Session, device: Device) -> CheckIn | None:
    return session.scalar(
        select(CheckIn)
        .where(CheckIn.device_id == device.id, CheckIn.strength == "proved")
        .order_by(CheckIn.at.desc(), CheckIn.id.desc())
        .limit(1)
    )


def _family(families: Families, agent: str, settings: Mapping[str, Value]) -> Family | None:
    """Whose words it understands: as set, else as it named itself when it last proved itself."""
    name = settings.get("read.family")
    if name is None:
        said = identify(PhoneRequest("GET", "/", agent, ""), families)
        name = said.family.value if said.family else DEFAULT_FAMILY
    try:
        return families.get(str(name))
    except UnknownFamilyError:
        return None
