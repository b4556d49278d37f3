"""Who is told what became visible, here or in a mirror's upstream: the slices above this one."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from sqlalchemy.orm import Session

from catalogue.keys import KeyRing
from catalogue.minisign import PublicKey
from storage.refusals import RefusedError

#: Gets the paths, in the transaction that lists them; it passes over what is not its own.
Receiver: TypeAlias = Callable[[Session, Collection[str], KeyRing, datetime], None]


class ListsContradictError(RefusedError):
    code = "mirror-lists-contradict"
    ru = "Подписанные списки источника противоречат друг другу: {path}: {reason}"
    en = "The upstream's signed lists contradict each other: {path}: {reason}"


@dataclass(frozen=True)
class ListingReceivers:
    """The receivers of an installation, put together where the slices are."""

    receivers: tuple[Receiver, ...] = ()

    def tell(self, session: Session, paths: Collection[str], ring: KeyRing, now: datetime) -> None:
        """Hand the paths to each receiver."""
        if paths:
            for receive in self.receivers:
                receive(session, paths, ring, now)


@dataclass(frozen=True)
class HeldTarget:
    """A target whose bytes are stored; `about` is what the signed list says of it."""

    path: str
    size: int
    sha256: str
    about: Mapping[str, object]


@dataclass(frozen=True)
class Delivery:
    """What a mirror took: the bodies of signed lists by address, and the targets of one prefix.

    `statement_key` signed the statements that phones trust.
    """

    lists: Mapping[str, bytes]
    targets: Sequence[HeldTarget]
    products: Collection[str]
    statement_key: PublicKey


class MirrorReceiver(Protocol):
    """A slice's part of a mirror: the targets below `prefix`, chosen by `kind`."""

    prefix: str
    kind: str

    def lists(self, product: str) -> Sequence[str]:
        """Addresses of the signed lists of a product that this slice writes."""

    def check(self, given: Delivery, now: datetime) -> None:
        """Raise ListsContradictError, or what tells why a list is not to be believed."""

    def receive(self, session: Session, given: Delivery, now: datetime) -> None:
        """Make the rows say what was delivered, and nothing else of what was mirrored before."""


@dataclass(frozen=True)
class MirrorReceivers:
    """The receivers of mirrored files, put together where the slices are."""

    receivers: tuple[MirrorReceiver, ...] = ()
