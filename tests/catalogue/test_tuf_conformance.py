"""TUF's public conformance suite, where there is a checkout of it, against the mirror's client.

FLATPRO_TUF_CONFORMANCE names the checkout; the suite runs with its own `.venv` if it has one.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: The blobs, checksums and manifests of an installation have no other name than a SHA-256.
BY_CHOICE = "test_download_with_hash_algorithms[hashes1]"


@pytest.mark.prove
@pytest.mark.timeout(1800)
def test_proof_s23_the_mirrors_client_passes_the_public_conformance_suite(tmp_path: Path) -> None:
    suite = Path(os.environ.get("FLATPRO_TUF_CONFORMANCE", ""))
    if not (suite / "tuf_conformance").is_dir():
        pytest.skip("FLATPRO_TUF_CONFORMANCE names no checkout of tuf-conformance")
    if shutil.which("faketime") is None:
        pytest.skip("the suite needs faketime")
    client = tmp_path / "client"
    command = f"{sys.executable} -m tests.catalogue.conformance_client"
    client.write_text(f'#!/bin/sh\ncd {ROOT} && exec {command} "$@"\n')
    client.chmod(0o755)
    own = suite / ".venv/bin/python"
    python = str(own) if own.exists() else sys.executable

    done = subprocess.run(
        [python, "-m", "pytest", "-rfEs", "-p", "no:cacheprovider", "tuf_conformance",
         "--entrypoint", str(client)],
        cwd=suite, capture_output=True, text=True, check=False,
    )  # fmt: skip

    counts = {what: int(n) for n, what in re.findall(r"(\d+) (passed|failed|error)", done.stdout)}
    lines = done.stdout.splitlines()
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    print(f"S23: conformance: {counts.get('passed', 0)} passed, {len(failed)} not")  # noqa: T201
    assert counts.get("passed", 0) > 90, done.stdout[-2000:]
    assert [line for line in failed if BY_CHOICE not in line] == []
