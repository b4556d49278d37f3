"""The upgrade graph: upwards only, by sound releases only, and everybody arrives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.versions import Version
from firmware.paths import (
    Fault,
    NothingDue,
    NoWay,
    Problem,
    Reason,
    ReleaseNode,
    Step,
    check,
    in_channel,
    latest,
    next_step,
    path_to,
    steps_before,
)


def v(text: str) -> Version:
    return Version.parse(text)


def release(
    version: str, min_from: str | None = None, hardware: str = "AB", *, withdrawn: bool = False
) -> ReleaseNode:
    return ReleaseNode(
        version=v(version),
        hardware=frozenset(hardware),
        min_from=v(min_from) if min_from else None,
        withdrawn=withdrawn,
        channels=frozenset({"stable"}),
    )


# The story of research and of every phone vendor: 1.6 -> 1.8.3 -> 2.4.1.
LADDER = (
    release("1.6"),
    release("1.8.2"),
    release("1.8.3"),
    release("2.0", min_from="1.8.3"),
    release("2.4.1", min_from="1.8.3"),
)

VERSIONS = st.integers(0, 9).map(lambda number: v(f"1.{number}"))
NODES = st.lists(
    st.builds(
        ReleaseNode,
        version=VERSIONS,
        hardware=st.frozensets(st.sampled_from("AB")),
        min_from=st.none() | VERSIONS,
        withdrawn=st.booleans(),
    ),
    max_size=10,
)
REVISIONS = st.sampled_from("ABC")


def test_a_phone_that_may_takes_the_target_at_once() -> None:
    assert next_step(v("1.8.3"), "A", LADDER, v("2.4.1")) == Step(v("2.4.1"), remaining=0)


def test_a_phone_below_min_from_takes_the_highest_step_it_may() -> None:
    assert next_step(v("1.5"), "A", LADDER, v("2.4.1")) == Step(v("1.8.3"), remaining=1)


def test_people_see_the_whole_path() -> None:
    assert path_to(v("1.6"), "A", LADDER, v("2.4.1")) == (v("1.8.3"), v("2.4.1"))


def test_a_phone_never_passes_its_target() -> None:
    assert path_to(v("1.6"), "A", LADDER, v("1.8.2")) == (v("1.8.2"),)


def test_nothing_is_due_when_the_phone_runs_the_target_however_it_is_spelt() -> None:
    assert next_step(v("2.4.1.0"), "A", LADDER, v("2.4.1")) == NothingDue()
    assert path_to(v("2.4.1"), "A", LADDER, v("2.4.1")) == ()


def test_a_withdrawn_release_is_neither_step_nor_target() -> None:
    releases = (
        release("1.0"),
        release("1.1"),
        release("1.2", withdrawn=True),
        release("2.0", "1.1"),
    )

    assert path_to(v("1.0"), "A", releases, v("2.0")) == (v("1.1"), v("2.0"))
    assert _reason(next_step(v("1.0"), "A", releases, v("1.2"))) is Reason.WITHDRAWN


def test_a_phone_is_never_taken_down() -> None:
    assert _reason(next_step(v("3.0"), "A", LADDER, v("2.4.1"))) is Reason.DOWNGRADE


def test_a_release_for_other_hardware_is_neither_step_nor_target() -> None:
    releases = (release("1.0"), release("1.5", hardware="B"), release("2.0", "1.5", "A"))

    assert _reason(next_step(v("1.0"), "B", releases, v("2.0"))) is Reason.HARDWARE
    assert _reason(next_step(v("1.0"), "A", releases, v("2.0"))) is Reason.DEAD_END
    assert _reason(next_step(v("1.0"), "", releases, v("1.5"))) is Reason.HARDWARE


def test_a_version_may_be_made_for_each_revision_apart() -> None:
    releases = (release("2.0", hardware="A", withdrawn=True), release("2.0", hardware="B"))

    assert next_step(v("1.0"), "B", releases, v("2.0")) == Step(v("2.0"), remaining=0)
    assert _reason(next_step(v("1.0"), "A", releases, v("2.0"))) is Reason.WITHDRAWN


def test_a_version_that_was_withdrawn_and_made_again_can_be_installed() -> None:
    releases = (release("2.0", withdrawn=True), release("2.0"))

    assert next_step(v("1.0"), "A", releases, v("2.0")) == Step(v("2.0"), remaining=0)


def test_an_unknown_target_is_said_to_be_unknown() -> None:
    assert _reason(next_step(v("1.0"), "A", LADDER, v("9.0"))) is Reason.UNKNOWN_TARGET


def test_no_step_is_given_on_a_way_that_does_not_arrive() -> None:
    releases = (release("1.5"), release("3.0", min_from="2.0"))

    answer = next_step(v("1.0"), "A", releases, v("3.0"))

    assert answer == NoWay(Reason.DEAD_END, v("1.0"), v("3.0"), "A", stuck_at=v("1.5"))


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_refusal_has_words_in_both_languages(reason: Reason, language: str) -> None:
    text = NoWay(reason, v("1.0"), v("3.0"), "", stuck_at=v("1.5")).text(language)

    assert "3.0" in text
    assert "{" not in text
    assert _is_russian(text) == (language == "ru")


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_problem_has_words_in_both_languages(fault: Fault, language: str) -> None:
    text = Problem(fault, "B", v("1.0"), v("3.0")).text(language)

    assert "1.0" in text
    assert "3.0" in text
    assert _is_russian(text) == (language == "ru")


@given(VERSIONS, REVISIONS, NODES, VERSIONS)
def test_following_the_steps_arrives_and_breaks_no_rule_on_the_way(
    start: Version, hardware: str, releases: list[ReleaseNode], target: Version
) -> None:
    at = start
    expected = path_to(start, hardware, releases, target)
    walked: list[Version] = []
    while isinstance(step := next_step(at, hardware, releases, target), Step):
        assert step.version > at
        assert any(
            node.version == step.version and node.takes(at) and not node.withdrawn
            for node in releases
            if hardware in node.hardware
        )
        rest = path_to(step.version, hardware, releases, target)
        assert isinstance(rest, tuple)
        assert step.remaining == len(rest)
        at = step.version
        walked.append(at)
    assert step == NothingDue() if walked or start == target else isinstance(step, NoWay)
    assert isinstance(expected, NoWay) or tuple(walked) == expected


@given(VERSIONS, REVISIONS, NODES, VERSIONS)
def test_a_way_is_found_whenever_there_is_one(
    start: Version, hardware: str, releases: list[ReleaseNode], target: Version
) -> None:
    usable = [n for n in releases if hardware in n.hardware and not n.withdrawn]
    reachable = {start}
    for _ in usable:
        reachable |= {n.version for n in usable if any(n.takes(at) for at in reachable)}

    found = path_to(start, hardware, releases, target)

    assert (target in reachable) == (not isinstance(found, NoWay))


def test_a_channel_leads_over_its_own_releases_only() -> None:
    testing = ReleaseNode(v("3.0"), frozenset("A"), channels=frozenset({"testing"}))

    assert in_channel((*LADDER, testing), "stable") == LADDER
    assert latest(in_channel((*LADDER, testing), "testing"), "A") == v("3.0")


def test_the_latest_release_fits_the_revision_and_is_not_withdrawn() -> None:
    releases = (*LADDER, release("2.5", hardware="B"), release("2.6", withdrawn=True))

    assert latest(releases, "A") == v("2.4.1")
    assert latest(releases, "B") == v("2.5")
    assert latest(releases, "C") is None


def test_the_steps_of_a_release_are_those_that_older_phones_pass() -> None:
    assert steps_before(LADDER[-1], LADDER) == (v("1.8.3"),)
    assert steps_before(LADDER[0], LADDER) == ()


def test_each_revision_may_have_its_own_steps() -> None:
    target = release("3.0", min_from="2.0")
    releases = (release("2.0", hardware="A"), release("2.1", hardware="B"), target)

    assert steps_before(target, releases) == (v("2.0"), v("2.1"))


def test_a_phone_between_two_releases_finds_its_step_listed() -> None:
    target = release("2.0", min_from="1.4")
    releases = (release("1.0"), release("1.4"), release("1.5", min_from="1.2"), target)

    assert path_to(v("1.3"), "A", releases, v("2.0")) == (v("1.5"), v("2.0"))
    assert steps_before(target, releases) == (v("1.4"), v("1.5"))


@given(NODES.filter(bool), VERSIONS, REVISIONS)
def test_steps_and_target_alone_lead_a_phone_the_same_way(
    releases: list[ReleaseNode], start: Version, hardware: str
) -> None:
    target = releases[0]
    steps = {*steps_before(target, releases), target.version}
    listed = [node for node in releases if node.version in steps]

    full = path_to(start, hardware, releases, target.version)

    assert (
        isinstance(full, NoWay)
        or hardware not in target.hardware
        or (path_to(start, hardware, listed, target.version) == full)
    )


def test_a_sound_ladder_has_no_problems() -> None:
    assert check(LADDER, [v("1.0"), v("1.7"), v("2.4.1"), v("9.9")], "A") == []


def test_a_product_without_releases_has_no_problems() -> None:
    assert check((), [v("1.0")], "A") == []
    assert check(LADDER, [v("1.0")], "C") == []


def test_a_step_that_was_never_released_is_a_dead_end() -> None:
    # openwrt#24160: the new release asked for a level that nothing before it gave.
    releases = (release("1.0"), release("1.5"), release("3.0", min_from="2.0"))

    assert check(releases, [v("0.9")], "A") == [
        Problem(Fault.DEAD_END, "A", v(start), v("3.0")) for start in ("0.9", "1.0", "1.5")
    ]


def test_withdrawing_a_step_that_phones_need_is_a_problem_for_those_below_it_only() -> None:
    releases = (
        release("1.0"),
        release("1.7", withdrawn=True),
        release("1.8", withdrawn=True),
        release("2.0", min_from="1.7"),
    )

    assert check(releases, [], "A") == [Problem(Fault.WITHDRAWN_STEP, "A", v("1.0"), v("1.8"))]


def test_a_withdrawn_step_is_named_where_phones_stand_not_where_they_passed() -> None:
    releases = (
        release("1.0"),
        release("1.1"),
        release("1.2", withdrawn=True),
        release("2.0", min_from="1.1"),
        release("2.5", min_from="2.0", withdrawn=True),
        release("3.0", min_from="2.5"),
    )

    assert {problem.blocked_by for problem in check(releases, [], "A")} == {v("2.5")}


def test_a_release_that_requires_itself_or_a_newer_one_is_a_loop() -> None:
    releases = (release("1.0"), release("2.0", min_from="2.0"), release("2.1", min_from="3.0"))

    loops = [problem for problem in check(releases, [], "A") if problem.fault is Fault.LOOP]

    assert loops == [
        Problem(Fault.LOOP, "A", v("2.0"), v("2.0")),
        Problem(Fault.LOOP, "A", v("2.1"), v("3.0")),
    ]


def test_each_revision_is_checked_for_itself() -> None:
    releases = (release("1.0"), release("1.5", hardware="A"), release("2.0", min_from="1.5"))

    assert check(releases, [], "A") == []
    assert check(releases, [], "B") == [Problem(Fault.DEAD_END, "B", v("1.0"), v("2.0"))]


@given(NODES, st.lists(VERSIONS, max_size=3), REVISIONS)
def test_without_problems_every_shipped_phone_arrives(
    releases: list[ReleaseNode], shipped: list[Version], hardware: str
) -> None:
    target = latest(releases, hardware)
    stuck = {problem.version for problem in check(releases, shipped, hardware)}

    for start in shipped:
        if target is not None and start < target:
            arrives = not isinstance(path_to(start, hardware, releases, target), NoWay)
            assert arrives or start in stuck


def _reason(answer: Step | NothingDue | NoWay) -> Reason | None:
    return answer.reason if isinstance(answer, NoWay) else None


def _is_russian(text: str) -> bool:
    return any("а" <= letter <= "я" for letter in text)
