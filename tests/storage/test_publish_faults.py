"""R3, R4: a disk that fails or fills up in the middle of publishing is told, and loses nothing."""

import errno
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from catalogue import products
from catalogue.products import NewProduct
from portal.app import PAGES, create_app
from portal.installing import open_installation
from portal.settings import Settings
from storage.clock import now
from tests.conftest import ADMIN_PASSWORD
from tests.served import Served, serving
from tests.stocked import Stocked, stock
from tests.storage.publishers import Publishing, listed, publishing
from tests.storage.test_publish_killed import over_http, publish_old
from tests.storage.test_publish_power_cut import getting

MOST_CALLS = 400
MIB = 1024 * 1024

needs_cc = pytest.mark.skipif(shutil.which("cc") is None, reason="not proven: no C compiler")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="not proven: a small disk needs root")


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The C library's calls, of which we can make one fail."""
    made = tmp_path_factory.mktemp("shim") / "fault.so"
    source = Path(__file__).parent / "fault.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", made, source, "-ldl"], check=True)
    return made


@needs_cc
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("call", "fault", "step"),
    [
        ("fsync", errno.EIO, 1),
        ("link", errno.EIO, 1),
        ("mkdir", errno.ENOSPC, 1),
        ("write", errno.ENOSPC, 1),
        ("pwrite", errno.ENOSPC, 13),
        ("pwrite", errno.EIO, 17),
        *(
            pytest.param(call, fault, 1, marks=pytest.mark.prove)
            for call in ("pwrite", "write", "fsync", "ftruncate", "rename", "link")
            for fault in (errno.EIO, errno.ENOSPC, errno.EDQUOT)
        ),
    ],
)
def test_proof_r3_each_call_that_fails_is_an_error_or_a_durable_success(
    shim: Path, tmp_path: Path, call: str, fault: int, step: int
) -> None:
    data = tmp_path / "data"
    settings = Settings(data_dir=data, demo=False)
    found = open_installation(settings)
    get = getting(create_app(found, settings, PAGES).test_client())
    environ = {"LD_PRELOAD": str(shim), "FAULT_ROOT": str(data)}
    refused = kept = 0
    with publishing(data, tmp_path / "work", **environ) as publisher:
        with found.database.writing() as session:
            new = NewProduct(code="FP-F1", name_ru="Эф", name_en="F", hardware=("A",))
            products.add(session, new, actor="t", now=now())
        for which in range(1, MOST_CALLS, step):
            done = publish_with(publisher, f"2.0.{which}", (call, which, fault))
            after = listed(get, "FP-F1")
            if done["code"] == 0:
                assert f"2.0.{which}" in after, "success was said and nothing is there"
                kept += 1
            else:
                assert done["code"] == 1, (which, errors_of(tmp_path))
                refused += 1
            with found.database.reading() as session:
                assert session.scalar(text("PRAGMA integrity_check")) == "ok"
            if "hits 0" in done["told"]:
                break
    found.database.dispose()
    print(f"R3: {call}: {which} calls, {refused} refused, {kept} done, 0 silent")  # noqa: T201
    assert done["code"] == 0, "without a fault it is published"


def publish_with(
    publisher: Publishing, version: str, fault: tuple[str, int, int]
) -> dict[str, object]:
    return publisher.ask(do="once", product="FP-F1", version=version, fault=fault)


def errors_of(folder: Path) -> str:
    return (folder / "work" / "errors").read_text()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", place], check=True)


@needs_root
@pytest.mark.timeout(180)
def test_proof_r4_a_full_disk_is_told_and_people_are_served_meanwhile(
    small_disk: Path, tmp_path: Path, leeway: float
) -> None:
    log = str(tmp_path / "log")
    stocked = stock(small_disk / "data")
    with serving(small_disk / "data", FLATPRO_DEMO="0", FLATPRO_LOG_FILE=log) as served:
        publish_old(served, tmp_path)
        phone = phone_of(served, stocked)
        known = phone()
        get = over_http(served.public)
        image = tmp_path / "big.bin"
        image.write_bytes(bytes(10 * MIB))
        for number in range(10):
            image.write_bytes(os.urandom(10 * MIB))
            status, took_s = upload(served, image, f"1.{number + 1}.0", tmp_path)
            if status != 302:
                break
        assert (status, took_s < 2 * leeway) == (507, True), "full is said"

        free = shutil.disk_usage(small_disk).free
        (small_disk / "ballast").write_bytes(bytes(max(free - 4096, 0)))
        for _ in range(5):
            assert upload(served, image, "2.0.0", tmp_path)[0] in {503, 507}
            assert list(listed(get, "FP-OLD"))[-1] == "1.0.0"
            assert get("/readyz")[0] == 200
            assert phone() == known, "a phone gets its configuration"
        left = sum(path.stat().st_size for path in (small_disk / "data/blobs/incoming").iterdir())
        assert left <= MIB
        for path in (small_disk / "data" / "blobs").glob("??/*"):
            if path.stat().st_size == 10 * MIB:
                path.unlink()
        (small_disk / "ballast").unlink()
        began = time.monotonic()
        assert upload(served, image, "3.0.0", tmp_path)[0] == 302
        assert time.monotonic() - began < 5 * leeway
        assert "3.0.0" in get("/firmware/FP-OLD/manifest.json")[1].decode()


def phone_of(served: Served, stocked: Stocked) -> Callable[[], bytes]:
    """Asks for the phone's own configuration."""
    headers = {"User-Agent": stocked.agent}
    asked = urllib.request.Request(served.phones + stocked.configuration, headers=headers)

    def get() -> bytes:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            body: bytes = answer.read()
        return body

    return get


def upload(
    served: Served, image: Path, version: str, folder: Path, product: str = "FP-OLD"
) -> tuple[int, float]:
    """Publish on the page with curl, as a person logged in; the status and how long it took."""
    jar = folder / "jar"
    curl = ["curl", "-s", "-b", jar, "-c", jar]
    if not jar.exists():
        form = ["--data-urlencode", f"csrf_token={token(curl, served, '/login')}"]
        form += ["-d", "login=admin", "-d", f"password={ADMIN_PASSWORD}"]
        subprocess.run([*curl, *form, f"{served.public}/login"], check=True, capture_output=True)
    fields = {
        "csrf_token": token(curl, served, "/staff/releases/new"),
        "product": product,
        "version": version,
        "channel": "testing",
        "file": f"@{image};filename=old-{version}.bin",
    }
    form = [part for name, value in fields.items() for part in ("-F", f"{name}={value}")]
    began = time.monotonic()
    done = subprocess.run(
        [*curl, *form, "-o", folder / "answer", "-w", "%{http_code}", f"{served.public}{NEW}"],
        check=True,
        capture_output=True,
        text=True,
    )
    return int(done.stdout), time.monotonic() - began


NEW = "/staff/releases/new"


def token(curl: list[object], served: Served, address: str) -> str:
    page = subprocess.run(
        [*curl, served.public + address],  # type: ignore[list-item]  # paths and texts
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return page.split('name="csrf_token" value="')[1].split('"')[0]
