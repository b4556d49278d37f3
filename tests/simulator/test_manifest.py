"""Signed words with the wrong shape are refused, each by the name of what is wrong."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from simulator.manifest import (
    Channel,
    MalformedManifestError,
    Manifest,
    Release,
    StaleManifestError,
    read_manifest,
    read_statement,
)
from simulator.trust import Trust
from simulator.upgrade import Offered

if TYPE_CHECKING:
    from conftest import Signer

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MANIFEST = {
    "format": 1,
    "product": "FP-B2",
    "channel": "stable",
    "serial": 5,
    "expires": "2026-11-23T00:00:00Z",
    "releases": [],
}
RELEASE = {
    "version": "1",
    "status": "current",
    "hardware": ["A"],
    "min_from": None,
    "rollout": {"percent": 100, "salt": ""},
    "statement": "{}",
    "statement_sig": "",
}
OFFERED = Offered("2.4.1", frozenset("A"))
STATEMENT = {
    "format": 1,
    "kind": "flatpro-release",
    "product": "FP-B2",
    "version": "2.4.1",
    "hardware": ["A"],
    "size": 1,
    "sha256": "",
    "min_from": None,
}


def read(signer: "Signer", raw: bytes, now: datetime = NOW, lowest: int = 0) -> Manifest:
    trust = Trust.of([signer.public], [])
    return read_manifest(raw, signer.sign(raw), trust, Channel("FP-B2", "stable", lowest, now))


def test_the_same_serial_is_fresh_and_a_lower_one_is_not(signer: "Signer") -> None:
    raw = json.dumps(MANIFEST).encode()
    assert read(signer, raw, lowest=5).serial == 5
    with pytest.raises(StaleManifestError, match="serial 5 after 6"):
        read(signer, raw, lowest=6)


def test_a_manifest_ends_at_its_date(signer: "Signer") -> None:
    raw = json.dumps(MANIFEST).encode()
    read(signer, raw, datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC))
    with pytest.raises(StaleManifestError, match="expired"):
        read(signer, raw, datetime(2026, 11, 23, tzinfo=UTC))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"format": 2}, "format"),
        ({"format": True}, "format"),
        ({"serial": "5"}, "serial"),
        ({"serial": None}, "serial"),
        ({"product": 1}, "product"),
        ({"expires": "soon"}, "instant"),
        ({"expires": "2026-11-23T00:00:00"}, "zone"),
        ({"releases": {}}, "releases"),
        ({"releases": [1]}, r"releases\[0\]"),
        ({"releases": [{**RELEASE, "statement": None}]}, "statement"),
        ({"releases": [{**RELEASE, "hardware": "A"}]}, "hardware"),
        ({"releases": [{**RELEASE, "broken": "A"}]}, "broken"),
        ({"releases": [{**RELEASE, "rollout": {"percent": "5", "salt": ""}}]}, "percent"),
        ({"floors": {"A": 2}}, "floors: A"),
    ],
)
def test_a_misshapen_manifest_is_refused_by_name(
    signer: "Signer", change: dict[str, object], named: str
) -> None:
    with pytest.raises(MalformedManifestError, match=named):
        read(signer, json.dumps({**MANIFEST, **change}).encode())


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(signer: "Signer", raw: bytes) -> None:
    with pytest.raises(MalformedManifestError):
        read(signer, raw)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda s: {**s, "kind": "flatpro-document"},
        lambda s: {**s, "hardware": "A"},
        lambda s: {**s, "hardware": [1]},
        lambda s: {**s, "size": 1.5},
        lambda s: {**s, "min_from": 2},
    ],
)
def test_a_misshapen_statement_is_refused(
    signer: "Signer", spoil: Callable[[dict[str, object]], dict[str, object]]
) -> None:
    text = json.dumps(spoil(STATEMENT))
    release = Release("2.4.1", "current", text, signer.sign(text.encode()), OFFERED)
    with pytest.raises(MalformedManifestError):
        read_statement(release, Trust.of([], [signer.public]))
