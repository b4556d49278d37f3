"""PULP_MANIFEST: the list by which Pulp and Satellite copy what lies here. Pure.

It names files by their public addresses, relative to its own, so that a copy serves phones and
people at the same addresses; everything that a signed manifest refers to is in it.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class PulpEntry:
    """A file: `address` is its path-absolute address, `size` in bytes, `sha256` in hex."""

    address: str
    sha256: str
    size: int

    @property
    def line(self) -> str:
        # A line is cut at its commas, and a name becomes a URL as it stands.
        name = self.address.removeprefix("/")
        for char in "%?#,":
            name = name.replace(char, f"%{ord(char):02X}")
        return f"{name},{self.sha256},{self.size}\n"


def pulp_manifest(entries: Iterable[PulpEntry]) -> bytes:
    """The file, UTF-8, sorted by name."""
    ordered = sorted(entries, key=lambda entry: entry.address)
    return "".join(entry.line for entry in ordered).encode()
