"""What many phones' files are made of, remembered for as long as the database counts no change.

All of it is counted by one revision (rendered/inputs.py). Whoever has read that revision, and then
finds something here under its number, has what was true at that revision or after it: never older.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy.orm import Session

from firmware import offering
from firmware.offering import Published
from provision import profiles
from provision.models import Level
from provision.profiles import Link, Profile

#: Chains that are remembered; beyond that all are forgotten. A chain is a product at a site.
CHAINS_MAX = 500

Key = TypeVar("Key")
Found = TypeVar("Found")


@dataclass(frozen=True)
class Shared:
    """What phones have in common at one revision. Threads may fill it at the same time."""

    revision: int
    _profiles: dict[tuple[Link, ...], Profile] = field(default_factory=dict)
    _published: dict[int, Published] = field(default_factory=dict)
    _in_rollouts: dict[int, bool] = field(default_factory=dict)

    def profile(self, session: Session, links: Sequence[Link]) -> Profile:
        """The settings along `links`, of which none is a device."""
        assert all(link.level is not Level.DEVICE for link in links), "a device shares nothing"
        return _kept(self._profiles, tuple(links), lambda: profiles.resolve(session, links))

    def published(self, session: Session, product_id: int) -> Published:
        """The releases of a product."""
        return _kept(self._published, product_id, lambda: offering.published(session, product_id))

    def has_rollouts(self, product_id: int, ask: Callable[[], bool]) -> bool:
        """Whether any rollout was ever made for a product; `ask` tells where nobody knows."""
        return _kept(self._in_rollouts, product_id, ask)


class SharedInputs:
    """Holds what is shared at the revision that was asked for last."""

    def __init__(self) -> None:
        self._shared = Shared(-1)
        self._lock = threading.Lock()

    def at(self, revision: int) -> Shared:
        """What is shared at a revision that the caller read before anything else."""
        with self._lock:
            if self._shared.revision != revision:
                self._shared = Shared(revision)
            return self._shared


def _kept(known: dict[Key, Found], key: Key, ask: Callable[[], Found]) -> Found:
    found = known.get(key)
    if found is None:
        found = ask()
        if len(known) >= CHAINS_MAX:
            known.clear()
        known[key] = found
    return found
