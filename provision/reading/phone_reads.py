"""Reading a phone when somebody asks: where it is, how it may be read, and the answer on record.

No database session is open while the phone is asked: it may take its time, or never answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from ipaddress import AddressValueError, IPv4Address
from typing import Self

from sqlalchemy.orm import Session

from provision import profiles
from provision.collectors import dispatching
from provision.collectors.dispatching import CollectorOptions, Place
from provision.collectors.errands import NewErrand
from provision.collectors.models import Errand
from provision.collectors.wire import ErrandMessage, Order, errand_message
from provision.devices import readings, registry
from provision.devices.models import Device
from provision.devices.readings import Attempt, MatchVerdict
from provision.devices.registry import UnknownDeviceError
from provision.dialects import DEFAULT_FAMILY, families_of, family_of
from provision.families.family import UnknownFamilyError
from provision.families.identification import Strength
from provision.profiles import GLOBAL
from provision.proving.device_secrets import secrets_of
from provision.readers.errors import (
    AccessDeniedError,
    HostKeyChangedError,
    HostKeyUnknownError,
    ReadError,
    UnexpectedAnswerError,
    UnreachableError,
    UnreadableWayError,
)
from provision.readers.facts import DeviceFacts, merge
from provision.readers.networks import ReadOptions, Target, allowed
from provision.readers.reading import Answer, Patience, read
from provision.readers.snmp_lanes import Lane
from provision.readers.ways import Credentials, Via
from provision.reading import read_settings
from provision.redaction import Secrets, redactor
from provision.ssh_keys import pins
from provision.verdicts import gathering
from provision.verdicts.unit import Judgement, Sighting
from provision.vocabulary import Value
from storage.installation import Installation
from storage.refusals import RefusedError

BOTH = (Via.SNMP, Via.HTTP)
_AFTER_ASKING = (AccessDeniedError, UnexpectedAnswerError, UnreachableError)


class NoAddressError(RefusedError):
    code = "no-address"
    ru = "Адрес телефона {mac} неизвестен: он ещё не выходил на связь. Назовите адрес."
    en = "The address of {mac} is not known: it has not checked in yet. Give its address."


@dataclass(frozen=True)
class ReadAnswer:
    """What one way of reading came to: facts and how they fit the records, or the failure."""

    via: Via
    address: str
    facts: DeviceFacts | None
    error: ReadError | None
    verdict: MatchVerdict | None
    transcript: str | None = None
    lane: str | None = None


@dataclass(frozen=True)
class Plan:
    """Where and how to read; `mac` is the device's that was asked for, if it is one of ours."""

    host: str
    mac: str | None
    known: Sequence[IPv4Address]
    credentials: Credentials
    ports: Mapping[Via, int | None] = field(default_factory=dict)
    ping_host: str | None = None
    family: str | None = None
    place: Place | None = None

    @classmethod
    def of(
        cls,
        host: str,
        device: Device | None,
        settings: Mapping[str, Value],
        fingerprint: str | None,
    ) -> Self:
        return cls(
            host=host,
            mac=device.mac if device else None,
            known=_recorded_address(device),
            credentials=read_settings.credentials(settings, fingerprint),
            ports=read_settings.ports(settings),
            ping_host=_host(settings.get("sip.1.server")),
            family=_text(settings.get("read.family")),
            place=Place(device.id, device.site_id) if device else None,
        )


def read_phone(
    installation: Installation,
    name: str,
    *,
    asked_by: str,
    now: datetime,
    ways: Sequence[Via] = BOTH,
    port: int | None = None,
    family: str | None = None,
) -> Sequence[ReadAnswer]:
    """Read the phone that `name` (an address, a MAC, a serial number) stands for, in these ways.

    `family` says whose dialect it speaks, where that is not in its settings (read.family).
    Every attempt is stored, failures too. Raises UnknownDeviceError or NoAddressError.
    """
    with installation.database.reading() as session:
        plan = plan_for(session, installation, name.strip())
    plan = replace(plan, family=family or plan.family)
    answers = [_ask(installation, plan, via, port, now) for via in ways]
    with installation.database.writing() as session:
        asked = registry.get(session, plan.mac) if plan.mac else None
        for answer in answers:
            _note_key(session, answer, asked, now)
        clean = _without_secrets(session, installation, answers, asked)
        return [_store(session, answer, asked, asked_by, now) for answer in clean]


def ways_of(installation: Installation, name: str) -> Sequence[Via]:
    """The ways that the settings of this phone hold a credential for; SSH only then."""
    with installation.database.reading() as session:
        plan = plan_for(session, installation, name.strip())
    return BOTH if plan.credentials.ssh is None else (*BOTH, Via.SSH)


def judgements(
    installation: Installation, answers: Sequence[ReadAnswer], now: datetime
) -> Sequence[Judgement]:
    """Whether whoever answered is the unit that the records say it is."""
    told = [
        gathering.sighting(
            Sighting(now, answer.via, Strength.READ, address=answer.address), answer.facts
        )
        for answer in answers
        if answer.facts is not None
    ]
    with installation.database.reading() as session:
        return gathering.of_facts(session, told, families_of(installation))


