"""The way to an upstream over HTTP: resumed after a cut, never endless, never uselessly slow."""

import contextlib
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from urllib.parse import quote

import requests
from tuf.api.exceptions import (
    DownloadError,
    DownloadHTTPError,
    DownloadLengthMismatchError,
    SlowRetrievalError,
)
from tuf.ngclient import FetcherInterface, TargetFile
from urllib3.exceptions import HTTPError

from catalogue.mirrors.options import MirrorOptions
from catalogue.mirrors.trust import sha256_of, telling
from catalogue.tuf.layout import View
from storage.blobs import BlobStore
from storage.refusals import RefusedError

_PIECE = 128 * 1024
_NOT_FOUND = 404
_PARTIAL = 206
_UNSATISFIABLE = 416
_REDIRECTS = 3


class BadUpstreamError(RefusedError):
    code = "bad-upstream"
    field = "url"
    ru = "«{url}» — не адрес источника: нужен вид https://support.example.ru"
    en = "“{url}” is no upstream's address: it looks like https://support.example.net"


class HttpUpstream(FetcherInterface):
    """An upstream at `url`; half-fetched files lie in `folder`, by hash."""

    def __init__(self, url: str, folder: Path, options: MirrorOptions) -> None:
        if not url.startswith(("http://", "https://")):
            raise BadUpstreamError(url=url[:100])
        self.name = url.rstrip("/")
        self._folder = folder
        self._options = options
        self._session = requests.Session()
        self._session.max_redirects = _REDIRECTS
        self._session.headers["Accept-Encoding"] = "identity"
        self._session.headers["User-Agent"] = "flatpro-mirror"

    @property
    def fetcher(self) -> FetcherInterface:
        """What TUF's client fetches with."""
        return self

    def base(self, view: View) -> str:
        """Where the metadata of a view lies."""
        return f"{self.name}/metadata/{'offline/' if view is View.AIR_GAP else ''}"

    def first_root(self, view: View) -> bytes:
        """The root that the upstream offers to begin with."""
        name = "offline-root.json" if view is View.AIR_GAP else "root.json"
        with telling():
            return self.download_bytes(f"{self.name}/keys/{name}", 512_000)

    def text(self, address: str, limit: int) -> bytes | None:
        """A small file of at most `limit` bytes; None where there is none."""
        with telling():
            try:
                return self.download_bytes(self.name + quote(address), limit)
            except DownloadHTTPError as error:
                if error.status_code == _NOT_FOUND:
                    return None
                raise

    def bring(self, target: TargetFile, blobs: BlobStore) -> None:
        """Store a target's bytes; what was fetched before a cut is not fetched again."""
        sha256 = sha256_of(target)
        self._folder.mkdir(parents=True, exist_ok=True)
        part = self._folder / f"{sha256}.part"
        folder, slash, last = target.path.rpartition("/")
        url = f"{self.name}/targets/{folder}{slash}{sha256}.{last}"
        with telling():
            self._fetch_whole(url, part, target.length)
            try:
                with part.open("rb") as file:
                    target.verify_length_and_hashes(file)
                    file.seek(0)
                    blobs.put(file, expected_sha256=sha256, expected_size=target.length)
            finally:
                # Right bytes are stored, wrong ones are no beginning of anything.
                part.unlink(missing_ok=True)

    def agree(self, wanted: Collection[str], allowed: Collection[str]) -> None:
        """A server may hold more than is taken."""

    def _fetch_whole(self, url: str, part: Path, size: int) -> None:
        for left in reversed(range(self._options.tries)):
            try:
                self._fetch_rest(url, part, size)
            except (DownloadHTTPError, DownloadLengthMismatchError):
                raise
            except DownloadError:
                if not left:
                    raise
            else:
                return

    def _fetch_rest(self, url: str, part: Path, size: int) -> None:
        begun = part.stat().st_size if part.exists() else 0
        if begun == size and part.exists():
            return
        headers = {}
        if begun:
            # The name holds the hash, and our servers make the ETag from it: another file under
            # this name is sent whole.
            headers = {"Range": f"bytes={begun}-", "If-Range": _etag_of(part)}
        with self._answer(url, headers) as answer:
            if answer.status_code == _UNSATISFIABLE:
                part.unlink()
                raise DownloadError(f"{url}: the upstream's file is shorter")
            goes_on = answer.status_code == _PARTIAL and _first_byte(answer) == begun
            if answer.status_code == _PARTIAL and not goes_on:
                part.unlink()
                raise DownloadError(f"{url}: another range than asked for")
            with part.open("ab" if goes_on else "wb") as file:
                at = begun if goes_on else 0
                for piece in self._pieces(answer):
                    at += len(piece)
                    if at > size:
                        file.close()
                        part.unlink()
                        raise DownloadLengthMismatchError(f"{url}: more than {size} bytes")
                    file.write(piece)
        if at < size:
            raise DownloadError(f"{url}: ended after {at} of {size} bytes")

    def _fetch(self, url: str) -> Iterator[bytes]:
        with self._answer(url, {}) as answer:
            yield from self._pieces(answer)

    @contextlib.contextmanager
    def _answer(self, url: str, headers: dict[str, str]) -> Iterator[requests.Response]:
        try:
            answer = self._session.get(
                url, headers=headers, stream=True, timeout=self._options.silence_s
            )
        except requests.Timeout as error:
            raise SlowRetrievalError(f"{url}: no answer") from error
        except (requests.RequestException, OSError) as error:
            raise DownloadError(f"{url}: {error}") from error
        with answer:
            if answer.status_code >= 400 and answer.status_code != _UNSATISFIABLE:
                raise DownloadHTTPError(f"{url}: HTTP {answer.status_code}", answer.status_code)
            yield answer

    def _pieces(self, answer: requests.Response) -> Iterator[bytes]:
        begun, received = time.monotonic(), 0
        while True:
            try:
                # What has come, at once: a full read would wait for a drip of bytes for days.
                piece = answer.raw.read1(_PIECE)
            except (HTTPError, OSError) as error:
                raise DownloadError(f"{answer.url}: broken off after {received} bytes") from error
            if not piece:
                return
            received += len(piece)
            yield piece
            taken = time.monotonic() - begun
            if taken > self._options.patience_s and received / taken < self._options.least_bytes_s:
                raise SlowRetrievalError(f"{answer.url}: {received} bytes in {taken:.0f} s")


def _etag_of(part: Path) -> str:
    return f'"sha256-{part.stem}"'


def _first_byte(answer: requests.Response) -> int:
    unit, _, rest = answer.headers.get("Content-Range", "").partition(" ")
    first = rest.partition("-")[0]
    return int(first) if unit == "bytes" and first.isdigit() else -1
