"""The phone manifest: its exact bytes, what is refused on the way in, and what is never signed."""

import dataclasses
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.minisign import SigningKey, verify
from catalogue.phone_manifest import (
    PART_BYTES,
    ManifestFormatError,
    ManifestRelease,
    Notes,
    PhoneManifest,
    Rollout,
    StatementContradictsError,
    Status,
    parse,
    part_hashes,
    signed,
    statement_text,
)

ONLINE, FIRMWARE = SigningKey.generate(), SigningKey.generate()
IMAGE = b"FLATFW" + bytes(PART_BYTES)


def statement_of(release: ManifestRelease, product: str = "FP-B2") -> str:
    return statement_text(
        product=product,
        version=release.version,
        hardware=release.hardware,
        file=release.file,
        size=release.size,
        sha256=release.sha256,
        min_from=release.min_from,
    )


def stated(release: ManifestRelease) -> ManifestRelease:
    statement = statement_of(release)
    signature = FIRMWARE.sign(statement.encode(), "release")
    return dataclasses.replace(release, statement=statement, statement_sig=signature)


RELEASE = stated(
    ManifestRelease(
        version="2.4.1",
        hardware=("A", "B"),
        file="FP-B2-2.4.1.img",
        url="/firmware/FP-B2/2.4.1/FP-B2-2.4.1.img",
        size=len(IMAGE),
        sha256=sha256(IMAGE).hexdigest(),
        part_size=PART_BYTES,
        parts=part_hashes(io.BytesIO(IMAGE)),
        min_from="1.8.3",
        steps=("1.8.3",),
        rollout=Rollout(percent=100, salt="5eed"),
        notes=Notes(ru="Исправлен «чёрный экран».", en="Fixed the black screen."),
        status=Status.CURRENT,
        statement="",
        statement_sig="",
    )
)
MANIFEST = PhoneManifest(
    product="FP-B2",
    channel="stable",
    serial=7,
    issued=datetime(2026, 11, 22, 10, tzinfo=UTC),
    expires=datetime(2027, 2, 20, 10, tzinfo=UTC),
    releases=(RELEASE,),
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


@pytest.mark.parametrize("field", ["issued", "expires"])
def test_a_time_without_a_zone_is_a_fault(field: str) -> None:
    naive: Any = {field: MANIFEST.issued.replace(tzinfo=None)}

    with pytest.raises(ValueError, match="aware"):
        dataclasses.replace(MANIFEST, **naive)


def test_keys_of_a_later_format_are_passed_over() -> None:
    document = json.loads(MANIFEST.to_bytes())
    document["poll_after"] = 3600
    document["releases"][0]["sbom"] = "/sbom"

    assert parse(json.dumps(document).encode()) == MANIFEST


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


def test_a_statement_is_one_line_of_sorted_json() -> None:
    assert RELEASE.statement == (
        '{"file":"FP-B2-2.4.1.img","format":1,"hardware":["A","B"],"kind":"flatpro-release",'
        f'"min_from":"1.8.3","product":"FP-B2","sha256":"{RELEASE.sha256}","size":1048582,'
        '"version":"2.4.1"}'
    )


def test_a_statement_keeps_cyrillic_names_and_sorts_its_hardware() -> None:
    release = dataclasses.replace(RELEASE, file="Прошивка.img", hardware=("B", "A"), min_from=None)

    text = statement_of(release)

    assert '"file":"Прошивка.img"' in text
    assert '"hardware":["A","B"]' in text
    assert '"min_from":null' in text


def test_a_signed_manifest_carries_serial_and_time_in_its_comment() -> None:
    file = signed(MANIFEST, ONLINE)

    comment = verify(file.body, file.signature, ONLINE.public)
    assert comment == "serial:7 product:FP-B2 channel:stable issued:2026-11-22T10:00:00Z"
    assert parse(file.body) == MANIFEST


def test_the_manifest_of_all_releases_names_no_channel() -> None:
    file = signed(dataclasses.replace(MANIFEST, channel=None), ONLINE)

    assert json.loads(file.body)["channel"] is None
    assert " channel:- " in verify(file.body, file.signature, ONLINE.public)


def test_the_firmware_key_s_statement_can_be_checked_from_the_manifest_alone() -> None:
    release = parse(signed(MANIFEST, ONLINE).body).releases[0]

    assert verify(release.statement.encode(), release.statement_sig, FIRMWARE.public) == "release"


@pytest.mark.parametrize(
    "change",
    [
        {"version": "2.4.2"},
        {"hardware": ("A", "B", "C")},
        {"file": "other.img"},
        {"sha256": "0" * 64},
        {"size": len(IMAGE) - 1},
        {"min_from": None},
    ],
    ids=min,
)
def test_nothing_is_signed_that_the_firmware_key_did_not_state(change: dict[str, Any]) -> None:
    release = dataclasses.replace(RELEASE, **change)

    with pytest.raises(StatementContradictsError, match=min(change)):
        signed(dataclasses.replace(MANIFEST, releases=(release,)), ONLINE)


@pytest.mark.parametrize("statement", ["", "{", "[]", "null", "{}"])
def test_a_release_without_a_statement_is_not_signed(statement: str) -> None:
    release = dataclasses.replace(RELEASE, statement=statement)

    with pytest.raises(StatementContradictsError):
        signed(dataclasses.replace(MANIFEST, releases=(release,)), ONLINE)


def test_the_statement_of_another_product_is_not_signed() -> None:
    with pytest.raises(StatementContradictsError, match="product"):
        signed(dataclasses.replace(MANIFEST, product="FP-C5"), ONLINE)


def test_a_statement_may_say_more_than_we_know() -> None:
    longer = RELEASE.statement.replace('"format":1', '"format":1,"floor":"1.0"')
    release = dataclasses.replace(RELEASE, statement=longer)

    assert signed(dataclasses.replace(MANIFEST, releases=(release,)), ONLINE).signature


def test_a_manifest_that_could_not_be_read_back_is_not_signed() -> None:
    release = stated(dataclasses.replace(RELEASE, url="https://other.example/x"))

    with pytest.raises(ManifestFormatError, match="url"):
        signed(dataclasses.replace(MANIFEST, releases=(release,)), ONLINE)


@pytest.mark.parametrize("count", [0, 2])
def test_a_release_has_a_hash_for_each_of_its_parts(count: int) -> None:
    with pytest.raises(ValueError, match="1 parts"):
        dataclasses.replace(RELEASE, size=PART_BYTES, parts=("0" * 64,) * count)


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
