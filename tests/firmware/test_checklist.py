import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.versions import Version
from firmware.paths import Fault, Problem
from firmware.reviewing.checklist import Draft, Header, Result, checks, is_sound

SOUND = Draft(
    product="FP-B2",
    version=Version.parse("2.0.0"),
    hardware=("A",),
    known_hardware=("A", "B"),
    header=Header("FP-B2", "2.0.0", ("A", "B")),
    channel="testing",
    current=Version.parse("1.9.0"),
    notes_ru="Новое",
    notes_en="New",
    size=1000,
    max_size=5000,
    previous_size=900,
    problems=(),
    sbom="CycloneDX 1.6",
)
STUCK = Problem(Fault.DEAD_END, "A", Version.parse("1.0.0"), Version.parse("2.0.0"))


def result(draft: Draft, code: str) -> Result:
    (found,) = (check.result for check in checks(draft) if check.code == code)
    return found


def test_a_sound_draft_passes_every_check() -> None:
    assert {check.result for check in checks(SOUND)} == {Result.PASSED}


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("header", {"header": Header("FP-C5", "2.0.0", ("A",))}),
        ("header", {"header": Header("FP-B2", "2.0.1", ("A",))}),
        ("header", {"header": Header("FP-B2", "2.0.0", ("B",))}),
        ("hardware", {"hardware": ("A", "Z")}),
        ("hardware", {"hardware": ()}),
        ("rises", {"current": Version.parse("2.0.0")}),
        ("rises", {"current": Version.parse("2.1.0")}),
        ("notes", {"notes_ru": " \n"}),
        ("notes", {"notes_en": ""}),
        ("size", {"size": 0}),
        ("size", {"size": 5001}),
        ("paths", {"problems": (STUCK,)}),
    ],
)
def test_a_failing_check_keeps_the_draft_from_being_signed_off(
    code: str, changed: dict[str, object]
) -> None:
    draft = replace(SOUND, **changed)
    assert result(draft, code) is Result.FAILED
    assert not is_sound(checks(draft))


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("header", {"header": None}),
        ("size", {"size": 299}),
        ("size", {"size": 2701}),
        ("sbom", {"sbom": None}),
    ],
)
def test_what_people_judge_does_not_stop_the_draft(code: str, changed: dict[str, object]) -> None:
    draft = replace(SOUND, **changed)
    assert result(draft, code) is Result.ATTENTION
    assert is_sound(checks(draft))


def test_the_first_release_of_a_channel_rises_above_nothing() -> None:
    draft = replace(SOUND, current=None, previous_size=None)
    assert {check.result for check in checks(draft)} == {Result.PASSED}


@given(
    notes=st.tuples(st.text(max_size=5), st.text(max_size=5)),
    size=st.integers(-1, 6000),
    hardware=st.sets(st.sampled_from("ABCZ")).map(lambda found: tuple(sorted(found))),
    sbom=st.none() | st.just("SPDX 2.3"),
)
def test_each_check_has_its_words_in_both_languages(
    notes: tuple[str, str], size: int, hardware: tuple[str, ...], sbom: str | None
) -> None:
    draft = replace(
        SOUND, notes_ru=notes[0], notes_en=notes[1], size=size, hardware=hardware, sbom=sbom
    )
    found = checks(draft)
    assert [check.code for check in found] == [
        *("header", "hardware", "rises", "notes", "size", "paths", "sbom"),
    ]
    assert all(check.text("ru") != check.text("en") for check in found)
    assert not any(re.search("[а-яё]", check.text("en")) for check in found)
