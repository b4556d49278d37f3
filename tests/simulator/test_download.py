"""A download that breaks goes on; one that goes on wrongly is refused."""

import asyncio
import hashlib
from typing import TYPE_CHECKING

import pytest

from simulator.configuration import FirmwareOrder
from simulator.download import ChangedImageError, Download, DownloadHabits, WrongRangeError
from simulator.exchange import Caller, UnexpectedAnswerError, UnreachableError
from simulator.image import ArrivingImage, WrongSizeError
from simulator.story import EventKind

if TYPE_CHECKING:
    from conftest import Vendor

PATH = "/firmware/FP-B2/2.4.1/flat.img"


class Told:
    def __init__(self) -> None:
        self.kinds: list[EventKind] = []

    def __call__(self, kind: EventKind, detail: str) -> None:
        assert detail
        self.kinds.append(kind)


def download(
    vendor: "Vendor", told: Told | None = None, *, cut: int | None = 1000, attempts: int = 3
) -> ArrivingImage:
    sha256 = hashlib.sha256(vendor.image).hexdigest()
    order = FirmwareOrder("2.4.1", vendor.url + PATH, len(vendor.image), sha256, 0)
    habits = DownloadHabits(cut, attempts, 0.001)
    image = asyncio.run(Download(Caller("FlatPhone/1"), order, told or Told(), habits).run())
    image.judge(order, vendor.identity())
    return image


def partial(vendor: "Vendor", content_range: str, etag: str | None = None) -> None:
    """The first answer is whole, the second claims to be this part."""
    fields = {"Content-Range": content_range, "ETag": etag or vendor.etag}

    def answer(headers: dict[str, str]) -> object:
        if "range" not in headers:
            return vendor.download(headers)
        vendor.serve(PATH, vendor.image[1000:], 206, fields)
        return vendor.pages[PATH](headers)

    vendor.pages[PATH] = answer


def test_a_connection_that_the_server_breaks_is_resumed(vendor: "Vendor") -> None:
    fields = {"ETag": vendor.etag}

    def once(_headers: dict[str, str]) -> object:
        vendor.serve(PATH, vendor.image, 200, fields, sent=12_345)
        broken = vendor.pages.pop(PATH)
        return broken(_headers)

    vendor.pages[PATH] = once
    told = Told()
    assert download(vendor, told, cut=None).received == len(vendor.image)
    assert told.kinds == [EventKind.DOWNLOADING, EventKind.CUT, EventKind.RESUMED]
    assert vendor.downloads()[1].headers["range"] == "bytes=12345-"


def test_a_changed_image_that_the_server_sends_whole_is_taken_from_the_start(
    vendor: "Vendor",
) -> None:
    fields = {"ETag": '"other"'}

    def first(headers: dict[str, str]) -> object:
        vendor.serve(PATH, vendor.image, 200, fields)
        return vendor.download(headers)

    vendor.pages[PATH] = first
    told = Told()
    download(vendor, told)
    assert told.kinds == [EventKind.DOWNLOADING, EventKind.CUT, EventKind.RESTARTED]


@pytest.mark.parametrize(
    "content_range",
    [
        "bytes 999-300255/300256",
        "bytes 1001-300255/300256",
        "bytes 0-300255/300256",
        "bytes 1000-300254/300256",
        "bytes 1000-300255/300257",
        "bytes 1000-300255/*",
        "1000-300255/300256",
    ],
)
def test_a_part_that_was_not_asked_for_is_refused(vendor: "Vendor", content_range: str) -> None:
    partial(vendor, content_range)
    with pytest.raises(WrongRangeError):
        download(vendor)


def test_a_part_of_another_image_is_refused(vendor: "Vendor") -> None:
    partial(vendor, "bytes 1000-300255/300256", '"other"')
    with pytest.raises(ChangedImageError):
        download(vendor)


def test_the_right_part_is_taken(vendor: "Vendor") -> None:
    partial(vendor, "bytes 1000-300255/300256")
    download(vendor)


def test_a_part_that_nobody_asked_for_is_refused(vendor: "Vendor") -> None:
    fields = {"Content-Range": "bytes 0-300255/300256"}
    vendor.serve(PATH, vendor.image, 206, fields)
    with pytest.raises(UnexpectedAnswerError):
        download(vendor)


@pytest.mark.parametrize("etag", ['W/"weak"', ""])
def test_without_a_strong_etag_a_download_starts_over(vendor: "Vendor", etag: str) -> None:
    vendor.serve(PATH, vendor.image, 200, {"ETag": etag})
    told = Told()
    download(vendor, told)
    assert told.kinds[-1] is EventKind.RESTARTED
    assert "range" not in vendor.downloads()[1].headers


def test_a_wrong_length_is_refused_before_the_bytes_come(vendor: "Vendor") -> None:
    vendor.serve(PATH, vendor.image + b"!", 200)
    with pytest.raises(WrongSizeError, match="300257"):
        download(vendor)


def test_a_server_that_never_gets_further_is_given_up(vendor: "Vendor") -> None:
    vendor.serve(PATH, vendor.image, 200, sent=0)
    with pytest.raises(UnreachableError):
        download(vendor, cut=None)
    assert len(vendor.downloads()) == 3
