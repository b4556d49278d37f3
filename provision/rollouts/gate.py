"""What rollouts withhold from a phone: every version of theirs whose turn is not the phone's."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import Session

from catalogue.versions import Version
from provision.devices.models import Device
from provision.rollouts.models import Rollout, RolloutTarget
from provision.rollouts.vocabulary import IN_VAIN, RolloutState, TargetState
from provision.rollouts.windows import Window

_TOLD = frozenset({TargetState.OFFERED, TargetState.SUCCEEDED, TargetState.FAILED})


@dataclass(frozen=True)
class Turn:
    """One phone as one rollout sees it; `target` is None for a phone that is not in it (yet)."""

    state: RolloutState
    covers: bool
    target: TargetState | None
    reason: str | None
    window: Window | None
    zone: str | None

    def has_come(self, now: datetime) -> bool:
        """Whether the phone may have the release by this rollout.

        G-1 a phone that took it in vain waits for a person. G-2 after the end, whoever the
        rollout covers follows the channel, latecomers too. G-3 before that it must run, the phone
        must be offered the release, and the maintenance window of its site must be open.
        """
        if self.reason in IN_VAIN:
            return False
        if self.state == RolloutState.DONE:
            return self.covers
        told = self.state == RolloutState.RUNNING and self.target in _TOLD
        return told and (self.window is None or self.window.is_open(now, self.zone))


def withheld(session: Session, device: Device, now: datetime) -> frozenset[Version]:
    """The versions that `device` may not have now: all that have rollouts, none of which gives it.

    A phone that a person pinned is that person's decision.
    """
    if device.pinned_version is not None:
        return frozenset()
    turns = _turns(session, device)
    return frozenset(
        version for version, found in turns.items() if not any(turn.has_come(now) for turn in found)
    )


def has_rollouts(session: Session, product_id: int) -> bool:
    """Whether any rollout was ever made for a product: nothing is withheld without one."""
    return bool(session.scalar(select(exists().where(Rollout.product_id == product_id))))


def _turns(session: Session, device: Device) -> dict[Version, list[Turn]]:
    mine = and_(RolloutTarget.rollout_id == Rollout.id, RolloutTarget.device_id == device.id)
    rows = session.execute(
        select(
            Rollout.version,
            Rollout.state,
            Rollout.site_id,
            Rollout.window_from,
            Rollout.window_to,
            RolloutTarget.state,
            RolloutTarget.reason,
        )
        .outerjoin(RolloutTarget, mine)
        .where(Rollout.product_id == device.product_id)
    )
    found: defaultdict[Version, list[Turn]] = defaultdict(list)
    zone = device.site.time_zone if device.site else None
    for version, state, site_id, begin, end, target, reason in rows:
        window = Window(begin, end) if begin is not None and end is not None else None
        covers = site_id is None or site_id == device.site_id
        turn = Turn(
            RolloutState(state),
            covers,
            TargetState(target) if target else None,
            reason,
            window,
            zone,
        )
        found[Version.parse(version)].append(turn)
    return found
