"""The picture tells what the graph tells: every version once, every way to its end."""

import re

from hypothesis import given
from hypothesis import strategies as st

from catalogue.versions import Version
from firmware import paths
from firmware.drawing import BOX_WIDTH, ROW, Kind, Known, draw
from firmware.paths import ReleaseNode

SETS = st.frozensets(st.sampled_from("AB"))
VERSIONS = st.integers(0, 12).map(lambda number: Version.parse(f"1.{number}"))
NODES = st.lists(
    st.builds(
        ReleaseNode,
        version=VERSIONS,
        hardware=SETS,
        min_from=st.none() | VERSIONS,
        withdrawn=st.booleans(),
        broken=SETS,
        below_floor=SETS,
    ),
    max_size=12,
    unique_by=lambda node: node.version,
)


def v(text: str) -> Version:
    return Version.parse(text)


def node(version: str, min_from: str | None = None, *, withdrawn: bool = False) -> ReleaseNode:
    start = v(min_from) if min_from else None
    return ReleaseNode(v(version), frozenset("A"), start, withdrawn=withdrawn)


def test_each_version_says_what_it_is() -> None:
    releases = (node("1.8"), node("1.9", withdrawn=True), node("2.4", "1.8"))
    known = Known(shipped=(v("1.1"),), broken={v("1.2"), v("1.8")})

    drawing = draw(releases, "A", known)

    assert drawing is not None
    assert {str(row.version): row.kind for row in drawing.rows} == {
        "2.4": Kind.LATEST,
        "1.9": Kind.WITHDRAWN,
        "1.8": Kind.BROKEN,
        "1.2": Kind.BROKEN,
        "1.1": Kind.SHIPPED,
    }


def test_a_long_run_of_versions_with_one_way_on_is_one_row_and_steps_stay() -> None:
    releases = [node(f"1.{number}") for number in range(20)] + [node("2.0", "1.19")]

    drawing = draw(releases, "A", Known())

    assert drawing is not None
    shown = [(str(row.version), row.count) for row in drawing.rows]
    assert shown == [("2.0", 1), ("1.19", 1), ("1.18", 19)]
    assert drawing.height == 3 * ROW


def test_a_revision_without_releases_has_no_picture() -> None:
    assert draw((), "A", Known(shipped=(v("1.0"),))) is None
    assert draw((node("1.0"),), "C", Known()) is None


@given(NODES, st.lists(VERSIONS, max_size=4))
def test_the_picture_shows_every_version_and_exactly_the_ways_of_the_graph(
    releases: list[ReleaseNode], shipped: list[Version]
) -> None:
    drawing = draw(releases, "A", Known(shipped=shipped))
    if drawing is None:
        return
    fitting = {release.version for release in releases if "A" in release.hardware}
    assert sum(row.count for row in drawing.rows) == len({*fitting, *shipped})
    for row in drawing.rows:
        way = paths.path_to(row.version, "A", releases, drawing.latest)
        assert row.way == (() if isinstance(way, paths.NoWay) else way)
        assert not row.is_stuck or isinstance(way, paths.NoWay)
        assert 0 < row.y < drawing.height
    assert {line.target for line in drawing.lines} == {r.way[0] for r in drawing.rows if r.way}
    numbers = [int(n) for line in drawing.lines for n in re.findall(r"\d+", line.path + line.head)]
    assert all(0 <= n <= max(drawing.width, drawing.height) for n in numbers)
    assert drawing.box_x + BOX_WIDTH <= drawing.width
