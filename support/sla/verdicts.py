"""The clocks of a closed request, kept as they were reckoned: a later calendar changes nothing."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from support.packages.package import Promise, Target
from support.sla.clocks import Clock, Standing


def frozen(found: Mapping[Promise, Clock]) -> dict[str, Any]:
    """The clocks as plain JSON values; instants in ISO, durations in seconds."""
    return {promise.value: _plain(clock) for promise, clock in found.items()}


def thawed(kept: Mapping[str, Any]) -> dict[Promise, Clock]:
    """The clocks from what `frozen` made."""
    return {Promise(name): _clock(Promise(name), plain) for name, plain in kept.items()}


def all_kept(found: Mapping[Promise, Clock]) -> bool | None:
    """Whether no promise was late; None where nothing was promised (S-5)."""
    promised = [clock for clock in found.values() if clock.target is not None]
    return not any(clock.is_late for clock in promised) if promised else None


def _plain(clock: Clock) -> dict[str, Any]:
    return {
        "standing": clock.standing.value,
        "within_s": clock.target and int(clock.target.within.total_seconds()),
        "around_the_clock": bool(clock.target and clock.target.around_the_clock),
        "used_s": int(clock.used.total_seconds()),
        "deadline": clock.deadline and clock.deadline.isoformat(),
        "met_at": clock.met_at and clock.met_at.isoformat(),
        "provisional": clock.provisional,
    }


def _clock(promise: Promise, plain: Mapping[str, Any]) -> Clock:
    within = plain["within_s"]
    return Clock(
        promise=promise,
        standing=Standing(plain["standing"]),
        target=None
        if within is None
        else Target(timedelta(seconds=within), plain["around_the_clock"]),
        used=timedelta(seconds=plain["used_s"]),
        deadline=_instant(plain["deadline"]),
        met_at=_instant(plain["met_at"]),
        provisional=plain["provisional"],
    )


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
