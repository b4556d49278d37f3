"""A vendor, a customer behind an air gap, a file carried between them, and the customer's phone."""

import json
import subprocess
import sys
import urllib.error
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.images import build_image
from simulator.fleet_file import FleetPlan, PhonePlan, save_fleet
from simulator.identity import PhoneIdentity
from simulator.provisioning import TokenCredential
from tests.served import Served, serving

pytestmark = pytest.mark.timeout(300)

MAC, SERIAL = "02f1a7000901", "FP2648B2K7Q2XM6"
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("vendor")
    with serving(folder / "data", FLATPRO_DEMO="0") as served:
        served.flatpro(
            "product", "add", "FP-B2", "--name-ru", "Флэт Фон B2", "--name-en", "Flat Phone B2",
            "--hw", "A",
        )  # fmt: skip
        publish(served, folder, "1.0.0")
        publish(served, folder, "1.1.0")
        (folder / "manual.pdf").write_bytes(PDF)
        served.flatpro(
            "docs", "publish", "b2-manual", str(folder / "manual.pdf"), "--product", "FP-B2",
            "--kind", "manual", "--lang", "ru", "--version", "1.0", "--title", "Руководство",
        )  # fmt: skip
        yield served


@pytest.fixture(scope="module")
def site(vendor: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The customer's installation, filled from a bundle while it serves."""
    folder = tmp_path_factory.mktemp("site")
    vendor.flatpro("mirror", "export", str(folder / "bundle.tar"))
    (folder / "root.json").write_bytes(vendor.get("/keys/offline-root.json"))
    with serving(folder / "data", FLATPRO_DEMO="0") as served:
        served.flatpro(
            "mirror", "import", str(folder / "bundle.tar"), "--root", str(folder / "root.json")
        )
        yield served


def publish(vendor: Served, folder: Path, version: str) -> None:
    image = folder / f"fp-b2-{version}.bin"
    image.write_bytes(build_image("FP-B2", version, ("A",), version.encode() * 40_000))
    vendor.flatpro("firmware", "publish", "FP-B2", version, str(image), "--channel", "stable")


def boot(site: Served, vendor: Served, fleet_file: Path, token: str) -> None:
    """The customer's phone, on 1.0.0, which knows the vendor's keys from the factory."""
    identity = PhoneIdentity(MAC, SERIAL, "FP-B2", "A", "1.0.0")
    keys = [vendor.get(f"/keys/{name}.pub").decode() for name in ("minisign", "firmware")]
    plan = FleetPlan(
        server=site.phones,
        phones=(PhonePlan("127.0.0.1", identity, TokenCredential(token), cut_after_bytes=50_000),),
        online_keys=(keys[0],),
        firmware_keys=(keys[1],),
        time_scale=1000.0,
    )
    save_fleet(plan, fleet_file)
    done = subprocess.run(
        [sys.executable, "-m", "simulator", "--fleet", str(fleet_file), "--exit-when-settled"],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_phone_behind_an_air_gap_takes_its_firmware_from_the_carried_copy(
    vendor: Served, site: Served, tmp_path: Path
) -> None:
    site.flatpro("device", "add", "--mac", MAC, "--serial", SERIAL, "--product", "FP-B2",
                 "--hw", "A")  # fmt: skip
    (issued,) = site.flatpro_json("device", "credential", MAC, "--new")

    boot(site, vendor, tmp_path / "fleet.json", str(issued["token"]))

    (device,) = site.flatpro_json("device", "list")
    assert (device["mac"], device["firmware"]) == (MAC, "1.1.0")
    told = json.loads(site.flatpro("mirror", "status", "--json"))
    assert told["held"] == {"firmware FP-B2": 2, "docs ru": 1}
    assert told["missing"] == []
    site.flatpro("mirror", "verify")

    first, second = tmp_path / "first.tar", tmp_path / "second.tar"
    vendor.flatpro("mirror", "export", str(first))
    publish(vendor, tmp_path, "1.2.0")
    vendor.flatpro("mirror", "export", str(second))
    site.flatpro("mirror", "import", str(second))
    boot(site, vendor, tmp_path / "fleet.json", str(issued["token"]))
    assert site.flatpro_json("device", "list")[0]["firmware"] == "1.2.0"
    done = site.flatpro_process(["mirror", "import", str(first)])
    assert done.returncode == 1
    assert "older" in done.stderr


def test_people_there_find_the_vendors_files_at_the_vendors_addresses(
    vendor: Served, site: Served
) -> None:
    for address in (
        "/firmware/FP-B2/stable/manifest.json", "/firmware/FP-B2/SHA256SUMS.minisig",
        "/firmware/FP-B2/1.1.0/fp-b2-1.1.0.bin", "/docs/b2-manual/ru/1.0/manual.pdf",
        "/keys/minisign.pub", "/keys/firmware.pub", "/metadata/offline/timestamp.json",
    ):  # fmt: skip
        assert site.get(address) == vendor.get(address), address
    assert "Флэт Фон B2" in site.get("/downloads/FP-B2/").decode()
    with pytest.raises(urllib.error.HTTPError, match="404"):
        site.get("/metadata/timestamp.json")


def test_nothing_is_published_there(site: Served, tmp_path: Path) -> None:
    image = tmp_path / "own.bin"
    image.write_bytes(build_image("FP-B2", "6.6.6", ("A",), b"own"))
    for arguments in (
        ("firmware", "publish", "FP-B2", "6.6.6", str(image)),
        ("firmware", "withdraw", "FP-B2", "1.1.0", "--reason", "no"),
        ("metadata", "refresh", "--all"),
        ("keys", "init"),
    ):
        done = site.flatpro_process(arguments)
        assert done.returncode == 1, arguments
        assert "is a mirror of" in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


def test_a_customer_with_a_line_follows_the_vendor_by_the_network(
    vendor: Served, tmp_path: Path
) -> None:
    (tmp_path / "root.json").write_bytes(vendor.get("/keys/root.json"))
    with serving(tmp_path / "data", FLATPRO_DEMO="0") as site:
        sync = ("mirror", "sync", vendor.public, "--root", str(tmp_path / "root.json"))
        site.flatpro(*sync, "--product", "FP-B2", "--kind", "firmware")
        assert site.get("/metadata/timestamp.json") == vendor.get("/metadata/timestamp.json")
        assert json.loads(site.get("/manifest.json"))["documents"] == []
        done = site.flatpro_process(["mirror", "sync", "http://127.0.0.1:9"])
        assert done.returncode == 1
        assert "not reached" in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
