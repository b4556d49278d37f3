"""Runs fetcher.c: phones that fetch, each on a connection and from an address of its own."""

import os
import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).parent / "fetcher.c"


@dataclass(frozen=True)
class Fetched:
    """How a run went; times in microseconds, from when a phone should have begun."""

    number: int
    wrong: int
    seconds: float
    p50_us: float
    p99_us: float
    longest_us: float


@dataclass(frozen=True)
class Fetcher:
    """The program, pinned to one core."""

    program: Path
    core: int

    @classmethod
    def built(cls, folder: Path, core: int) -> "Fetcher":
        program = folder / "fetcher"
        subprocess.run(["cc", "-O2", "-o", program, SOURCE], check=True)
        return cls(program, core)

    def fetch(
        self, port: int, asked: Sequence[tuple[bytes, bytes]], *, at_once: int = 64, rate: int = 0
    ) -> Fetched:
        """Send each request; its answer must be a 200 that holds the bytes beside it."""
        file = self.program.with_suffix(f".{os.getpid()}")
        with file.open("wb") as out:
            for pair in asked:
                for text in pair:
                    out.write(struct.pack("I", len(text)) + text)
        command = ["taskset", "-c", str(self.core), self.program, str(port), file]
        done = subprocess.run(
            [*command, str(at_once), str(rate)], check=True, capture_output=True, text=True
        )
        number, wrong, *times = done.stdout.split()
        return Fetched(int(number), int(wrong), *(float(one) for one in times))
