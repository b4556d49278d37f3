"""Reading all phones of a site, a product or a search over SNMP at once, each answer on record.

No database session is open while phones are asked. What is stored is stored in bunches: a kill
loses the last one, and asking again does no harm.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from ipaddress import IPv4Address
from itertools import groupby, islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from provision.collectors import keeping
from provision.devices.bulk_readings import record_many
from provision.devices.models import Device
from provision.devices.readings import Attempt, MatchVerdict
from provision.dialects import family_of
from provision.families.family import UnknownFamilyError
from provision.readers.errors import NoCredentialError, ReadError, UnreadableWayError
from provision.readers.facts import DeviceFacts
from provision.readers.networks import ReadOptions, allowed
from provision.readers.reading import Patience
from provision.readers.snmp_credentials import SnmpCredential
from provision.readers.snmp_lanes import How
from provision.readers.snmp_many import Manner, read_many
from provision.readers.snmp_sweep import Pace
from provision.readers.ways import Via
from provision.reading import read_settings
from provision.reading.read_settings import Settings
from storage.installation import Installation

_BUNCH = 100
#: What the lane `sweep` would keep to; the lanes for known phones bound how many wait at a time.
_RATE = 1000


@dataclass(frozen=True)
class BulkAnswer:
    """What one device's phone came to; `lane` is None where it was not asked."""

    mac: str
    address: str | None
    lane: str | None
    facts: DeviceFacts | None
    error: ReadError | None
    verdict: MatchVerdict | None = None


@dataclass(frozen=True)
class _Asked:
    """One device to ask, and how."""

    mac: str
    address: str
    port: int
    family: str
    credential: SnmpCredential

    @property
    def order(self) -> tuple[str, int, str]:
        """What the phones of one question share."""
        return self.family, self.port, read_settings.as_text(self.credential)


def read_known(
    installation: Installation,
    macs: Sequence[str],
    *,
    asked_by: str,
    now: datetime,
    tell: Callable[[int, int], None] = lambda _done, _all: None,
) -> Iterator[BulkAnswer]:
    """Read these devices; `tell` hears how many of how many are done.

    Those whose address is not known are left out, and those at sites with a collector are left to
    it: they are read one by one.
    """
    with installation.database.reading() as session:
        asked, refused = _plan(session, installation, macs, now)
    total, done = len(asked) + len(refused), len(refused)
    yield from refused
    tell(done, total)
    answers = _answers(installation, asked)
    while bunch := list(islice(answers, _BUNCH)):
        with installation.database.writing() as session:
            attempts = [(_attempt(one, asked_by), one.mac) for one in bunch]
            verdicts = record_many(session, attempts, now)
        done += len(bunch)
        tell(done, total)
        for one, verdict in zip(bunch, verdicts, strict=True):
            yield replace(one, verdict=verdict)


def _answers(installation: Installation, asked: Sequence[_Asked]) -> Iterator[BulkAnswer]:
    for _, group in groupby(sorted(asked, key=lambda one: one.order), lambda one: one.order):
        members = list(group)
        first = members[0]
        family = family_of(installation, first.family)
        assert family.snmp is not None, "planned only with it"
        patience = Patience()
        pace = Pace(_RATE, patience.timeout_s, patience.retries)
        manner = Manner(family, family.snmp, first.credential, How(first.port, pace))
        # Of phones with one address, behind a router, only one can be the one that answers there.
        macs = {one.address: one.mac for one in reversed(members)}
        for told in read_many(list(macs), manner):
            facts = None if told.error is not None else told.facts
            mac = macs[told.address]
            yield BulkAnswer(mac, told.address, told.lane, facts, told.error)


def _plan(
    session: Session, installation: Installation, macs: Sequence[str], now: datetime
) -> tuple[Sequence[_Asked], Sequence[BulkAnswer]]:
    """Whom to ask and how, and those who cannot be asked, with the reason."""
    asked: list[_Asked] = []
    refused: list[BulkAnswer] = []
    settings_of = read_settings.of_devices(session, installation.seal)
    collected = cache(lambda site: keeping.serves(session, site, now))
    for device in _devices(session, macs):
        settings = settings_of(device)
        address = read_settings.address_of(device, settings)
        if address is None or collected(device.site_id):
            continue
        try:
            asked.append(_asked(installation, device, address, settings))
        except (ReadError, UnknownFamilyError) as error:
            shown = error if isinstance(error, ReadError) else _unreadable(address, settings)
            refused.append(BulkAnswer(device.mac, address, None, None, shown))
    return asked, refused


def _devices(session: Session, macs: Sequence[str]) -> Iterator[Device]:
    for start in range(0, len(macs), _BUNCH):
        wanted = Device.mac.in_(macs[start : start + _BUNCH])
        yield from session.scalars(select(Device).where(wanted))


def _asked(
    installation: Installation,
    device: Device,
    address: str,
    settings: Settings,
) -> _Asked:
    known = [IPv4Address(address)] if device.address == address else []
    pinned = allowed(address, installation.option(ReadOptions).networks, known)
    name = settings.get("read.family")
    family = family_of(installation, None if name is None else str(name))
    if family.snmp is None:
        raise UnreadableWayError(address=address, family=family.name, via="SNMP")
    credential = read_settings.snmp_credential(settings)
    if credential is None:
        raise NoCredentialError(address=address, via="SNMP")
    port = read_settings.ports(settings)[Via.SNMP] or family.snmp.port
    return _Asked(device.mac, str(pinned), port, family.name, credential)


def _unreadable(address: str, settings: Settings) -> ReadError:
    family = str(settings.get("read.family"))[:64]
    return UnreadableWayError(address=address, family=family, via="SNMP")


def _attempt(answer: BulkAnswer, asked_by: str) -> Attempt:
    return Attempt(
        address=answer.address or "",
        via=Via.SNMP,
        asked_by=asked_by,
        facts=answer.facts,
        error=answer.error,
        lane=answer.lane,
    )
