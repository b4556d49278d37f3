"""Watches by strace what processes do to stored files, and names what would change one."""

import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

STRACE = shutil.which("strace")
#: Those that another machine's kernel lacks are passed over (?).
CALLS = (
    *("open", "openat", "openat2", "creat", "truncate", "ftruncate", "fallocate", "mmap"),
    *("chmod", "fchmod", "fchmodat", "rename", "renameat", "renameat2", "link", "linkat"),
    *("unlink", "unlinkat", "write", "pwrite64", "writev", "pwritev", "pwritev2"),
    *("copy_file_range", "splice"),
)
_CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)$")
_WRITING = re.compile(r"\bO_(?:WR\w+|RDWR|TRUNC|CREAT|APPEND)\b")
_NAME = re.compile(r'"((?:[^"\\]|\\.)*)"')
#: A descriptor with the name under which its file was opened (-y).
_PLACE = re.compile(r"\d+<([^>]+)>")
_BLOB = re.compile(r"/[0-9a-f]{2}/[0-9a-f]{62}$")


def command(log: Path) -> Sequence[str]:
    """What a program is run under: it stays the process that was started, traced from aside."""
    assert STRACE is not None
    wanted = ",".join(f"?{call}" for call in CALLS)
    return (STRACE, "-D", "-f", "-y", "-s", "0", "-o", str(log), "-e", f"trace={wanted}")


@dataclass
class Seen:
    """`published` are files that got their final name; `changes` are calls that touch one."""

    blobs: Path
    calls: int = 0
    published: set[str] = field(default_factory=set)
    reads: int = 0
    changes: list[str] = field(default_factory=list)
    #: What was received under a passing name, and has got its final one.
    _sources: set[str] = field(default_factory=set)

    def read(self, lines: Iterable[str]) -> "Seen":
        for line in lines:
            found = _CALL.match(line)
            if found:
                self.calls += 1
                self._look(line.strip(), found[1], found[2])
        return self

    def _look(self, line: str, call: str, rest: str) -> None:
        names = _NAME.findall(rest)
        if call.startswith("link"):
            if self._is_published(names[-1]):
                self.published.add(names[-1])
                self._sources.add(names[0])
        elif call.startswith("open") and not _WRITING.search(rest):
            self.reads += self._is_published(names[0])
        elif self._changes(call, rest, names):
            self.changes.append(line)

    def _changes(self, call: str, rest: str, names: Sequence[str]) -> bool:
        """Whether the call is for changing a published file, by its name or an open descriptor."""
        places = _PLACE.findall(rest)
        if call == "mmap" and not ("MAP_SHARED" in rest and "PROT_WRITE" in rest):
            return False
        if call in {"copy_file_range", "splice"}:
            places = places[1:]
        # Of a rename both names count: neither may leave, nor be put over another.
        return any(self._is_published(name) for name in (*names, *places)) or any(
            place in self._sources for place in places
        )

    def _is_published(self, name: str) -> bool:
        return name.startswith(f"{self.blobs}/") and bool(_BLOB.search(name))
