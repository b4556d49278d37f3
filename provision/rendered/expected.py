"""In which words phones that have never come will ask: known of their rows and of their profiles.

A phone that asks in others is served as ever; what was made for these words was made in vain.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from provision import profiles
from provision.devices.models import Device
from provision.dialects import families_of, family_of
from provision.families.family import Families, FirstFetch
from provision.families.identification import asked_for
from provision.models import Level, ProfileSetting
from provision.phone_fetches.shared_inputs import Shared
from provision.rendered.answer import Request
from storage.installation import Installation

#: The setting that says which firmware new phones come with.
FACTORY = "firmware.factory"


@dataclass(frozen=True)
class Expectation:
    """Of some devices (by MAC), with the firmware that those come with which never came."""

    families: Families
    first: FirstFetch | None
    devices: Mapping[str, Device]
    firmware: Mapping[str, str]

    @classmethod
    def of(
        cls, session: Session, place: Installation, shared: Shared, devices: Sequence[Device]
    ) -> Self:
        new = [one for one in devices if one.first_seen_at is None]
        return cls(
            families=families_of(place),
            first=family_of(place).first_fetch,
            devices={one.mac: one for one in devices},
            firmware=_from_factory(session, shared, new) if new else {},
        )

    def again(self, request: Request) -> Request:
        """An awaited request as it is expected now: without an agent where none can be told.

        Of a phone that has come since, it is what was asked.
        """
        asked = asked_for(request.target, self.families)
        device = self.devices.get(asked.mac.hex) if asked and asked.mac else None
        if device is None or self.first is None:
            return request._replace(agent="")
        if device.first_seen_at is not None:
            return request._replace(is_awaited=False)
        return request._replace(agent=self._agent(self.first, device))

    def _agent(self, first: FirstFetch, device: Device) -> str:
        """The User-Agent; empty where a part of it is not known."""
        parts = {
            "product": device.product.code,
            "hardware": device.hardware,
            "serial": device.serial_raw or device.serial,
            "mac": device.mac,
            "firmware": self.firmware.get(device.mac),
        }
        try:
            return first.agent.format(**{name: part for name, part in parts.items() if part})
        except KeyError:
            return ""


def _from_factory(session: Session, shared: Shared, new: Sequence[Device]) -> Mapping[str, str]:
    own = select(ProfileSetting.key, ProfileSetting.value).where(
        ProfileSetting.level == Level.DEVICE,
        ProfileSetting.name == FACTORY,
        ProfileSetting.key.in_([one.mac for one in new]),
    )
    found = {mac: str(value) for mac, value in session.execute(own) if value}
    for device in new:
        above = shared.profile(session, profiles.chain_of(device)[:-1]).settings.get(FACTORY)
        if above is not None and above.value:
            found.setdefault(device.mac, str(above.value))
    return found
