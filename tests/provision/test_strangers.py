"""Three foreign families, each only a file, proved on what their phones were recorded to say."""

import json
from pathlib import Path
from typing import Any

import pytest

from provision.families.family import Families
from provision.families.identification import Identity, PhoneRequest, identify

RECORDED = Path(__file__).parents[1] / "recordings" / "phone-requests.jsonl"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in RECORDED.read_text().splitlines()]
# What these rows say of product and firmware stands in a header of SIP that is not recorded.
_TOLD_ELSEWHERE = {298: {"model"}, 300: {"model", "firmware"}}
_NAMED_BY_VENDOR = {"Yealink": "yealink", "Snom": "snom", "Grandstream": "grandstream"}


def identity_of(row: dict[str, Any], families: Families) -> Identity:
    request = PhoneRequest(
        method=row["method"] or "GET",
        path=row["path"] or "/",
        user_agent=row["user_agent"] or "",
        address="192.0.2.1",
    )
    return identify(request, families)


def value(claim: Any) -> str | None:
    return None if claim is None else str(claim.value)


def plain(model: str | None) -> str | None:
    """A product without the vendor's prefix, which the recordings sometimes keep."""
    return model.casefold().removeprefix("snom") if model else None


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["id"]))
def test_a_recorded_request_is_read_as_it_was_meant(
    row: dict[str, Any], families: Families
) -> None:
    found = identity_of(row, families)
    elsewhere = _TOLD_ELSEWHERE.get(row["id"], set())
    if row["user_agent"] or row["mac"] or row["model"]:
        assert value(found.family) == _NAMED_BY_VENDOR[row["vendor"]]
    assert value(found.mac) == row["mac"]
    if "model" not in elsewhere:
        assert plain(value(found.product)) == plain(row["model"])
    if "firmware" not in elsewhere:
        assert value(found.firmware) == row["firmware"]
    assert value(found.hardware) == row.get("hardware")
    assert not found.may_have_secrets


def test_a_boot_loaders_version_is_never_the_firmware(families: Families) -> None:
    told = {row["id"]: identity_of(row, families) for row in ROWS}
    assert value(told[59].firmware) == "1.2.5.3"
    assert value(told[59].boot_version) == "1.1.6.9"
    assert (value(told[176].firmware), value(told[176].boot_version)) == (None, "3605")


def test_a_path_that_is_nobodys_is_nobodys(families: Families) -> None:
    row = next(row for row in ROWS if row["id"] == 188)
    assert identity_of(row, families).family is None
