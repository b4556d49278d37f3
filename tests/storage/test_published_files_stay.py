"""S27: no call of the server's processes writes, cuts or takes away a file that is published."""

import hashlib
import subprocess
import sys
import textwrap
import urllib.request
from pathlib import Path

import pytest

from accounts import tokens, users
from accounts.models import Role
from accounts.users import NewUser
from firmware.images import build_image
from portal.installing import open_installation
from portal.settings import Settings
from storage.clock import now
from tests.conftest import ADMIN_PASSWORD
from tests.firmware.reviewing.test_release_api import Program
from tests.served import Served, serving
from tests.stocked import Stocked, stock
from tests.storage.publishers import PROJECT
from tests.storage.watched_files import STRACE, Seen, command
from tests.waiting import until

pytestmark = pytest.mark.skipif(STRACE is None, reason="not proven: strace is not installed")

#: Commands one after the other in one process, as an operator's night would run them.
NIGHT = """
import sys
from portal.cli import main

def flatpro(*arguments):
    if code := main(args=list(arguments), standalone_mode=False):
        raise SystemExit(code)

image, sha256, backup = sys.argv[1:]
flatpro("firmware", "publish", "FP-B2", "1.3.0", image, "--channel", "testing")
flatpro("storage", "scrub", "--all")
flatpro("storage", "refill", sha256, image)
flatpro("firmware", "promote", "FP-B2", "1.3.0", "stable")
flatpro("firmware", "withdraw", "FP-B2", "1.1.0", "--reason", "a fault")
flatpro("storage", "collect")
flatpro("metadata", "refresh")
flatpro("backup", backup)
"""


def image(version: str) -> bytes:
    return build_image("FP-B2", version, ("A", "B"), version.encode() * 20_000)


@pytest.mark.timeout(300)
def test_proof_s27_nothing_writes_to_a_file_after_it_was_published(tmp_path: Path) -> None:
    data, log, night = tmp_path / "data", tmp_path / "server.log", tmp_path / "night.log"
    stocked = stock(data)
    token = publishers_token(data)
    with serving(data, under=command(log), FLATPRO_DEMO="0") as served:
        publish_and_download(served, token, stocked)
        operate(served, tmp_path, night)
        assert get(served, f"/blob/sha256/{stocked.sha256}") == stocked.image
    until(lambda: "exited with 0" in log.read_text().splitlines()[-1])
    seen = Seen(data / "blobs")
    for file in (log, night):
        seen.read(file.read_text("utf-8", "replace").splitlines())
    assert seen.changes == []
    assert len(seen.published) >= 2
    assert seen.reads >= 4
    print(  # noqa: T201
        f"S27: {seen.calls} calls on files, {len(seen.published)} published and read "
        f"{seen.reads} times, 0 that write to, cut or remove one"
    )


def publishers_token(data: Path) -> str:
    place = open_installation(Settings(data_dir=data, demo=False))
    with place.database.writing() as session:
        new = NewUser("anna", "Anna", Role.PUBLISHER, ADMIN_PASSWORD)
        anna = users.add(session, new, actor="test", now=now())
        token = tokens.issue(session, anna, "test", actor="test", now=now())
    place.database.dispose()
    return token


def publish_and_download(served: Served, token: str, stocked: Stocked) -> None:
    """A release in parts over the API, and what people and the phone fetch, whole and in part."""
    anna, body = Program(served.public, token), image("1.2.0")
    assert anna.hand_in(anna.upload(body, "b2-1.2.0.bin"), "1.2.0").status == 201
    address = f"/blob/sha256/{hashlib.sha256(body).hexdigest()}"
    assert get(served, address) == body
    assert get(served, address, Range="bytes=100-199") == body[100:200]
    ask = {"User-Agent": stocked.agent}
    for place in (stocked.configuration, stocked.firmware):
        asked = urllib.request.Request(served.phones + place, headers=ask)
        with urllib.request.urlopen(asked, timeout=20) as answer:
            assert answer.status == 200
            answer.read()


def operate(served: Served, folder: Path, log: Path) -> None:
    """What an operator does by commands, some of it to files that are being served."""
    file, body = folder / "b2-1.3.0.bin", image("1.3.0")
    file.write_bytes(body)
    arguments = [str(file), hashlib.sha256(body).hexdigest(), str(folder / "backup.tar")]
    done = subprocess.run(
        [*command(log), sys.executable, "-c", textwrap.dedent(NIGHT), *arguments],
        env={**served.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if "PTRACE" in done.stderr:
        pytest.skip(f"not proven: strace may not trace here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr


def get(served: Served, address: str, **headers: str) -> bytes:
    return served.get(address, **headers)


@pytest.mark.parametrize(
    "deed",
    [
        "open(path, 'r+b')",
        "os.truncate(path, 5)",
        "os.chmod(path, 0o644)",
        "os.rename(path, path + '.aside')",
        "os.replace(other, path)",
        "os.unlink(path)",
        "mmap.mmap(os.open(same, os.O_RDWR), 0)",
        "os.write(late, b'x')",
    ],
)
def test_what_the_proof_calls_a_change_is_noticed(tmp_path: Path, deed: str) -> None:
    blobs = tmp_path / "blobs"
    script = f"""
        import mmap, os, pathlib, sys
        blobs = pathlib.Path(sys.argv[1])
        (blobs / "ab").mkdir(parents=True)
        (blobs / "incoming").mkdir()
        path, source, other = str(blobs / "ab" / ("c" * 62)), blobs / "incoming" / "1", "other"
        late = os.open(source, os.O_RDWR | os.O_CREAT)
        os.write(late, b"published")
        os.link(source, path)
        source.unlink()
        same = path
        other = str(blobs / "other")
        open(other, "wb").close()
        {deed}
    """
    log = tmp_path / "log"
    program = [sys.executable, "-c", textwrap.dedent(script), str(blobs)]
    done = subprocess.run([*command(log), *program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    until(lambda: "exited with 0" in log.read_text())
    seen = Seen(blobs).read(log.read_text().splitlines())
    assert len(seen.published) == 1
    assert seen.changes
