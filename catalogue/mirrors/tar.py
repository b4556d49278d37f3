"""A strict reader and writer of plain tar files (ustar): regular files under short flat names.

What a tar may hold besides (links, sparse files, long-name records, compression) is refused, so
that a file's own length is the most that it can make anyone read or store.
"""

import os
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from storage.refusals import RefusedError

BLOCK = 512
NAME_BYTES = 100
MOST_MEMBERS = 500_000
#: Relative, no part of it empty, `.` or `..`; nothing that a shell or a terminal would act on.
_NAME = re.compile(r"(?!.*(?:^|/)\.{1,2}(?:/|$))[A-Za-z0-9._+-]+(?:/[A-Za-z0-9._+-]+)*")


class BadBundleError(RefusedError):
    code = "bad-bundle"
    ru = "Это не набор зеркала или он повреждён, ничего не изменилось: {reason}"
    en = "This is no mirror bundle, or a damaged one; nothing was changed: {reason}"


@dataclass(frozen=True)
class Member:
    """Where a member's bytes lie in the file, and how many there are."""

    offset: int
    size: int


def header(name: str, size: int) -> bytes:
    """What stands before a member; the same member always has the same."""
    if len(name) > NAME_BYTES or not _NAME.fullmatch(name):
        raise ValueError(f"a bundle has no place for {name!r}")
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")


def padding(size: int) -> bytes:
    """What fills up the last block of a member."""
    return b"\0" * (-size % BLOCK)


def end() -> bytes:
    """What stands after the last member."""
    return b"\0" * (2 * BLOCK)


def index(file: BinaryIO) -> Mapping[str, Member]:
    """The members in their order, read from the headers alone; raises BadBundleError."""
    length = file.seek(0, os.SEEK_END)
    found: dict[str, Member] = {}
    for name, member in _members(file, length):
        if name in found:
            raise BadBundleError(reason=f"{name} is in it twice")
        if len(found) >= MOST_MEMBERS:
            raise BadBundleError(reason=f"more than {MOST_MEMBERS} files")
        found[name] = member
    return found


def read(file: BinaryIO, member: Member) -> Iterator[bytes]:
    """A member's bytes in pieces."""
    file.seek(member.offset)
    left = member.size
    while left:
        piece = file.read(min(left, 1 << 20))
        if not piece:
            raise BadBundleError(reason="it ends in the middle")
        left -= len(piece)
        yield piece


def _members(file: BinaryIO, length: int) -> Iterator[tuple[str, Member]]:
    at = 0
    while True:
        file.seek(at)
        block = file.read(BLOCK)
        if len(block) < BLOCK:
            raise BadBundleError(reason=f"it ends after {length} bytes, in the middle")
        if not any(block):
            _check_end(file, at, length)
            return
        info = _info(block, at)
        member = Member(at + BLOCK, info.size)
        at = member.offset + info.size + len(padding(info.size))
        if at > length:
            raise BadBundleError(reason=f"it ends in the middle of {info.name}")
        yield info.name, member


def _info(block: bytes, at: int) -> tarfile.TarInfo:
    try:
        info = tarfile.TarInfo.frombuf(block, "ascii", "strict")
    except (tarfile.HeaderError, ValueError) as error:
        raise BadBundleError(reason=f"no file begins at byte {at}") from error
    if info.type != tarfile.REGTYPE or info.size < 0:
        raise BadBundleError(reason=f"{info.name[:80]!r} is no plain file")
    if not _NAME.fullmatch(info.name):
        raise BadBundleError(reason=f"the name {info.name[:80]!r}")
    return info


def _check_end(file: BinaryIO, at: int, length: int) -> None:
    file.seek(at)
    # tar programs may fill up a last record; a bundle of ours never has more than that.
    if length - at > 20 * BLOCK or length - at < len(end()) or any(file.read(length - at)):
        raise BadBundleError(reason="there is something after its end")
