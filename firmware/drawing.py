"""The upgrade graph of one hardware revision as a picture: where everything stands. Pure.

Versions stand in one column, the highest on top. All that go on to the same release share one
line at their left, which ends there with an arrow: a picture that stays readable on a phone.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from catalogue.versions import Version
from firmware import paths
from firmware.paths import NoWay, ReleaseNode

ROW = 44
BOX_WIDTH, BOX_HEIGHT = 120, 30
MARGIN, LANE = 6, 14
#: The drawing is never narrower, so that its letters keep one size beside each other.
WIDTH = 340
BENDS = 7
_RUN = 3


class Kind(StrEnum):
    """What a version is for the phones that run it; in this order the first that holds counts."""

    BROKEN = "broken"
    WITHDRAWN = "withdrawn"
    BELOW_FLOOR = "below-floor"
    LATEST = "latest"
    RELEASE = "release"
    SHIPPED = "shipped"


@dataclass(frozen=True)
class Row:
    """One version, or a run of `count` alike whose lowest is `lowest`; `y` is its middle.

    `way` is every release on the way to the latest; `is_stuck`: there is no way.
    """

    version: Version
    kind: Kind
    way: tuple[Version, ...]
    is_stuck: bool
    y: int = 0
    lowest: Version | None = None
    count: int = 1


@dataclass(frozen=True)
class Line:
    """The way on to one release: `path` and the arrow's head are SVG path data."""

    target: Version
    path: str
    head: str


@dataclass(frozen=True)
class Drawing:
    """The whole picture in its own units; boxes begin at `box_x`."""

    hardware: str
    latest: Version
    width: int
    height: int
    box_x: int
    rows: tuple[Row, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Known:
    """What is known of one revision beyond its releases."""

    shipped: Collection[Version] = field(default_factory=tuple)
    broken: Collection[Version] = field(default_factory=frozenset)


def draw(releases: Sequence[ReleaseNode], hardware: str, known: Known) -> Drawing | None:
    """The picture of a revision; None where it is offered nothing."""
    latest = paths.latest(releases, hardware)
    if latest is None:
        return None
    rows = _placed(_folded(_rows(releases, hardware, known, latest)))
    lanes = _lanes(rows)
    box_x = MARGIN + LANE * (max(lanes.values(), default=0) + 1) + 4
    return Drawing(
        hardware=hardware,
        latest=latest,
        width=max(WIDTH, box_x + BOX_WIDTH + MARGIN),
        height=ROW * len(rows),
        box_x=box_x,
        rows=rows,
        lines=tuple(_line(target, lane, rows, box_x) for target, lane in lanes.items()),
    )


def _rows(
    releases: Sequence[ReleaseNode], hardware: str, known: Known, latest: Version
) -> list[Row]:
    fitting = {r.version: r for r in releases if hardware in r.hardware}
    marked = [version for version in {*known.shipped, *known.broken} if version not in fitting]
    rows = []
    for version in sorted([*fitting, *marked], reverse=True):
        way = paths.path_to(version, hardware, releases, latest)
        stuck = isinstance(way, NoWay) and version < latest
        kind = _kind(fitting.get(version), hardware, known, version, latest)
        rows.append(Row(version, kind, () if isinstance(way, NoWay) else way, stuck))
    return rows


def _kind(
    release: ReleaseNode | None, hardware: str, known: Known, version: Version, latest: Version
) -> Kind:
    is_broken = release is not None and hardware in release.broken
    if version in known.broken or is_broken:
        return Kind.BROKEN
    if release is None:
        return Kind.SHIPPED
    if release.withdrawn:
        return Kind.WITHDRAWN
    if hardware in release.below_floor:
        return Kind.BELOW_FLOOR
    return Kind.LATEST if version == latest else Kind.RELEASE


def _folded(rows: Sequence[Row]) -> list[Row]:
    """Long runs of plain versions with one way on become one row; a step stays visible."""
    steps = {step for row in rows for step in row.way}
    folded: list[list[Row]] = []
    for row in rows:
        plain = row.kind in {Kind.RELEASE, Kind.SHIPPED} and row.version not in steps
        last = folded[-1][-1] if folded else None
        if plain and last is not None and _is_alike(row, last) and last.version not in steps:
            folded[-1].append(row)
        else:
            folded.append([row])
    return [row for run in folded for row in (run if len(run) <= _RUN else [_one(run)])]


def _is_alike(row: Row, other: Row) -> bool:
    return (row.kind, row.way, row.is_stuck) == (other.kind, other.way, other.is_stuck)


def _one(run: Sequence[Row]) -> Row:
    first = run[0]
    return Row(
        first.version,
        first.kind,
        first.way,
        first.is_stuck,
        lowest=run[-1].version,
        count=len(run),
    )


def _placed(rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(
        Row(
            row.version,
            row.kind,
            row.way,
            row.is_stuck,
            y=index * ROW + ROW // 2,
            lowest=row.lowest,
            count=row.count,
        )
        for index, row in enumerate(rows)
    )


def _lanes(rows: Sequence[Row]) -> dict[Version, int]:
    """For each release that others go on to, how far from the boxes its line runs.

    Short lines run close; two that share a height never share a lane.
    """
    spans = {target: _span(target, rows) for target in {row.way[0] for row in rows if row.way}}
    lanes: dict[Version, int] = {}
    for target in sorted(spans, key=lambda t: (spans[t][1] - spans[t][0], t)):
        taken = {lanes[o] for o in lanes if _overlap(spans[o], spans[target])}
        lanes[target] = min(set(range(len(taken) + 1)) - taken)
    return lanes


def _span(target: Version, rows: Sequence[Row]) -> tuple[int, int]:
    ys = [row.y for row in rows if row.version == target or row.way[:1] == (target,)]
    return min(ys), max(ys)


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _line(target: Version, lane: int, rows: Sequence[Row], box_x: int) -> Line:
    x = box_x - 10 - LANE * lane
    (top,) = (row.y for row in rows if row.version == target)
    # An arrow comes in a little below the middle, where no other line goes out.
    tip = top + BENDS
    starts = (row.y - BENDS for row in rows if row.way[:1] == (target,))
    parts = [f"M{box_x} {start}H{x + 5}Q{x} {start} {x} {start - 5}V{tip + 5}" for start in starts]
    parts.append(f"M{x} {tip + 5}Q{x} {tip} {x + 5} {tip}H{box_x - 6}")
    head = f"M{box_x - 1} {tip}L{box_x - 8} {tip - 4}V{tip + 4}Z"
    return Line(target, "".join(parts), head)
