"""What rooms above tell of a device's life: its papers, its repairs, its requests.

They bring it when an installation is put together; a device's page shows it among its own records.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from provision.devices.models import Device
from storage.phrases import Phrase


@dataclass(frozen=True)
class ChapterEvent:
    """One thing that happened elsewhere; `url` leads to it where the reader may go there."""

    at: datetime
    title: Phrase
    text: Phrase
    url: str = ""
    hue: str = ""
    icon: str = "document"


#: The newest events of a device, so many at most, those before an instant if one is given.
Chapter = Callable[[Session, Device, int, datetime | None], Iterable[ChapterEvent]]


@dataclass(frozen=True)
class Chapters:
    """The chapters of this installation."""

    rooms: Sequence[Chapter] = ()

    def of(
        self, session: Session, device: Device, limit: int, before: datetime | None
    ) -> Sequence[ChapterEvent]:
        """Everything that they tell of a device."""
        return [one for room in self.rooms for one in room(session, device, limit, before)]
