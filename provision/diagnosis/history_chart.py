"""The history of a phone as pictures: answers, loss and firmware over one axis of time (pure).

Along the axis everything is in percent, so that the picture fits a phone's screen as it fits a
desk's; heights are pixels, and letters stay as large as they are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from provision.diagnosis.situation import Reached

STRIP, GAP, QUALITY, DAYS = 18, 10, 90, 20
#: A loss above this fills the picture: what matters is seen long before.
LOSS_FULL = 10.0
#: The width of a reading in pixels; the last one stands right of the axis' end.
TICK = 5
#: A stretch is as wide as a hair at least, and holds its version's name from so many percent on.
HAIR, NAMED = 0.8, 12.0
SPAN_LEAST = timedelta(minutes=10)


@dataclass(frozen=True)
class Tick:
    """One reading: whether it was answered, else the code of its failure."""

    x: float
    answered: bool
    at: datetime
    via: str
    failure: str | None = None


@dataclass(frozen=True)
class Bar:
    """The loss of one reading, as a bar from the floor of its picture."""

    x: float
    y: float
    height: float
    at: datetime
    loss_percent: float
    mos: float | None


@dataclass(frozen=True)
class Stretch:
    """A time in which one version ran."""

    x: float
    width: float
    version: str
    since: datetime

    @property
    def is_named(self) -> bool:
        return self.width >= NAMED


@dataclass(frozen=True)
class HistoryChart:
    """Three bands under each other: along the axis percent, heights in pixels."""

    since: datetime
    until: datetime
    ticks: tuple[Tick, ...]
    bars: tuple[Bar, ...]
    stretches: tuple[Stretch, ...]
    strip: int = STRIP
    tick: int = TICK
    reach_y: int = 0
    firmware_y: int = STRIP + GAP
    quality_y: int = 2 * (STRIP + GAP)
    quality_height: int = QUALITY
    height: int = 2 * (STRIP + GAP) + QUALITY + DAYS
    loss_full: float = LOSS_FULL


def chart(history: Sequence[Reached], now: datetime) -> HistoryChart | None:
    """The picture of these readings (the oldest first) up to now; None for none."""
    if not history:
        return None
    since = min(history[0].at, now - SPAN_LEAST)
    span_s = (now - since).total_seconds()

    def x(at: datetime) -> float:
        inside = min(max((at - since).total_seconds() / span_s, 0.0), 1.0)
        return round(100 * inside, 2)

    floor = 2 * (STRIP + GAP) + QUALITY
    return HistoryChart(
        since=since,
        until=now,
        ticks=tuple(Tick(x(one.at), one.answered, one.at, one.via, one.failure) for one in history),
        bars=tuple(
            Bar(x(one.at), round(floor - tall, 2), tall, one.at, one.loss_percent, one.mos)
            for one in history
            if one.loss_percent is not None
            for tall in (_height(one.loss_percent),)
        ),
        stretches=tuple(
            Stretch(x(start), max(round(x(end) - x(start), 2), HAIR), version, start)
            for version, start, end in _runs(history, now)
        ),
    )


def _height(loss_percent: float) -> float:
    return round(max(min(loss_percent / LOSS_FULL, 1.0) * QUALITY, 1.0), 2)


def _runs(history: Sequence[Reached], now: datetime) -> Iterator[tuple[str, datetime, datetime]]:
    told = [(one.firmware, one.at) for one in history if one.firmware]
    starts = [
        (version, at)
        for index, (version, at) in enumerate(told)
        if index == 0 or told[index - 1][0] != version
    ]
    ends = [*(at for _version, at in starts[1:]), now]
    # A phone that never answered told no version at all.
    for (version, start), end in zip(starts, ends, strict=False):
        yield str(version), start, end
