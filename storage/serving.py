"""Bytes out over HTTP: which status, headers and bytes answer a request for a stored file. Pure.

`plan_response` holds every rule of RFC 9110 §13-15 for files that a strong ETag names;
storage/http_answers/sending.py hands a plan to a WSGI server. A plan opens nothing, so any server
can use it.
"""

import base64
import re
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Self, TypeAlias

from storage.http_answers.byte_ranges import ByteRange, parse_range
from storage.http_answers.conditions import RequestConditions, Validators, Verdict
from storage.http_answers.file_names import content_disposition
from storage.http_answers.http_dates import format_http_date

_SHA256 = re.compile(r"[0-9a-f]{64}")
# The length is bounded because the type is repeated in every part of a multipart answer.
_HEADER_TEXT = re.compile(r"[ -~]{1,200}")

_CRLF = "\r\n"
_METHODS = ("GET", "HEAD")
_NOSNIFF = ("X-Content-Type-Options", "nosniff")

Headers: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Cache:
    """What caches may do; nothing on the way may ever change the bytes (`no-transform`)."""

    header: str

    @classmethod
    def immutable(cls) -> Self:
        """Only for an address that contains the hash of its bytes (RFC 8246)."""
        return cls("public, max-age=31536000, immutable, no-transform")

    @classmethod
    def revalidate(cls, max_age_s: int) -> Self:
        """Anyone may keep it for `max_age_s` seconds and must ask again after that."""
        return cls(f"public, max-age={max_age_s}, must-revalidate, no-transform")

    @classmethod
    def private(cls) -> Self:
        """Only the asker may keep it, and asks again each time: the right to it may end."""
        return cls("private, no-cache, no-transform")


@dataclass(frozen=True)
class Representation:
    """A stored file as one address shows it.

    `last_modified` is the instant since which this address has had these bytes. It must move by a
    second or more when they change, also back to an older release: dates are compared in seconds.
    """

    sha256: str
    size: int
    content_type: str
    file_name: str
    last_modified: datetime
    cache: Cache
    inline: bool = False
    vary: str | None = None

    def __post_init__(self) -> None:
        if not _SHA256.fullmatch(self.sha256) or self.size < 0:
            raise ValueError("a representation needs a lower-case hex sha256 and a size from 0")
        if self.last_modified.tzinfo is None:
            raise ValueError("a naive last_modified names no instant")
        if not all(_HEADER_TEXT.fullmatch(text) for text in (self.content_type, self.vary or "-")):
            raise ValueError("content_type and vary are short printable ASCII")

    @cached_property
    def validators(self) -> Validators:
        return Validators(f'"sha256-{self.sha256}"', self.last_modified)


@dataclass(frozen=True)
class Plan:
    """An answer: `body` is sent in order, literal bytes as they are, ranges from the file.

    `content_length` is in bytes and is the GET's even where no body follows (HEAD); None means
    that the header is left out (304).
    """

    status: int
    headers: Headers
    content_length: int | None
    body: tuple[bytes | ByteRange, ...] = ()

    @property
    def ranges(self) -> tuple[ByteRange, ...]:
        """The parts of the file that the body takes."""
        return tuple(piece for piece in self.body if isinstance(piece, ByteRange))

    @property
    def body_wanted(self) -> bool:
        return bool(self.body)


def plan_response(representation: Representation, conditions: RequestConditions) -> Plan:
    """The answer to a request for `representation`; any header text is answered, none raises."""
    plan = _plan_for_get(representation, conditions)
    return replace(plan, body=()) if conditions.method == "HEAD" else plan


def _plan_for_get(representation: Representation, conditions: RequestConditions) -> Plan:
    current = representation.validators
    if conditions.method not in _METHODS:
        return _refusal(405, "Method Not Allowed", ("Allow", ", ".join(_METHODS)))
    verdict = conditions.verdict(current)
    if verdict is Verdict.FAILED:
        return _refusal(412, "Precondition Failed", ("ETag", current.etag))
    if verdict is Verdict.NOT_MODIFIED:
        return Plan(304, _cache_headers(representation), content_length=None)
    asked = conditions.wanted_range(current)
    ranges = None if asked is None else parse_range(asked, representation.size)
    if ranges is None:
        return _whole(representation)
    if not ranges:
        unsatisfied = ("Content-Range", f"bytes */{representation.size}")
        return _refusal(416, "Range Not Satisfiable", unsatisfied, ("ETag", current.etag))
    return (
        _single(representation, *ranges) if len(ranges) == 1 else _several(representation, ranges)
    )


def _whole(representation: Representation) -> Plan:
    size = representation.size
    body = (ByteRange(0, size - 1),) if size else ()
    headers = _file_headers(representation, representation.content_type, size)
    return Plan(200, headers, size, body)


def _single(representation: Representation, piece: ByteRange) -> Plan:
    headers = _file_headers(representation, representation.content_type, piece.size)
    headers += (("Content-Range", _content_range(representation, piece)),)
    return Plan(206, headers, piece.size, (piece,))


def _several(representation: Representation, ranges: tuple[ByteRange, ...]) -> Plan:
    """A multipart/byteranges answer (RFC 9110 §14.6)."""
    # No file can be made that contains part of its own SHA-256, so the boundary is not in it.
    boundary = f"bytes-{representation.sha256[:40]}"
    body: list[bytes | ByteRange] = []
    for piece in ranges:
        before = f"{'' if not body else _CRLF}--{boundary}{_CRLF}"
        body += [before.encode() + _part_header(representation, piece), piece]
    body.append(f"{_CRLF}--{boundary}--{_CRLF}".encode())
    length = sum(piece.size if isinstance(piece, ByteRange) else len(piece) for piece in body)
    content_type = f"multipart/byteranges; boundary={boundary}"
    return Plan(206, _file_headers(representation, content_type, length), length, tuple(body))


def _part_header(representation: Representation, piece: ByteRange) -> bytes:
    content_type = f"Content-Type: {representation.content_type}"
    content_range = f"Content-Range: {_content_range(representation, piece)}"
    return f"{content_type}{_CRLF}{content_range}{_CRLF}{_CRLF}".encode()


def _content_range(representation: Representation, piece: ByteRange) -> str:
    return f"bytes {piece.first}-{piece.last}/{representation.size}"


def _file_headers(representation: Representation, content_type: str, length: int) -> Headers:
    """What accompanies bytes of the file; the digest is the whole file's (RFC 9530 §3)."""
    digest = base64.b64encode(bytes.fromhex(representation.sha256)).decode()
    disposition = content_disposition(representation.file_name, inline=representation.inline)
    return (
        ("Content-Type", content_type),
        ("Content-Length", str(length)),
        *_cache_headers(representation),
        ("Last-Modified", format_http_date(representation.last_modified)),
        ("Accept-Ranges", "bytes"),
        ("Repr-Digest", f"sha-256=:{digest}:"),
        ("Content-Disposition", disposition),
        _NOSNIFF,
    )


def _cache_headers(representation: Representation) -> Headers:
    """What a cache needs to keep or refresh its copy; a 304 carries exactly these."""
    headers = (
        ("ETag", representation.validators.etag),
        ("Cache-Control", representation.cache.header),
    )
    return headers if representation.vary is None else (*headers, ("Vary", representation.vary))


def _refusal(status: int, reason: str, *headers: tuple[str, str]) -> Plan:
    """A short plain answer; nobody may keep it."""
    text = f"{status} {reason}\n".encode()
    fixed = (
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(text))),
        ("Cache-Control", "no-store"),
        _NOSNIFF,
    )
    return Plan(status, fixed + headers, len(text), (text,))
