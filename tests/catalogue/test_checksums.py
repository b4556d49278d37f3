"""SHA256SUMS: coreutils checks our list, whatever a file is called."""

import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from catalogue.checksums import Checksum, sha256sums

NAMES = (
    "FP-B2-2.4.1.img",
    "Руководство пользователя C5.pdf",
    " leading space",
    "trailing space ",
    "back\\slash",
    "new\nline",
    "carriage\rreturn",
    "\\n",
    "-c",
    "*star",
    "№ «кавычки»",
)
EMPTY = sha256(b"").hexdigest()


@pytest.fixture
def sha256sum() -> str:
    program = shutil.which("sha256sum")
    if program is None:
        pytest.skip("sha256sum (coreutils) is not installed")
    return program


def _filled(folder: Path) -> list[Checksum]:
    for number, name in enumerate(NAMES):
        (folder / name).write_bytes(b"%d" % number)
    return [Checksum(name, sha256(b"%d" % n).hexdigest()) for n, name in enumerate(NAMES)]


def _check(program: str, folder: Path, listed: bytes) -> subprocess.CompletedProcess[bytes]:
    command = [program, "--check", "--strict", "--quiet", "-"]
    return subprocess.run(command, input=listed, cwd=folder, capture_output=True, check=False)


def test_sha256sum_finds_every_file_whole(sha256sum: str, tmp_path: Path) -> None:
    checksums = _filled(tmp_path)

    run = _check(sha256sum, tmp_path, sha256sums(checksums))

    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")


def test_sha256sum_finds_a_changed_file(sha256sum: str, tmp_path: Path) -> None:
    checksums = _filled(tmp_path)
    (tmp_path / NAMES[1]).write_bytes(b"changed")

    run = _check(sha256sum, tmp_path, sha256sums(checksums))

    assert run.returncode == 1
    assert run.stdout.decode().startswith(NAMES[1])


def test_the_list_is_the_one_that_sha256sum_writes(sha256sum: str, tmp_path: Path) -> None:
    checksums = _filled(tmp_path)
    ordered = [f"./{name}" for name in sorted(NAMES)]

    run = subprocess.run([sha256sum, *ordered], cwd=tmp_path, capture_output=True, check=True)

    ours = sha256sums(Checksum(f"./{c.name}", c.sha256) for c in checksums)
    assert run.stdout == ours


def test_a_list_does_not_depend_on_the_order_it_was_given_in() -> None:
    checksums = [Checksum(name, EMPTY) for name in NAMES]

    assert sha256sums(checksums) == sha256sums(reversed(checksums))


def test_a_list_of_nothing_is_empty() -> None:
    assert sha256sums([]) == b""


@pytest.mark.parametrize("digest", ["", EMPTY.upper(), EMPTY[:-1], EMPTY + "0", EMPTY[:-1] + "\n"])
def test_what_is_no_sha256_is_refused(digest: str) -> None:
    with pytest.raises(ValueError, match="64 lower-case hex"):
        Checksum("file", digest)


@pytest.mark.parametrize("name", ["", "a\0b"])
def test_what_is_no_file_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no file"):
        Checksum(name, EMPTY)
