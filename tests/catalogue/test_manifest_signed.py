"""What is signed of a phone manifest, and what never is."""

import dataclasses
import json
from typing import Any

import pytest

from catalogue.minisign import verify
from catalogue.phone_manifest import (
    ManifestFormatError,
    StatementContradictsError,
    parse,
    signed,
)
from tests.catalogue.manifest_sample import (
    FIRMWARE,
    IMAGE,
    MANIFEST,
    ONLINE,
    RELEASE,
    stated,
    statement_of,
)


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
