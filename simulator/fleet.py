"""Many phones in one process: each lives by itself, all answer on ports of their own address."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from simulator.digest import Login
from simulator.faces import FaceOptions, Faces, TakenPort
from simulator.fleet_file import FleetPlan, PhonePlan
from simulator.fleet_state import load_states, save_states
from simulator.phone import PhoneOptions, PhoneState, SimulatedPhone
from simulator.story import Event, Outcome, Story
from simulator.trust import Trust

_REST_BETWEEN_SAVES_S = 0.2

Say = Callable[[str], None]


@dataclass(frozen=True)
class Verdict:
    """How the first visits ended: phones that are well, phones that refused, phones unserved."""

    well: int
    refused: int
    unserved: int

    @property
    def line(self) -> str:
        """The verdict as one line for a person."""
        return f"settled: {self.well} well, {self.refused} refused, {self.unserved} not served"

    @property
    def good(self) -> bool:
        """Whether every phone is well."""
        return not self.refused and not self.unserved


class Fleet:
    """The phones of a plan. `say` hears what happens to them, `warn` what is wrong around them."""

    def __init__(self, plan: FleetPlan, state_file: Path, *, say: Say, warn: Say) -> None:
        self._plan = plan
        self._state_file = state_file
        self._say = say
        self._warn = warn
        self._dirty = asyncio.Event()
        self._first: dict[str, Outcome] = {}
        self._all_met = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._faces: list[Faces] = []
        states = load_states(state_file)
        trust = Trust.of(plan.online_keys, plan.firmware_keys)
        self.phones = {
            phone.identity.mac: self._made(phone, trust, states) for phone in plan.phones
        }

    async def start(self) -> None:
        """Open the ports of every phone, then let all of them live."""
        for plan in self._plan.phones:
            faces = Faces(self.phones[plan.identity.mac], self._face_options(plan))
            await faces.open()
            self._faces.append(faces)
        for line in self.taken:
            self._warn(line)
        for mac, phone in self.phones.items():
            life = asyncio.create_task(phone.live(partial(self._told, mac)), name=mac)
            life.add_done_callback(self._died)
            self._tasks.append(life)
        self._tasks.append(asyncio.create_task(self._save_when_dirty()))

    @property
    def taken(self) -> Sequence[str]:
        """What the phones go without, as their ports were taken: a line for each port."""
        return taken_lines([port for faces in self._faces for port in faces.taken])

    async def stop(self) -> None:
        """End every life, close the ports and save what the phones keep."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for faces in self._faces:
            await faces.close()
        self._save()

    async def settled(self, timeout_s: float) -> Verdict:
        """Wait until every phone ended a visit served, or `timeout_s` is over; then count."""
        try:
            async with asyncio.timeout(timeout_s):
                if self.phones:
                    await self._all_met.wait()
        except TimeoutError:
            pass
        outcomes = list(self._first.values())
        return Verdict(
            well=outcomes.count(Outcome.SETTLED) + outcomes.count(Outcome.NOT_YET),
            refused=outcomes.count(Outcome.REFUSED),
            unserved=len(self.phones) - len(outcomes),
        )

    def _made(
        self, plan: PhonePlan, trust: Trust, states: Mapping[str, PhoneState]
    ) -> SimulatedPhone:
        mac = plan.identity.mac
        options = PhoneOptions(
            source=plan.address,
            cut_after_bytes=plan.cut_after_bytes,
            lines=plan.lines,
            network=plan.network,
            quality=plan.quality,
            trouble=plan.trouble,
            time_scale=self._plan.time_scale,
            fault=plan.fault,
        )
        return SimulatedPhone(
            plan.identity,
            plan.credential,
            self._plan.server,
            trust,
            state=states.get(mac),
            options=options,
            notice=partial(self._noticed, mac),
        )

    def _face_options(self, plan: PhonePlan) -> FaceOptions:
        password = plan.http_password
        return FaceOptions(
            address=plan.address,
            snmp_port=self._plan.snmp_port,
            http_port=self._plan.http_port,
            ssh_port=self._plan.ssh_port,
            sip_port=self._plan.sip_port,
            snmp_community=self._plan.snmp_community,
            hostile=plan.trouble.hostile,
            snmp_v3=self._plan.snmp_v3,
            http_login=Login(self._plan.http_user, password) if password is not None else None,
        )

    def _noticed(self, mac: str, event: Event) -> None:
        self._say(f"{event.at:%H:%M:%S} {mac} {event.kind}{event.detail and ': '}{event.detail}")
        self._dirty.set()

    def _told(self, mac: str, story: Story) -> None:
        self._dirty.set()
        if story.outcome is not Outcome.UNREACHABLE:
            self._meet(mac, story.outcome)

    def _meet(self, mac: str, outcome: Outcome) -> None:
        self._first.setdefault(mac, outcome)
        if len(self._first) == len(self.phones):
            self._all_met.set()

    def _died(self, life: asyncio.Task[None]) -> None:
        """A life ends by cancelling; anything else is a fault of ours, and the others go on."""
        if not life.cancelled() and (fault := life.exception()) is not None:
            self._warn(f"{life.get_name()} stopped by a fault of the simulator: {fault!r}")
            self._meet(life.get_name(), Outcome.REFUSED)

    async def _save_when_dirty(self) -> None:
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            self._save()
            await asyncio.sleep(_REST_BETWEEN_SAVES_S)

    def _save(self) -> None:
        try:
            save_states({mac: phone.state for mac, phone in self.phones.items()}, self._state_file)
        except OSError as error:
            self._warn(f"the phones' state is not saved: {error}")


def taken_lines(taken: list[TakenPort]) -> list[str]:
    """One line for each face and port that some phones go without."""
    places: defaultdict[tuple[str, int, str], list[str]] = defaultdict(list)
    for port in taken:
        places[port.face, port.port, port.reason].append(port.address)
    return [
        f"{face} port {number} cannot be opened on {_named(addresses)} ({reason});"
        f" these phones go on without {face}"
        for (face, number, reason), addresses in places.items()
    ]


def _named(addresses: list[str]) -> str:
    shown = ", ".join(addresses[:3])
    return shown if len(addresses) <= 3 else f"{shown} and {len(addresses) - 3} more"


def clock_line(text: str) -> str:
    """A line of our own, under the clock that the events use."""
    return f"{datetime.now(UTC):%H:%M:%S} {text}"