def merged(answers: Sequence[ReadAnswer]) -> DeviceFacts | None:
    """All facts of several answers; what two of them tell, the first one decides."""
    found = [answer.facts for answer in reversed(answers) if answer.facts]
    if not found:
        return None
    facts = found[0]
    for more in found[1:]:
        facts = merge(facts, more)
    return facts


def plan_for(session: Session, installation: Installation, name: str) -> Plan:
    """Where and how the phone of that name is read; as `read_phone`."""
    try:
        device = registry.find(session, name)
    except UnknownDeviceError:
        # An address that no device was seen at may still be read where a network allows it.
        if not _is_address(name):
            raise
        device = None
    links = profiles.chain_of(device) if device else [GLOBAL]
    settings = profiles.resolve(session, links).opened(installation.seal)
    own = read_settings.address_of(device, settings) if device else None
    host = name if _is_address(name) else own
    if host is None:
        raise NoAddressError(mac=device.mac if device else name)
    recorded = settings.get("read.ssh_fingerprint")
    fingerprint = pins.pinned(session, device) if device else None
    return Plan.of(host, device, settings, fingerprint or (str(recorded) if recorded else None))


def errand_for(session: Session, installation: Installation, errand: Errand) -> ErrandMessage:
    """An errand with the secrets for its phone, as they are now; raises NoAddressError."""
    device = session.get_one(Device, errand.device_id)
    plan = plan_for(session, installation, device.mac)
    via = Via(errand.via)
    order = Order(
        id=errand.id,
        address=IPv4Address(plan.host),
        via=via,
        family=errand.family or plan.family or DEFAULT_FAMILY,
        port=errand.port or plan.ports[via],
        ping_host=plan.ping_host,
    )
    return errand_message(order, plan.credentials)


def _ask(
    installation: Installation, plan: Plan, via: Via, port: int | None, now: datetime
) -> ReadAnswer:
    try:
        address, told = _told(installation, plan, via, port, now)
    except UnknownFamilyError:
        family = str(plan.family)[:64]
        wrong = UnreadableWayError(address=plan.host, family=family, via=via.upper())
        return ReadAnswer(via, plan.host, None, wrong, None)
    except ReadError as error:
        # One phone is read by the general engine, its collector's or ours.
        was_asked = via is Via.SNMP and isinstance(error, _AFTER_ASKING)
        lane = Lane.PYSNMP if was_asked else None
        return ReadAnswer(via, plan.host, None, error, None, lane=lane)
    return ReadAnswer(via, address, told.facts, None, None, told.transcript, told.lane)


def _told(
    installation: Installation, plan: Plan, via: Via, port: int | None, now: datetime
) -> tuple[str, Answer]:
    """The address that was read and what it told: by the site's collector where there is one."""
    place = plan.place
    site_id = place.site_id if place is not None and _is_address(plan.host) else None
    if place is not None and site_id is not None and dispatching.serves(installation, place, now):
        errand = NewErrand(site_id, place.device_id, via, port, plan.family)
        patience_s = installation.option(CollectorOptions).patience_s
        return plan.host, dispatching.read(installation, errand, plan.host, now, patience_s)
    address = allowed(plan.host, installation.option(ReadOptions).networks, plan.known)
    family = family_of(installation, plan.family)
    target = Target(address, port or plan.ports[via])
    told = read(target, via, plan.credentials, family, Patience(), ping_host=plan.ping_host)
    return str(address), told


def _note_key(session: Session, answer: ReadAnswer, asked: Device | None, now: datetime) -> None:
    """A key that nobody confirmed, or another than the pinned one, is for a person to look at."""
    error = answer.error
    if asked is None or not isinstance(error, HostKeyUnknownError | HostKeyChangedError):
        return
    pinned = error.details.get("pinned")
    shown = str(error.details["fingerprint"])
    expected = str(pinned) if pinned else None
    pins.note_shown(session, asked, shown, answer.address, now, expected=expected)


def _without_secrets(
    session: Session,
    installation: Installation,
    answers: Sequence[ReadAnswer],
    asked: Device | None,
) -> Sequence[ReadAnswer]:
    """The answers with what a phone tells of its secrets taken out of their transcripts."""
    if all(answer.transcript is None for answer in answers):
        return answers
    secrets = secrets_of(session, installation, asked) if asked is not None else Secrets()
    redacted = redactor(secrets)
    return [
        replace(one, transcript=redacted(one.transcript)) if one.transcript else one
        for one in answers
    ]


def _store(
    session: Session, answer: ReadAnswer, asked: Device | None, asked_by: str, now: datetime
) -> ReadAnswer:
    attempt = Attempt(
        address=answer.address,
        via=answer.via,
        asked_by=asked_by,
        facts=answer.facts,
        error=answer.error,
        transcript=answer.transcript,
        lane=answer.lane,
    )
    verdict = readings.record(session, attempt, now=now, asked=asked)
    return replace(answer, verdict=verdict)


def _text(value: Value | None) -> str | None:
    return None if value is None else str(value)


def _host(server: Value | None) -> str | None:
    """The host of a SIP server without its port."""
    return None if server is None else str(server).partition(":")[0]


def _recorded_address(device: Device | None) -> Sequence[IPv4Address]:
    if device is None or device.address is None or not _is_address(device.address):
        return ()
    return (IPv4Address(device.address),)


def _is_address(text: str) -> bool:
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True
