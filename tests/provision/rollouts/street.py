"""Simulated phones on the wire against a phone plane of their own, and the turns of a rollout."""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from catalogue import keys
from portal import health
from portal.app import Plane, create_app
from portal.installing import open_installation
from portal.settings import Settings
from provision import credentials, folding
from provision.devices.models import Device
from provision.rollouts import conducting, standing
from provision.rollouts.models import RolloutTarget
from provision.rollouts.standing import Standing
from provision.rollouts.vocabulary import Reason, TargetState
from simulator.faults import Fault
from simulator.identity import PhoneIdentity
from simulator.phone import PhoneOptions, SimulatedPhone
from simulator.provisioning import TokenCredential
from simulator.trust import Trust
from storage.clock import now
from storage.installation import Installation
from tests.ports import free_port
from tests.provision import estate as estates
from tests.provision.phone_plane import served

#: Phones that are on the wire at once.
AT_ONCE = 16
OLD, NEW = "2.3.1", "2.4.1"


@dataclass
class Street:
    """Phones by MAC, and the installation that serves them; a restart opens it anew."""

    settings: Settings
    installation: Installation
    phones: Mapping[str, SimulatedPhone]

    def visit(self) -> None:
        """Every phone visits the server once."""
        app = create_app(self.installation, self.settings, {Plane.PHONES})
        health.started(app).set()
        with served(app, int(self.settings.phone_url.rsplit(":", 1)[1])):
            asyncio.run(self._visits())

    async def _visits(self) -> None:
        gate = asyncio.Semaphore(AT_ONCE)

        async def visit(phone: SimulatedPhone) -> None:
            async with gate:
                await phone.run_once()

        await asyncio.gather(*(visit(phone) for phone in self.phones.values()))

    def turn(self, number: int) -> Standing:
        """The rollout takes a turn, as the periodic job makes it; how it stands then."""
        folding.reader_of(self.installation).fold()
        with self.installation.database.writing() as session:
            conducting.take_turn(session, number, now())
        return self.standing(number)

    def standing(self, number: int) -> Standing:
        with self.installation.database.reading() as session:
            return standing.standing(session, number)

    def restart(self) -> None:
        """The server dies and starts again: nothing is left but what is stored."""
        self.installation.database.dispose()
        self.installation = open_installation(self.settings)

    def on(self, firmware: str) -> set[str]:
        return {mac for mac, phone in self.phones.items() if phone.firmware == firmware}

    def told(self, number: int, *states: TargetState) -> dict[str, Reason | None]:
        """The phones in these states, with the reasons."""
        with self.installation.database.reading() as session:
            rows = session.execute(
                select(Device.mac, RolloutTarget.reason)
                .join(Device, Device.id == RolloutTarget.device_id)
                .where(RolloutTarget.rollout_id == number, RolloutTarget.state.in_(states))
            )
            return {mac: Reason(reason) if reason else None for mac, reason in rows}


@contextlib.contextmanager
def built(settings: Settings, count: int, faults: Mapping[int, Fault]) -> Iterator[Street]:
    """A street of `count` phones on the old release, some of which break; the new one is out."""
    settings = settings.model_copy(update={"phone_url": f"http://127.0.0.1:{free_port()}"})
    installation = open_installation(settings)
    with installation.database.writing() as session:
        estates.catalogue(session)
    estates.publish(installation, OLD, size=20_000)
    trust = _trust(installation)
    phones: dict[str, SimulatedPhone] = {}
    with installation.database.writing() as session:
        for number in range(1, count + 1):
            mac = f"02f1a7{number:06x}"
            device = estates.add_phone(session, mac, serial=None)
            device.firmware = OLD
            token = credentials.issue_token(session, device, actor="test", now=estates.NOW)
            phones[mac] = SimulatedPhone(
                PhoneIdentity(mac, f"SN{number}", "FP-B2", "A", OLD),
                TokenCredential(token),
                settings.phone_url,
                trust,
                options=PhoneOptions(fault=faults.get(number), time_scale=1000, patience_s=60),
            )
    street = Street(settings, installation, phones)
    yield street
    street.installation.database.dispose()


def release(street: Street) -> None:
    """The new release is published to the channel that every phone follows."""
    estates.publish(street.installation, NEW, size=20_000)


def _trust(installation: Installation) -> Trust:
    found = keys.of(installation)
    return Trust.of([found.online.public.line], [found.firmware_public.line])
