"""SHA256SUMS: the list that `sha256sum -c` of coreutils 9 checks, whatever the names hold."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

# coreutils marks a line whose name is escaped with a backslash in front (`sha256sum a\nb`).
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r"})
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Checksum:
    """`name` is a path relative to the list, `sha256` 64 lower-case hex digits (or ValueError)."""

    name: str
    sha256: str

    def __post_init__(self) -> None:
        if not _SHA256.fullmatch(self.sha256):
            raise ValueError("a SHA-256 is 64 lower-case hex digits")
        if not self.name or "\0" in self.name:
            raise ValueError("no file has this name")

    @property
    def line(self) -> str:
        escaped = self.name.translate(_ESCAPES)
        mark = "\\" if escaped != self.name else ""
        return f"{mark}{self.sha256}  {escaped}\n"


def sha256sums(checksums: Iterable[Checksum]) -> bytes:
    """The file, UTF-8, sorted by name, so that the same list is always the same bytes to sign."""
    ordered = sorted(checksums, key=lambda checksum: (checksum.name, checksum.sha256))
    return "".join(checksum.line for checksum in ordered).encode()
