"""How far a release has gone out, as the rooms above tell it: its page asks them, by name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy.orm import Session

from firmware.models import Release


@dataclass(frozen=True)
class GoingOut:
    """One way that a release goes out, in the reader's language; `percent` of phones get it now.

    `follows_channel`: it withholds the release from nobody of the channel any more.
    """

    name: str
    address: str
    words: str
    percent: float
    follows_channel: bool = False


#: Tells what withholds the release, the newest first; nothing where nothing does.
Teller: TypeAlias = Callable[[Session, Release], Sequence[GoingOut]]


@dataclass(frozen=True)
class Withholders:
    """The tellers of an installation, put together where they are."""

    tellers: tuple[Teller, ...] = ()

    def of(self, session: Session, release: Release) -> Sequence[GoingOut]:
        """All that is told of a release."""
        return [found for tell in self.tellers for found in tell(session, release)]
