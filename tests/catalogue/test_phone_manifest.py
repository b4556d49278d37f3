"""The phone manifest: its exact bytes, read back as they were written."""

import dataclasses
import io
import json
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.phone_manifest import (
    ManifestRelease,
    Notes,
    PhoneManifest,
    Rollout,
    Status,
    parse,
    part_hashes,
)
from tests.catalogue.manifest_sample import (
    IMAGE,
    MANIFEST,
    RELEASE,
)

VERSIONS = st.sampled_from(["2.4.1", "1.8.3", "2.5-rc1", "2.4.1+15"])

HEX = st.binary(min_size=32, max_size=32).map(bytes.hex)

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)

WORDS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8)

INSTANTS = st.integers(946_684_800, 4_102_444_800).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
)


@st.composite
def releases(draw: st.DrawFn) -> ManifestRelease:
    size, part_size = draw(st.integers(0, 5000)), draw(st.integers(1000, 4000))
    parts = draw(st.lists(HEX, min_size=-(-size // part_size), max_size=-(-size // part_size)))
    return ManifestRelease(
        version=draw(VERSIONS),
        hardware=tuple(draw(st.lists(st.sampled_from("ABC"), min_size=1, max_size=3))),
        file=draw(WORDS),
        url=draw(st.sampled_from(["/firmware/FP-B2/2.4.1/f.img", "/%D0%BF.img"])),
        size=size,
        sha256=draw(HEX),
        part_size=part_size,
        parts=tuple(parts),
        min_from=draw(st.none() | VERSIONS),
        steps=tuple(draw(st.lists(VERSIONS, max_size=2))),
        rollout=Rollout(draw(st.integers(0, 100) | st.sampled_from([0.5, 12.25])), draw(TEXT)),
        notes=Notes(ru=draw(TEXT), en=draw(TEXT)),
        status=draw(st.sampled_from(Status)),
        statement=draw(TEXT),
        statement_sig=draw(TEXT),
        broken=tuple(draw(st.lists(WORDS, max_size=2))),
    )


MANIFESTS = st.builds(
    PhoneManifest,
    product=WORDS,
    channel=st.none() | WORDS,
    serial=st.integers(1, 2**40),
    issued=INSTANTS,
    expires=INSTANTS,
    releases=st.lists(releases(), max_size=3).map(tuple),
    floors=st.dictionaries(WORDS, st.sampled_from(["1.8", "2.4.1"]), max_size=2),
)


@given(MANIFESTS)
def test_a_manifest_is_read_back_as_it_was_written(manifest: PhoneManifest) -> None:
    body = manifest.to_bytes()

    assert parse(body) == manifest
    assert parse(body).to_bytes() == body


def test_the_file_is_laid_out_as_agreed() -> None:
    body = MANIFEST.to_bytes()
    document = json.loads(body)

    again = json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1) + "\n"
    assert body == again.encode()
    assert document == {
        "format": 1,
        "product": "FP-B2",
        "channel": "stable",
        "serial": 7,
        "issued": "2026-11-22T10:00:00Z",
        "expires": "2027-02-20T10:00:00Z",
        "releases": [
            {
                "version": "2.4.1",
                "hardware": ["A", "B"],
                "file": "FP-B2-2.4.1.img",
                "url": "/firmware/FP-B2/2.4.1/FP-B2-2.4.1.img",
                "size": 1048582,
                "sha256": sha256(IMAGE).hexdigest(),
                "part_size": 1048576,
                "parts": list(RELEASE.parts),
                "min_from": "1.8.3",
                "steps": ["1.8.3"],
                "rollout": {"percent": 100, "salt": "5eed"},
                "notes": {"ru": "Исправлен «чёрный экран».", "en": "Fixed the black screen."},
                "status": "current",
                "statement": RELEASE.statement,
                "statement_sig": RELEASE.statement_sig,
                "channels": [],
                "published": None,
                "withdrawn_reason": "",
                "replacement": None,
                "broken": [],
            }
        ],
        "floors": {},
    }


def test_times_are_written_in_utc_whatever_zone_they_came_in() -> None:
    moscow = timezone(timedelta(hours=3))
    manifest = dataclasses.replace(MANIFEST, issued=MANIFEST.issued.astimezone(moscow))

    assert manifest.to_bytes() == MANIFEST.to_bytes()


@pytest.mark.parametrize(("size", "expected"), [(0, []), (4, [4]), (5, [4, 1]), (8, [4, 4])])
def test_parts_are_hashed_in_order_and_the_last_may_be_short(
    size: int, expected: list[int]
) -> None:
    content = bytes(range(size))
    starts = [sum(expected[:place]) for place in range(len(expected))]
    pieces = [content[start : start + 4] for start in starts]

    hashes = part_hashes(io.BytesIO(content), part_size=4)

    assert hashes == tuple(sha256(piece).hexdigest() for piece in pieces)


def test_a_withdrawn_release_says_why_and_what_to_take() -> None:
    told = dataclasses.replace(
        RELEASE, status=Status.WITHDRAWN, withdrawn_reason="Перегрев", replacement="2.4.2"
    )
    body = dataclasses.replace(MANIFEST, releases=(told,)).to_bytes()
    (entry,) = json.loads(body)["releases"]
    assert (entry["withdrawn_reason"], entry["replacement"]) == ("Перегрев", "2.4.2")
    assert parse(body).releases == (told,)
    (other,) = json.loads(MANIFEST.to_bytes())["releases"]
    assert (other["withdrawn_reason"], other["replacement"]) == ("", None)
