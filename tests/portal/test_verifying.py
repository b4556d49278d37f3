"""The commands that the product's page shows do what it says, run as they stand there."""

import html
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from portal.verifying import commands
from storage.installation import Installation
from tests.catalogue.vendor import serving
from tests.firmware.shelf import CODE, Shelf


@pytest.fixture
def shelf(installation: Installation) -> Shelf:
    made = Shelf(installation)
    made.add_product()
    made.publish("2.4.1")
    return made


def shown(app: Flask) -> list[str]:
    """The lines that the page offers for copying, under «How to check the file»."""
    page = app.test_client().get(f"/en/downloads/{CODE}/").get_data(as_text=True)
    fold = page[page.index("How to check the file") :]
    fold = fold[: fold.index("</details>")]
    return [html.unescape(line) for line in re.findall(r'data-copy="([^"]+)"', fold)]


def run(line: str, folder: Path, tools: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["/bin/sh", "-c", line],
        cwd=folder, env={"PATH": f"{tools}:/usr/bin:/bin"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.usefixtures("shelf")
@pytest.mark.skipif(
    not all(map(shutil.which, ("curl", "minisign"))), reason="curl or minisign is not installed"
)
def test_the_three_lines_prove_the_file_and_refuse_another(app: Flask, tmp_path: Path) -> None:
    folder, tools = tmp_path / "downloads", tmp_path / "tools"
    folder.mkdir()
    tools.mkdir()
    # The reader's python3 has tuf installed, as the page asks for.
    (tools / "python3").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (tools / "python3").chmod(0o755)
    image = folder / f"{CODE}-2.4.1.bin"
    answer = app.test_client().get(f"/firmware/{CODE}/2.4.1/{image.name}", buffered=True)
    image.write_bytes(answer.data)
    with serving(app) as base:
        lines = [line.replace("http://flatpro.test", base) for line in shown(app)]
        assert len(lines) == 3
        minisign, sha256sum, tuf = lines
        proved = run(minisign, folder, tools)
        assert proved.returncode == 0, proved.stderr
        assert "Signature and comment signature verified" in proved.stdout
        assert run(sha256sum, folder, tools).stdout == f"{image.name}: OK\n"
        fetched = run(tuf, folder, tools)
        assert fetched.returncode == 0, fetched.stderr
        assert fetched.stdout == f"{image.name} is genuine.\n"
        assert image.read_bytes() == answer.data

        image.write_bytes(answer.data[:-1] + b"x")
        assert run(sha256sum, folder, tools).returncode != 0
        sums = folder / "SHA256SUMS"
        own = minisign.partition("&& ")[2]
        sums.write_bytes(sums.read_bytes().replace(b"a", b"b", 1))
        assert run(own, folder, tools).returncode != 0


def test_names_that_are_hard_on_a_shell_stay_one_word(tmp_path: Path) -> None:
    name = "a b'; touch c;$(touch d).bin"
    line = commands("http://x.test", CODE, "1", name, "/static/t.py").tuf.partition("&& ")[2]
    (tmp_path / "python3").write_text('#!/bin/sh\nprintf "%s\\n" "$3"\n')
    (tmp_path / "python3").chmod(0o755)
    assert run(line, tmp_path, tmp_path).stdout == f"fw/{CODE}/1/{name}\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["python3"]
