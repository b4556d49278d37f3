"""The share of a release, and what a manifest must list for every phone to find its way."""

from hypothesis import given
from hypothesis import strategies as st

from catalogue.versions import Version
from firmware.due import NotYet, listed, next_due
from firmware.offers import Share
from firmware.paths import NothingDue, ReleaseNode, Step

MAC = "02f1a7000001"
VERSIONS = st.integers(0, 9).map(lambda number: Version.parse(f"1.{number}"))
REVISIONS = st.sampled_from("ABC")
SETS = st.frozensets(st.sampled_from("AB"))
NODES = st.lists(
    st.builds(
        ReleaseNode,
        version=VERSIONS,
        hardware=SETS,
        min_from=st.none() | VERSIONS,
        withdrawn=st.booleans(),
        broken=SETS,
        below_floor=SETS,
        share=st.builds(Share, st.sampled_from([0, 5, 50, 60, 100]), st.sampled_from(["a", "b"])),
    ),
    max_size=8,
    unique_by=lambda node: node.version,
)


def v(text: str) -> Version:
    return Version.parse(text)


@given(VERSIONS, REVISIONS, NODES)
def test_the_manifest_alone_gives_the_answer_of_all_releases(
    running: Version, hardware: str, releases: list[ReleaseNode]
) -> None:
    shown = [node for node in releases if node.version in listed(releases)]
    full, own = (next_due(running, hardware, MAC, graph) for graph in (releases, shown))
    assert full == own or (type(full) is type(own) and not isinstance(full, Step))


@given(VERSIONS, REVISIONS, NODES)
def test_nobody_is_led_to_what_is_not_offered_or_down(
    running: Version, hardware: str, releases: list[ReleaseNode]
) -> None:
    answer = next_due(running, hardware, MAC, releases)
    if isinstance(answer, Step):
        (node,) = (node for node in releases if node.version == answer.version)
        assert node.is_offered_on(hardware)
        assert node.takes(running)


def test_a_pinned_phone_goes_to_its_pin_and_waits_for_the_share_of_it() -> None:
    both = frozenset("A")
    releases = (
        ReleaseNode(v("1.0"), both),
        ReleaseNode(v("1.1"), both, share=Share(0, "a")),
        ReleaseNode(v("2.0"), both),
    )
    assert next_due(v("0.9"), "A", MAC, releases, v("1.0")) == Step(v("1.0"), remaining=0)
    assert next_due(v("0.9"), "A", MAC, releases, v("1.1")) == NotYet(v("1.1"))
    assert next_due(v("1.0"), "A", MAC, releases, v("1.0")) == NothingDue()
