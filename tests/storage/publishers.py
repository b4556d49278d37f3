"""Drives tests/publisher.py, and looks at what it left as people, phones and mirrors do."""

import contextlib
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
# A child that measured its coverage would write files of its own.
PLAIN = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
Get = Callable[[str], tuple[int, bytes]]


@dataclass(frozen=True)
class Publishing:
    """A running publisher: one order in, one answer out."""

    process: "subprocess.Popen[str]"

    def ask(self, **order: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the publisher ended"
        found: dict[str, Any] = json.loads(line)
        return found


@contextlib.contextmanager
def publishing(
    data: Path, work: Path, program: str = "tests.publisher", **environ: str
) -> Iterator[Publishing]:
    """Start a publisher over the data folder; it ends with its standard input."""
    work.mkdir(exist_ok=True)
    with subprocess.Popen(
        [sys.executable, "-m", program, str(data), str(work)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        env={**PLAIN, "PYTHONPATH": str(PROJECT), **environ},
    ) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == {"ready": True}
        yield Publishing(process)
        assert process.stdin is not None
        process.stdin.close()


@dataclass(frozen=True)
class Told:
    """What a publisher was told is done: a product, and its versions with their hashes."""

    product: bool
    releases: Mapping[str, str]

    @classmethod
    def of(cls, lines: list[str]) -> "Told":
        words = [line.split() for line in lines]
        releases = {first: second for first, second in words if first != "product"}
        return cls(any(first == "product" for first, _ in words), releases)


def listed(get: Get, product: str) -> dict[str, str]:
    """The versions of a product that are listed; each one's bytes are fetched and compared."""
    status, body = get(f"/firmware/{product}/manifest.json")
    if status == 404:
        return {}
    assert status == 200, (status, body)
    found = {}
    for release in json.loads(body)["releases"]:
        status, image = get(release["url"])
        assert status == 200, f"{release['url']} is listed and answers {status}"
        assert len(image) == release["size"]
        assert hashlib.sha256(image).hexdigest() == release["sha256"]
        found[release["version"]] = release["sha256"]
    return found
