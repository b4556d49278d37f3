"""Who is told that targets became visible: the slices above, which this one does not know."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy.orm import Session

from catalogue.keys import KeyRing

#: Gets the paths, in the transaction that lists them; it passes over what is not its own.
Receiver: TypeAlias = Callable[[Session, Collection[str], KeyRing, datetime], None]


@dataclass(frozen=True)
class ListingReceivers:
    """The receivers of an installation, put together where the slices are."""

    receivers: tuple[Receiver, ...] = ()

    def tell(self, session: Session, paths: Collection[str], ring: KeyRing, now: datetime) -> None:
        """Hand the paths to each receiver."""
        if paths:
            for receive in self.receivers:
                receive(session, paths, ring, now)
