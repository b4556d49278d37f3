"""One file that carries an installation's offers behind an air gap, as an upstream of its own.

Nothing in it is believed for standing there: the signatures inside decide, by the root of the air
gap, and every member has to be one that they call for.
"""

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

from pydantic import Field, TypeAdapter, ValidationError
from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface, TargetFile

from catalogue.mirrors import tar
from catalogue.mirrors.selection import Selection
from catalogue.mirrors.tar import BadBundleError, Member
from catalogue.mirrors.trust import telling
from catalogue.tuf.layout import View
from storage.blobs import BlobStore

FORMAT = 1
KIND = "flatpro-mirror-bundle"
HEADER = "bundle.json"
METADATA, LISTS, BLOBS = "metadata/", "lists", "blobs/"
_HEADER_BYTES = 64 << 20
_NOT_FOUND = 404

_Names = tuple[Annotated[str, Field(max_length=64)], ...]


@dataclass(frozen=True)
class Chosen:
    """Which part of its source a bundle holds; empty means all of it."""

    products: _Names
    kinds: _Names
    languages: _Names


@dataclass(frozen=True)
class Header:
    """What a bundle says of itself: `files` are the sizes of its other members."""

    format: Literal[1]
    kind: Literal["flatpro-mirror-bundle"]
    made: str
    source: Annotated[str, Field(max_length=400)]
    chosen: Chosen
    files: Mapping[str, int]


HEADER_TYPE = TypeAdapter(Header)


class Bundle(FetcherInterface):
    """An opened bundle; TUF's client fetches from it by the names of its members."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._members = tar.index(file)
        self._header = self._read_header()
        self.name = f"{name} ({self._header.source})"

    @property
    def chosen(self) -> Selection:
        """Which part of its source it holds."""
        said = self._header.chosen
        return Selection.of(said.products, said.kinds, said.languages)

    @property
    def fetcher(self) -> FetcherInterface:
        return self

    def base(self, view: View) -> str:  # noqa: ARG002 - it holds one view
        """Where the metadata lies."""
        return METADATA

    def first_root(self, view: View) -> bytes:  # noqa: ARG002 - it holds one view
        """The oldest root that it holds."""
        prefix, suffix = METADATA, ".root.json"
        numbers = [
            int(number)
            for name in self._members
            if name.startswith(prefix)
            and name.endswith(suffix)
            and (number := name.removeprefix(prefix).removesuffix(suffix)).isdigit()
        ]
        if not numbers:
            raise BadBundleError(reason="it holds no root")
        return self._bytes(f"{prefix}{min(numbers)}{suffix}", 1 << 20)

    def text(self, address: str, limit: int) -> bytes | None:
        """A signed list, by its public address."""
        name = LISTS + address
        return self._bytes(name, limit) if name in self._members else None

    def bring(self, target: TargetFile, blobs: BlobStore) -> None:
        """Store a target's bytes."""
        sha256 = target.hashes["sha256"]
        with telling():
            stream = _MemberStream(self._file, self._member(BLOBS + sha256))
            blobs.put(stream, expected_sha256=sha256, expected_size=target.length)

    def agree(self, wanted: Collection[str], allowed: Collection[str]) -> None:
        """Refuse a bundle that lacks a wanted member or has one that nothing calls for."""
        lacking = set(wanted) - self._members.keys()
        if lacking:
            raise BadBundleError(reason=f"it lacks {min(lacking)}")
        extra = self._members.keys() - set(wanted) - set(allowed) - {HEADER}
        if extra:
            raise BadBundleError(reason=f"nothing signed calls for {min(extra)}")

    def _fetch(self, url: str) -> Iterator[bytes]:
        if url not in self._members:
            raise DownloadHTTPError(f"the bundle has no {url}", _NOT_FOUND)
        return tar.read(self._file, self._members[url])

    def _read_header(self) -> Header:
        if next(iter(self._members), "") != HEADER:
            raise BadBundleError(reason=f"it does not begin with {HEADER}")
        try:
            header = HEADER_TYPE.validate_json(self._bytes(HEADER, _HEADER_BYTES))
        except ValidationError as error:
            reason = error.errors(include_input=False)[0]["msg"]
            raise BadBundleError(reason=f"{HEADER}: {reason}") from error
        held = {name: member.size for name, member in self._members.items() if name != HEADER}
        if held != header.files:
            differing = min(name for name, _size in held.items() ^ dict(header.files).items())
            raise BadBundleError(reason=f"{HEADER} says something else of {differing}")
        return header

    def _member(self, name: str) -> Member:
        if name not in self._members:
            raise BadBundleError(reason=f"it lacks {name}")
        return self._members[name]

    def _bytes(self, name: str, limit: int) -> bytes:
        member = self._member(name)
        if member.size > limit:
            raise BadBundleError(reason=f"{name} is larger than {limit} bytes")
        return b"".join(tar.read(self._file, member))


class _MemberStream:
    """A member as a blob store reads it."""

    def __init__(self, file: BinaryIO, member: Member) -> None:
        self._file = file
        self._at, self._left = member.offset, member.size

    def read(self, size: int, /) -> bytes:
        self._file.seek(self._at)
        piece = self._file.read(min(size, self._left))
        self._at, self._left = self._at + len(piece), self._left - len(piece)
        return piece


@contextmanager
def opened(path: Path) -> Iterator[Bundle]:
    """A bundle to take from; raises BadBundleError for what is none."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise BadBundleError(reason=f"{path}: {os.strerror(error.errno or 0)}") from error
    with file:
        yield Bundle(file, path.name)
