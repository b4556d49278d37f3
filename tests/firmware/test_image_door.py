"""What is handed to nginx without a view, and what is left to the pages."""

import shutil

import pytest
from flask import Flask

from firmware.downloads.counting import Kind
from firmware.image_door import ImageDoor
from storage.db import Database
from storage.installation import Installation
from tests.firmware.shelf import CODE, Shelf

ADDRESS = f"/firmware/{CODE}/2.4.1/{CODE}-2.4.1.bin"


@pytest.fixture
def counted() -> list[tuple[str, Kind]]:
    return []


@pytest.fixture
def door(shelf: Shelf, installation: Installation, counted: list[tuple[str, Kind]]) -> ImageDoor:
    shelf.publish("2.4.1")
    return ImageDoor(
        installation.database, installation.blobs, "/stored", lambda *one: counted.append(one)
    )


def test_nginx_is_told_the_same_as_by_the_pages(
    door: ImageDoor, app: Flask, counted: list[tuple[str, Kind]], shelf: Shelf
) -> None:
    sha256 = shelf.manifest().releases[0].sha256
    for asked in ({}, {"Range": "bytes=0-9"}, {"If-None-Match": '"another"'}):
        plan = door.plan(ADDRESS, {name.lower(): value for name, value in asked.items()}, 0.0)
        assert plan is not None
        told = dict(plan.headers)
        assert told.pop("X-Accel-Redirect") == f"/stored/{sha256[:2]}/{sha256[2:]}"
        page = app.test_client().get(ADDRESS, headers=asked, buffered=True)
        del told["Content-Length"]
        assert told == {name: page.headers[name] for name in told}
    assert counted == [(sha256, Kind.NAME)] * 3


def test_a_part_that_is_not_the_first_is_no_other_download(
    door: ImageDoor, counted: list[tuple[str, Kind]]
) -> None:
    assert door.plan(ADDRESS, {"range": "bytes=100-"}, 0.0) is not None
    assert counted == []


@pytest.mark.parametrize(
    "target",
    [
        f"/firmware/{CODE}/2.4.1/another.bin",
        f"/firmware/{CODE}/2.4.10/{CODE}-2.4.1.bin",
        f"/firmware/{CODE}/02.4.1/{CODE}-2.4.1.bin",
        f"/firmware/FP-NONE/2.4.1/{CODE}-2.4.1.bin",
        f"/firmware/{CODE}/2.4.1/sbom.json",
        f"/firmware/{CODE}/stable/manifest.json",
        f"{ADDRESS}?x=1",
        f"/en{ADDRESS}",
        f"//firmware/{CODE}/2.4.1/{CODE}-2.4.1.bin",
        ADDRESS.replace("bin", "b%69n"),
        ADDRESS + "\0",
    ],
)
def test_any_other_address_is_left_to_the_pages(door: ImageDoor, target: str) -> None:
    assert door.plan(target, {}, 0.0) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("range", "bytes=0-1,3-4"),
        ("range", "bytes=999999999-"),
        ("if-match", "*"),
        ("if-none-match", "*"),
        ("if-unmodified-since", "Mon, 01 Jan 2001 00:00:00 GMT"),
    ],
)
def test_what_nginx_would_judge_in_another_way_is_left_to_the_pages(
    door: ImageDoor, name: str, value: str
) -> None:
    assert door.plan(ADDRESS, {name: value}, 0.0) is None


def test_a_withdrawn_image_is_handed_out_no_more_from_that_moment_on(
    door: ImageDoor, shelf: Shelf, counted: list[tuple[str, Kind]]
) -> None:
    assert door.plan(ADDRESS, {}, 0.0) is not None
    shelf.withdraw("2.4.1")
    assert door.plan(ADDRESS, {}, 0.0) is None
    assert len(counted) == 1


def test_a_file_that_is_gone_is_left_to_the_pages(
    door: ImageDoor, installation: Installation
) -> None:
    folder = installation.blobs.folder
    assert folder is not None
    shutil.rmtree(folder)
    assert door.plan(ADDRESS, {}, 0.0) is None


def test_a_database_that_is_away_is_left_alone_for_a_moment(
    door: ImageDoor, installation: Installation
) -> None:
    door.database = Database("sqlite:////nowhere/at/all.sqlite")
    assert door.plan(ADDRESS, {}, 10.0) is None
    door.database = installation.database
    assert door.plan(ADDRESS, {}, 10.5) is None
    assert door.plan(ADDRESS, {}, 11.5) is not None
