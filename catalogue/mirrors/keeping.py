"""Keeps what TUF's client has verified before it asks the upstream for anything further.

The client lays verified files into its folder, which goes with the process. Each of its questions
is therefore a moment at which all that it verified before is kept for good.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tuf.ngclient import FetcherInterface

from catalogue.mirrors.seen import Verified
from catalogue.tuf import roles as tuf_roles
from catalogue.tuf.layout import ROOT, SNAPSHOT, TIMESTAMP

HISTORY = "root_history"

#: Returns when the files will outlast this process.
Keep = Callable[[Sequence[Verified]], None]


class KeepingFetcher(FetcherInterface):
    """Fetches for the client that works in `folder`; what lies there at the beginning is known."""

    def __init__(self, fetcher: FetcherInterface, folder: Path, keep: Keep) -> None:
        self._fetcher = fetcher
        self._folder = folder
        self._keep = keep
        self._roots = {path.name for path, _version in self._history()}
        self._files = {role: self._body(role) for role in (TIMESTAMP, SNAPSHOT)}

    def download_bytes(self, url: str, max_length: int) -> bytes:
        """Keep, then fetch; a database that cannot keep ends the look with its own error."""
        self.settle()
        return self._fetcher.download_bytes(url, max_length)

    def settle(self) -> None:
        """Keep what was verified since the last time."""
        files = [*self._new_roots(), *self._new_files()]
        if files:
            self._keep(files)
            self._roots |= {path.name for path, _version in self._history()}
            self._files |= {file.role: file.body for file in files if file.role != ROOT}

    def _fetch(self, url: str) -> Iterator[bytes]:
        return self._fetcher.fetch(url)

    def _new_roots(self) -> Iterator[Verified]:
        for path, version in self._history():
            if path.name not in self._roots:
                yield Verified(ROOT, version, path.read_bytes())

    def _new_files(self) -> Iterator[Verified]:
        for role, known in self._files.items():
            body = self._body(role)
            if body is not None and body != known:
                yield Verified(role, tuf_roles.from_bytes(body).signed.version, body)

    def _history(self) -> list[tuple[Path, int]]:
        """In the order of their numbers."""
        found = (self._folder / HISTORY).glob(f"*.{ROOT}.json")
        return sorted(((p, int(p.name.partition(".")[0])) for p in found), key=lambda pair: pair[1])

    def _body(self, role: str) -> bytes | None:
        path = self._folder / f"{role}.json"
        return path.read_bytes() if path.exists() else None
