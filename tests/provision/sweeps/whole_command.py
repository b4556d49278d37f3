"""`flatpro sweep` as people run it: a process of its own, watched while it runs."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any

from portal.settings import Settings
from tests.processes import KIB, held_by

#: The command, then the most memory that it ever held. structlog loads twisted where it finds it;
#: the product does not bring it, only the tests do.
_PROGRAM = """
import sys
from pathlib import Path
sys.modules["twisted"] = None
from portal.cli import main
main(sys.argv[1:], standalone_mode=False)
status = Path("/proc/self/status").read_text()
print(status.partition("VmHWM:")[2].split()[0], file=sys.stderr)
"""


@dataclass(frozen=True)
class Ran:
    """What it printed, how long it took, and the most memory and open files that it had."""

    document: Mapping[str, Any]
    seconds: float
    bytes: int
    files: int

    @property
    def verdicts(self) -> Mapping[str, str]:
        return {row["address"]: row["verdict"] for row in self.document["results"]}


def sweep(settings: Settings, allowed: str, *arguments: str) -> Ran:
    """Sweep by the command, which may read `allowed` and knows the community."""
    environ = {
        **os.environ,
        "FLATPRO_DATA_DIR": str(settings.data_dir),
        "FLATPRO_DATABASE_URL": settings.database_url,
        "FLATPRO_READ_NETWORKS": allowed,
        "FLATPRO_DEMO": "0",
    }
    command = [sys.executable, "-c", _PROGRAM, "sweep", *arguments, "--json"]
    # Into files: a pipe that nobody empties would hold it up.
    with TemporaryFile("w+") as printed, TemporaryFile("w+") as said:
        began, files = time.monotonic(), 0
        with subprocess.Popen(
            [*command, "--community", "public"], stdout=printed, stderr=said, env=environ
        ) as running:
            while running.poll() is None:
                # It may end while it is looked at.
                with suppress(OSError, KeyError):
                    files = max(files, held_by(running.pid).files)
                time.sleep(0.02)
        seconds = time.monotonic() - began
        printed.seek(0)
        said.seek(0)
        *_, memory = said.read().splitlines()
        assert running.returncode == 0, memory
        return Ran(json.load(printed), seconds, int(memory) * KIB, files)
