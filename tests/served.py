"""The whole product as `make run` starts it, on ports and a data folder of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.conftest import ADMIN_PASSWORD
from tests.ports import free_port
from tests.waiting import until

READY_S = 90


@dataclass(frozen=True)
class Served:
    """A running product; `public` and `phones` are its addresses."""

    public: str
    phones: str
    data_dir: Path
    environ: dict[str, str]
    pid: int = 0
    process: "subprocess.Popen[bytes] | None" = None
    #: The demo's phones as they were when it was ready, before any story of a test.
    phones_at_first: Sequence[Mapping[str, object]] = ()

    def kill(self) -> None:
        """kill -9 of the process that was started, and of no other."""
        os.kill(self.pid, signal.SIGKILL)

    def told_to_stop(self, within_s: float) -> int:
        """SIGTERM, and the code it ends with."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(within_s)

    def flatpro(self, *arguments: str, code: int = 0) -> str:
        """What a command prints on stdout; it must end with `code`."""
        done = self.flatpro_process(arguments)
        assert done.returncode == code, done.stderr
        return done.stdout

    def flatpro_process(self, arguments: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "portal.cli", *arguments],
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def flatpro_json(self, *arguments: str) -> list[dict[str, object]]:
        found: list[dict[str, object]] = json.loads(self.flatpro(*arguments, "--json"))
        return found

    def get(self, address: str, **headers: str) -> bytes:
        asked = urllib.request.Request(self.public + address, headers=headers)
        with urllib.request.urlopen(asked, timeout=20) as answer:
            body: bytes = answer.read()
        return body


@contextlib.contextmanager
def serving(
    data_dir: Path, *, files: int = 0, under: Sequence[str] = (), **settings: str
) -> Iterator[Served]:
    """Start the product, wait until it is healthy, and end it by its own process id.

    `files` bounds how many each of its processes may have open. A program that it runs `under`
    must leave it the process that was started.
    """
    environ = {
        **os.environ,
        "FLATPRO_PORT": str(free_port()),
        "FLATPRO_PHONE_PORT": str(free_port()),
        "FLATPRO_DATA_DIR": str(data_dir),
        "FLATPRO_ADMIN_PASSWORD": ADMIN_PASSWORD,
        "FLATPRO_LOG_FILE": str(data_dir / "flatpro.log"),
        **settings,
    }
    port, phone_port = environ["FLATPRO_PORT"], environ["FLATPRO_PHONE_PORT"]
    server = Served(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{phone_port}", data_dir, environ)
    output = (data_dir.parent / f"{data_dir.name}.out").open("ab")
    bounded = ["prlimit", f"--nofile={files}:{files}"] if files else []
    process = subprocess.Popen(
        [*bounded, *under, sys.executable, "-m", "portal.cli", "serve"],
        env=environ,
        stdout=output,
        stderr=output,
    )
    try:
        _wait_until_healthy(server, process)
        yield replace(server, pid=process.pid, process=process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            # Nothing that a test started outlives it, whatever is wrong.
            process.kill()
            process.wait(10)
            raise
        finally:
            output.close()


def _wait_until_healthy(server: Served, process: "subprocess.Popen[bytes]") -> None:
    def is_healthy() -> bool:
        assert process.poll() is None, "the server ended while starting"
        with contextlib.suppress(OSError, urllib.error.URLError):
            return server.get("/healthz") == b"ok\n"
        return False

    until(is_healthy, within_s=READY_S, each_s=0.1)
