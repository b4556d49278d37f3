"""What is refused of a phone manifest on the way in, each with its place."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from catalogue.phone_manifest import (
    PART_BYTES,
    ManifestFormatError,
    parse,
)
from tests.catalogue.manifest_sample import (
    MANIFEST,
    RELEASE,
)


def _setting(place: str, value: object) -> Callable[[dict[str, Any]], None]:
    """A change of one value; `releases.0.size` counts into lists."""

    def change(document: dict[str, Any]) -> None:
        *outer, last = place.split(".")
        inner: Any = document
        for key in outer:
            inner = inner[int(key)] if isinstance(inner, list) else inner[key]
        inner[last] = value

    return change


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("format", 2),
        ("format", True),
        ("product", ""),
        ("product", 5),
        ("channel", ""),
        ("serial", 0),
        ("serial", "7"),
        ("serial", 7.5),
        ("serial", True),
        ("issued", "2026-11-22T10:00:00+03:00"),
        ("issued", "2026-11-22"),
        ("expires", 1795341600),
        ("expires", None),
        ("releases", {}),
        ("releases", None),
        ("releases.0.version", "../2.4"),
        ("releases.0.version", ""),
        ("releases.0.version", "2.4.1\n"),
        ("releases.0.hardware", []),
        ("releases.0.hardware", "AB"),
        ("releases.0.file", "../manifest"),
        ("releases.0.file", ""),
        ("releases.0.url", "firmware/x"),
        ("releases.0.url", "//evil.example/x"),
        ("releases.0.url", "https://evil.example/x"),
        ("releases.0.url", "/\\evil.example/x"),
        ("releases.0.url", "/прошивка.img"),
        ("releases.0.url", "/x y"),
        ("releases.0.size", -1),
        ("releases.0.size", "1048582"),
        ("releases.0.size", 5 * PART_BYTES),
        ("releases.0.sha256", "00"),
        ("releases.0.sha256", "A" * 64),
        ("releases.0.part_size", 0),
        ("releases.0.parts", []),
        ("releases.0.parts", ["x", "y"]),
        ("releases.0.min_from", 2),
        ("releases.0.steps", None),
        ("releases.0.rollout.percent", 101),
        ("releases.0.rollout.percent", True),
        ("releases.0.rollout", 100),
        ("releases.0.notes", "text"),
        ("releases.0.status", "gone"),
        ("releases.0.statement", None),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(place: str, value: object) -> None:
    document = json.loads(MANIFEST.to_bytes())
    _setting(place, value)(document)

    with pytest.raises(ManifestFormatError) as refusal:
        parse(json.dumps(document).encode())
    assert (place.rpartition(".")[0] or place) in refusal.value.text("ru")


@pytest.mark.parametrize("place", ["format", "channel", "serial", "releases"])
def test_a_missing_key_is_refused_by_name(place: str) -> None:
    document = json.loads(MANIFEST.to_bytes())
    del document[place]

    with pytest.raises(ManifestFormatError, match=place):
        parse(json.dumps(document).encode())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff",
        MANIFEST.to_bytes().decode().encode("utf-16"),
        MANIFEST.to_bytes()[:-20],
        MANIFEST.to_bytes().replace(b"100", b"NaN"),
        b"[" * 100_000,
        b'{"format":1,"serial":' + b"9" * 10_000 + b"}",
    ],
    ids=[
        "empty",
        "a list",
        "null",
        "cut at once",
        "no UTF-8",
        "UTF-16",
        "cut late",
        "NaN",
        "deep",
        "a long number",
    ],
)
def test_what_is_no_manifest_is_refused(body: bytes) -> None:
    with pytest.raises(ManifestFormatError):
        parse(body)


def test_keys_of_a_later_format_are_passed_over() -> None:
    document = json.loads(MANIFEST.to_bytes())
    document["poll_after"] = 3600
    document["releases"][0]["sbom"] = "/sbom"

    assert parse(json.dumps(document).encode()) == MANIFEST


@pytest.mark.parametrize("field", ["issued", "expires"])
def test_a_time_without_a_zone_is_a_fault(field: str) -> None:
    naive: Any = {field: MANIFEST.issued.replace(tzinfo=None)}

    with pytest.raises(ValueError, match="aware"):
        dataclasses.replace(MANIFEST, **naive)


@pytest.mark.parametrize("count", [0, 2])
def test_a_release_has_a_hash_for_each_of_its_parts(count: int) -> None:
    with pytest.raises(ValueError, match="1 parts"):
        dataclasses.replace(RELEASE, size=PART_BYTES, parts=("0" * 64,) * count)
