"""Whether a phone can take the release of a rollout at all, and what stands in its way. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from catalogue.versions import BadVersionError, Version
from firmware import paths
from firmware.paths import NoWay, ReleaseNode
from provision.rollouts.vocabulary import Reason

_BY_PATH = {
    paths.Reason.DOWNGRADE: Reason.ALREADY,
    paths.Reason.HARDWARE: Reason.HARDWARE,
    paths.Reason.UNKNOWN_TARGET: Reason.CHANNEL,
}


@dataclass(frozen=True)
class Phone:
    """What counts of a phone; `mac` is 12 lower-case hex digits."""

    mac: str
    firmware: str | None
    hardware: str | None
    channel: str
    pinned: str | None = None
    held: bool = False


@dataclass(frozen=True)
class Fitness:
    """The release as it lies among the others of its product."""

    target: Version
    releases: Sequence[ReleaseNode]
    _known: dict[tuple[str, str, str], Reason | None] = field(default_factory=dict)

    def obstacle(self, phone: Phone) -> Reason | None:
        """What keeps the phone from the release; None when nothing does.

        E-1 a person's hold or pin comes first. E-2 a phone of which no version or revision is
        known is offered nothing: a wrong image may end it. E-3 the release must lie on a way that
        the phone's channel offers its revision, and the signed share must hold the phone.
        """
        if phone.held:
            return Reason.HELD
        if phone.pinned is not None and phone.pinned != self.target.text:
            return Reason.PINNED
        if phone.firmware is None or phone.hardware is None:
            return Reason.UNSEEN
        found = self._on_the_way(phone.firmware, phone.hardware, phone.channel)
        if found is not None:
            return found
        shares = [one.share for one in self.releases if one.version == self.target]
        return None if any(share.holds(phone.mac) for share in shares) else Reason.SHARE

    @property
    def channels(self) -> Collection[str]:
        """The channels that have the release by now."""
        mine = [one.channels for one in self.releases if one.version == self.target]
        return frozenset[str]().union(*mine)

    def _on_the_way(self, firmware: str, hardware: str, channel: str) -> Reason | None:
        """Of many phones few differ in these three: each way is looked for once."""
        key = (firmware, hardware, channel)
        if key not in self._known:
            self._known[key] = self._way(*key)
        return self._known[key]

    def _way(self, firmware: str, hardware: str, channel: str) -> Reason | None:
        try:
            running = Version.parse(firmware)
        except BadVersionError:
            return Reason.UNSEEN
        graph = paths.in_channel(self.releases, channel)
        way = paths.path_to(running, hardware, graph, self.target)
        if isinstance(way, NoWay):
            return _BY_PATH.get(way.reason, Reason.NO_WAY)
        return None if way else Reason.ALREADY
