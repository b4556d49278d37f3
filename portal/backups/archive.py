"""The file of a backup: a plain tar whose list of contents is sealed by the installation's key.

``backup.json`` says what it is. ``rows/<table>.jsonl`` hold the database, ``blobs/<sha256>`` the
stored files, ``private/<n>`` the signing keys, own phone families and the own table of packages,
each encrypted. ``contents.json`` names every member with its hash and every table with its count;
``contents.mac`` vouches for it.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Self

from catalogue.mirrors import tar
from catalogue.mirrors.tar import BadBundleError, Member
from portal.backups.refusals import BadBackupError

FORMAT = 1
HEAD, CONTENTS, MAC = "backup.json", "contents.json", "contents.mac"
ROWS, BLOBS, PRIVATE = "rows", "blobs", "private"


@dataclass(frozen=True)
class Head:
    """What a backup says of itself; `key_check` tells whether a key file is the right one."""

    program: str
    revision: str
    engine: str
    made_at: datetime
    key_check: str

    def as_bytes(self) -> bytes:
        told = {**vars(self), "made_at": self.made_at.isoformat(), "format": FORMAT}
        return json.dumps(told).encode()

    @classmethod
    def parse(cls, body: bytes) -> Self:
        told = _object(body)
        if told.pop("format", None) != FORMAT:
            raise BadBackupError(reason="it has another format")
        try:
            return cls(**{**told, "made_at": datetime.fromisoformat(told["made_at"])})
        except (KeyError, TypeError, ValueError) as error:
            raise BadBackupError(reason=f"{HEAD} is incomplete") from error


@dataclass
class Writer:
    """Writes members one after the other and remembers their hashes."""

    file: BinaryIO
    hashes: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, size: int, pieces: Iterable[bytes]) -> None:
        """One member; `pieces` have `size` bytes in all."""
        digest = hashlib.sha256()
        self.file.write(tar.header(name, size))
        left = size
        for piece in pieces:
            self.file.write(piece)
            digest.update(piece)
            left -= len(piece)
        if left:
            raise BadBackupError(reason=f"{name} changed its size while it was read")
        self.file.write(tar.padding(size))
        self.hashes[name] = digest.hexdigest()

    def finish(self, rows: Mapping[str, int], key: bytes) -> None:
        """The list of contents and what vouches for it."""
        contents = json.dumps({"members": self.hashes, "rows": rows}, sort_keys=True).encode()
        for name, body in ((CONTENTS, contents), (MAC, mac_of(key, contents))):
            self.add(name, len(body), [body])
        self.file.write(tar.end())


class Reader:
    """A backup's members; nothing is believed before `verify`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        try:
            self._members = tar.index(file)
        except BadBundleError as error:
            raise BadBackupError(reason=error.details["reason"]) from error
        self.head = Head.parse(self.body(HEAD))

    def verify(self, key: bytes, advance: Callable[[], None]) -> Mapping[str, int]:
        """Check every member against the sealed list; how many rows each table has."""
        contents = self.body(CONTENTS)
        if not hmac.compare_digest(self.body(MAC), mac_of(key, contents)):
            raise BadBackupError(reason="its list of contents was changed")
        told = _object(contents)
        listed: Mapping[str, str] = told["members"]
        if set(listed) != set(self._members) - {CONTENTS, MAC}:
            raise BadBackupError(reason="it holds other files than it lists")
        for name, sha256 in listed.items():
            digest = hashlib.sha256()
            for piece in self.pieces(name):
                digest.update(piece)
            if digest.hexdigest() != sha256:
                raise BadBackupError(reason=f"{name} is damaged")
            advance()
        rows: Mapping[str, int] = told["rows"]
        return rows

    def __len__(self) -> int:
        return len(self._members)

    def names(self, folder: str) -> Iterator[str]:
        """The members of a folder, without its name."""
        for name in self._members:
            inside, _, rest = name.partition("/")
            if inside == folder:
                yield rest

    def pieces(self, name: str) -> Iterator[bytes]:
        try:
            yield from tar.read(self._file, self._member(name))
        except BadBundleError as error:
            raise BadBackupError(reason=error.details["reason"]) from error

    def body(self, name: str) -> bytes:
        return b"".join(self.pieces(name))

    def size(self, name: str) -> int:
        return self._member(name).size

    def _member(self, name: str) -> Member:
        found = self._members.get(name)
        if found is None:
            raise BadBackupError(reason=f"it has no {name}")
        return found


def key_check(key: bytes) -> str:
    """Tells one key from another and tells nothing of it."""
    return hmac.new(key, b"backup-key-check", hashlib.sha256).hexdigest()[:32]


def mac_of(key: bytes, contents: bytes) -> bytes:
    """What only an owner of the key can make."""
    return hmac.new(key, b"backup-contents:" + contents, hashlib.sha256).hexdigest().encode()


def pieces_of(file: BinaryIO) -> Iterator[bytes]:
    """A file's bytes in pieces."""
    while piece := file.read(1 << 20):
        yield piece


def private_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every plain file below, with its path inside."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(folder).as_posix(), path


def _object(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except ValueError as error:
        raise BadBackupError(reason="it is no JSON where there should be some") from error
    if not isinstance(told, dict):
        raise BadBackupError(reason="it is no JSON object where there should be one")
    return told
