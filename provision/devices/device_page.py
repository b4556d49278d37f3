"""What the page of one device shows, gathered in one reading."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from provision import credentials, profiles, rollouts
from provision.credentials import CredentialSummary
from provision.device_story import timeline
from provision.device_story.chapters import Chapters
from provision.device_story.timeline import StoryEvent
from provision.devices import readings
from provision.devices.identity import MacAddress
from provision.devices.models import Device
from provision.devices.readings import ReadingSummary
from provision.devices.summary import DeviceSummary
from provision.families.family import Families
from provision.phone_logs import keeping as phone_logs
from provision.phone_logs.keeping import LogSummary
from provision.profiles import Profile
from provision.redirects.first_contact import target_of
from provision.rollouts.standing import Part, parts_of
from provision.ssh_keys import pins
from provision.ssh_keys.pins import KnownKey
from provision.verdicts import gathering
from provision.verdicts.unit import Judgement

STORY_LENGTH = 40
READINGS_SHOWN = 6


@dataclass(frozen=True)
class DevicePage:
    """`due` is the version offered next; `older` leads to the story before the shown part.

    `read_firmware` is what the last reading found where it differs from what the device said.
    """

    device: DeviceSummary
    due: str | None
    hold_reason: str | None
    read_firmware: str | None
    readings: Sequence[ReadingSummary]
    credentials: Sequence[CredentialSummary]
    profile: Profile
    story: Sequence[StoryEvent]
    older: datetime | None
    judgements: Sequence[Judgement]
    ssh_key: KnownKey | None
    rollouts: Sequence[Part]
    logs: Sequence[LogSummary]
    #: Where its first contact leads while a partner has it; None: here.
    partner_server: str | None

    @property
    def other_mac(self) -> str | None:
        """The MAC that only a board changed in a repair would explain, if there is one."""
        disputed = (one.other_mac for one in self.judgements if one.needs_a_look)
        return next((mac for mac in disputed if mac), None)


def gather(
    session: Session,
    device: Device,
    families: Families,
    now: datetime,
    before: datetime | None,
    chapters: Chapters,
) -> DevicePage:
    """Everything for the page; the story is the part before the instant `before`, if given."""
    story = timeline.of_device(
        session, device, limit=STORY_LENGTH + 1, before=before, chapters=chapters
    )
    due = rollouts.release_due(session, device, now)
    held = rollouts.held(session, device, now)
    latest = readings.latest_facts(session, device)
    read_firmware = latest[1].firmware if latest else None
    return DevicePage(
        device=DeviceSummary.of(device),
        due=due.version if due else None,
        hold_reason=held.reason if held else None,
        read_firmware=read_firmware if read_firmware != device.firmware else None,
        readings=readings.of_device(session, device, READINGS_SHOWN),
        credentials=credentials.summaries(session, device, now),
        profile=profiles.resolve(session, profiles.chain_of(device)),
        story=story[:STORY_LENGTH],
        older=story[STORY_LENGTH - 1].at if len(story) > STORY_LENGTH else None,
        judgements=gathering.of_device(session, device, families),
        ssh_key=pins.known(session, device),
        rollouts=parts_of(session, device),
        logs=phone_logs.of_device(session, device),
        partner_server=target_of(session, MacAddress(device.mac), now),
    )
