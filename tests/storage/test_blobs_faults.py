"""The local blob store under kill -9, full disks and failing system calls."""

import hashlib
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from storage.blob_keeping.local_blobs import LocalBlobStore
from storage.blobs import StorageFullError

KILLS = 10
MIB = 1024 * 1024
PROJECT = Path(__file__).parents[2]
# A child that measured its coverage would write files of its own, and the faults would hit those.
PLAIN = {name: value for name, value in os.environ.items() if not name.startswith("COV")}

# Stores random blobs for ever; a hash is printed only after put() returned.
PUBLISHER = """
    import io, os, pathlib, random, sys
    from storage.blob_keeping.local_blobs import LocalBlobStore
    store = LocalBlobStore(pathlib.Path(sys.argv[1]))
    chance = random.Random(int(sys.argv[2]))
    os.write(1, b"ready\\n")
    while True:
        data = chance.randbytes(chance.randrange(4_000_000))
        os.write(1, store.put(io.BytesIO(data)).sha256.encode() + b"\\n")
"""

# Stores one blob and says how it went; its own words are said again if a fault hits them.
ONE_PUT = """
    import io, os, pathlib, sys
    from storage.blob_keeping.local_blobs import LocalBlobStore
    from storage.refusals import RefusedError
    def say(word):
        try:
            os.write(1, word)
        except OSError:
            os.write(1, word)
    try:
        store = LocalBlobStore(pathlib.Path(sys.argv[1]))
        say(b"begin\\n")
        store.put(io.BytesIO(b"firmware" * 200_000))
    except RefusedError as error:
        say(type(error).__name__.encode())
    else:
        say(b"acknowledged")
"""
ONE_SHA256 = hashlib.sha256(b"firmware" * 200_000).hexdigest()

STRACE = shutil.which("strace")
needs_strace = pytest.mark.skipif(STRACE is None, reason="strace is not installed")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")


def program(text: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(text), *arguments]


def finals(root: Path) -> dict[str, Path]:
    return {path.parent.name + path.name: path for path in root.glob("[0-9a-f][0-9a-f]/*")}


def temporaries(root: Path) -> list[Path]:
    return list((root / "incoming").iterdir())


def all_are_whole(root: Path) -> bool:
    """Whether every file under a final name has the bytes that the name says."""
    return all(
        hashlib.sha256(path.read_bytes()).hexdigest() == name for name, path in finals(root).items()
    )


def test_a_kill_at_any_moment_leaves_no_wrong_file_and_loses_nothing_acknowledged(
    tmp_path: Path,
) -> None:
    chance = random.Random(9)
    acknowledged: set[str] = set()
    seed, window_s = 0, 0.15
    while seed < KILLS or not acknowledged:
        seed += 1
        with subprocess.Popen(
            program(PUBLISHER, str(tmp_path), str(seed)),
            stdout=subprocess.PIPE,
            cwd=PROJECT,
            env=PLAIN,
        ) as publisher:
            assert publisher.stdout is not None
            assert publisher.stdout.readline() == b"ready\n"
            time.sleep(chance.uniform(0, window_s))
            publisher.send_signal(signal.SIGKILL)
            lines = publisher.stdout.read().decode().splitlines(keepends=True)
        acknowledged |= {line.strip() for line in lines if line.endswith("\n")}
        assert all_are_whole(tmp_path)
        assert acknowledged <= finals(tmp_path).keys()
        if not acknowledged:
            # A busy machine stores slowly.
            window_s *= 1.5
    store = LocalBlobStore(tmp_path)
    left_over = len(temporaries(tmp_path))
    later = datetime.now(UTC) + timedelta(hours=1)
    assert store.remove_stale_temporaries(60, later) == left_over
    assert temporaries(tmp_path) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", place], check=True)


