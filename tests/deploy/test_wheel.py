"""What is installed: the same bytes from the same commit, with everything that pages need in it."""

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.nginx import PROJECT

KINDS = (".py", ".html", ".toml", ".css", ".js", ".mo", ".svg")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    found = []
    for number, umask in enumerate((0o022, 0o077)):
        folder = tmp_path_factory.mktemp(f"wheel-{number}")
        before = os.umask(umask)
        try:
            subprocess.run(
                [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
                cwd=PROJECT,
                env={**os.environ, "SOURCE_DATE_EPOCH": "1790000000"},
                check=True,
                capture_output=True,
            )
        finally:
            os.umask(before)
        found += folder.glob("*.whl")
    return found


def test_the_wheel_is_the_same_each_time(wheels: list[Path]) -> None:
    assert len({hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in wheels}) == 1


def test_the_wheel_holds_every_file_of_the_packages(wheels: list[Path]) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    if tracked.returncode:
        pytest.skip("this is no checkout")
    packages = {"storage", "accounts", "catalogue", "firmware", "provision", "support", "portal"}
    wanted = {
        name
        for name in tracked.stdout.split("\0")
        if name.partition("/")[0] in packages and name.endswith(KINDS)
    }
    assert wanted <= set(zipfile.ZipFile(wheels[0]).namelist())
    assert len(wanted) > 300
