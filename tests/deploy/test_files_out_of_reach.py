"""S27: the service of phones sends stored files and cannot write them (deploy/systemd)."""

import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.stocked import stock
from tests.storage.publishers import PROJECT
from tests.waiting import until

UNITS = PROJECT / "deploy" / "systemd"
LINE = "ReadOnlyPaths=-/var/lib/flatpro/blobs"
#: What systemd does for that line; it ends at once if the folder can be written all the same.
READ_ONLY = """
mount --bind "$0" "$0"
mount -o remount,ro,bind "$0"
if ( : > "$0/probe" ) 2>/dev/null; then exit 9; fi
exec "$@"
"""


@pytest.mark.parametrize("name", ["flatpro-phones.service", "flatpro-tftp.service"])
def test_the_services_of_phones_may_only_read_stored_files(name: str) -> None:
    assert LINE in (UNITS / name).read_text("utf-8").splitlines()


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("unshare") is None,
    reason="not proven: a mount of one's own needs root and unshare",
)
def test_proof_s27_phones_are_served_by_a_process_that_cannot_write_stored_files(
    tmp_path: Path,
) -> None:
    data, port = tmp_path / "data", free_port()
    stocked = stock(data)
    served = [sys.executable, "-m", "portal.cli", "serve", "--planes", "phones"]
    process = subprocess.Popen(
        ["unshare", "-m", "sh", "-ec", READ_ONLY, str(data / "blobs"), *served],
        env={
            **os.environ,
            "FLATPRO_DATA_DIR": str(data),
            "FLATPRO_DEMO": "0",
            "FLATPRO_PHONE_PORT": str(port),
        },
        stderr=subprocess.DEVNULL,
    )

    def fetch(path: str) -> bytes | None:
        assert process.poll() is None, "it could write, or ended"
        asked = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}", headers={"User-Agent": stocked.agent}
        )
        try:
            with urllib.request.urlopen(asked, timeout=20) as answer:
                return bytes(answer.read())
        except (urllib.error.URLError, ConnectionError):
            return None

    try:
        until(lambda: fetch("/healthz") is not None, within_s=60)
        assert fetch(stocked.configuration)
        assert fetch(stocked.firmware) == stocked.image
        assert fetch(stocked.blob) == stocked.image
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