@needs_root
def test_a_full_disk_is_said_leaves_nothing_and_heals_by_itself(small_disk: Path) -> None:
    store = LocalBlobStore(small_disk / "blobs")
    kept = store.put(BytesIO(b"a" * (MIB + MIB // 2)))
    # Not a multiple of what is written at once: the last write is a short one, then comes ENOSPC.
    for _ in range(3):
        with pytest.raises(StorageFullError):
            store.put(BytesIO(b"b" * 3 * MIB))
        assert temporaries(store.root) == []
    with store.open(kept.sha256) as file:
        assert file.read() == b"a" * kept.size
    assert finals(store.root).keys() == {kept.sha256}
    store.path(kept.sha256).unlink()
    assert store.put(BytesIO(b"b" * 3 * MIB)).size == 3 * MIB


def test_a_limit_on_file_size_is_a_full_disk(store: LocalBlobStore) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MIB + MIB // 2, hard))
    try:
        with pytest.raises(StorageFullError):
            store.put(BytesIO(b"b" * 2 * MIB))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert temporaries(store.root) == []
    assert store.put(BytesIO(b"b" * 2 * MIB)).size == 2 * MIB


def strace(root: Path, *options: str) -> tuple[str, list[str]]:
    """What one traced put said, and its system calls, one a line."""
    assert STRACE is not None
    record = root.parent / "calls"
    command = [STRACE, "-f", "-y", "-o", str(record), *options, *program(ONE_PUT, str(root))]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=PROJECT, env=PLAIN, check=False
    )
    if "ptrace" in done.stderr:
        pytest.skip(f"strace may not trace here: {done.stderr.strip()}")
    return done.stdout.removeprefix("begin\n") + done.stderr, record.read_text().splitlines()


@needs_strace
def test_bytes_are_synced_before_they_get_a_name_and_the_name_before_the_answer(
    tmp_path: Path,
) -> None:
    root = tmp_path / "blobs"
    said, calls = strace(root, "-e", "trace=/^(write|fchmod|fsync|mkdir.*|link|linkat|unlink.*)$")
    assert said == "acknowledged"
    calls = calls[next(n for n, call in enumerate(calls) if '"begin' in call) + 1 :]
    final = f"{root}/{ONE_SHA256[:2]}"
    patterns = [
        rf"write\(\d+<{root}/incoming/",
        rf"fchmod\(\d+<{root}/incoming/[^>]*>, 0444\)",
        rf"fsync\(\d+<{root}/incoming/[^>]*>\) += 0",
        rf'mkdir.*"{final}"',
        rf'link.*"{final}/{ONE_SHA256[2:]}"',
        rf"fsync\(\d+<{final}>\) += 0",
        rf"fsync\(\d+<{root}>\) += 0",
        rf'unlink.*"{root}/incoming/',
        r'write\(1<.*"acknowledged"',
    ]
    seen = [n for call in calls for n, pattern in enumerate(patterns) if re.search(pattern, call)]
    assert seen == [0] * (seen.count(0) - 1) + list(range(len(patterns)))


@needs_strace
@pytest.mark.parametrize(
    ("call", "fault", "said"),
    [
        ("write", "EIO", "StorageFaultError"),
        ("write", "ENOSPC", "StorageFullError"),
        ("fchmod", "EIO", "StorageFaultError"),
        ("fsync", "EIO", "StorageFaultError"),
        ("fsync", "ENOSPC", "StorageFullError"),
        ("fsync", "EDQUOT", "StorageFullError"),
        ("/^mkdir(at)?$", "ENOSPC", "StorageFullError"),
        ("/^link(at)?$", "EIO", "StorageFaultError"),
        ("/^link(at)?$", "EPERM", "StorageFaultError"),
    ],
)
def test_a_call_that_fails_is_an_error_or_did_no_harm(
    call: str, fault: str, said: str, tmp_path: Path
) -> None:
    outcomes = []
    for which in range(1, 12):
        root = tmp_path / str(which) / "blobs"
        LocalBlobStore(root)
        outcome, calls = strace(root, "-e", f"inject={call}:error={fault}:when={which}")
        outcomes.append(outcome)
        assert all_are_whole(root)
        assert temporaries(root) == []
        assert no_sync_follows_a_failed_one(calls)
        if outcome == "acknowledged":
            assert finals(root).keys() == {ONE_SHA256}
        if not any("(INJECTED)" in line for line in calls):
            break
    assert said in outcomes
    assert outcomes[-1] == "acknowledged"


def no_sync_follows_a_failed_one(calls: list[str]) -> bool:
    """fsync is never tried again on what it failed on: the second try would lie."""
    synced = [call for call in calls if " fsync(" in call]
    failed = [call.split("fsync(")[1].split(")")[0] for call in synced if " EIO " in call]
    return all(sum(f"fsync({file})" in call for call in synced) == 1 for file in failed)


@needs_strace
def test_a_signal_in_the_middle_of_a_call_is_no_error(tmp_path: Path) -> None:
    root = tmp_path / "blobs"
    said, _ = strace(root, "-e", "inject=write,fsync:error=EINTR:when=2..3")
    assert said == "acknowledged"
    assert finals(root).keys() == {ONE_SHA256}
    assert all_are_whole(root)
