"""A finished answer as it is kept: sealed, with all that the door needs to give it (pure).

One text: the status, the ETag, the type, the fixed part of its journal line, and the body.
"""

import hashlib
from dataclasses import dataclass, field

from storage.sealed import Place, Seal


@dataclass(frozen=True)
class Answer:
    """What goes out: `etag` is empty where there is no body. `record` is a line's fixed part."""

    status: int
    etag: str
    media_type: str
    record: str
    body: bytes = field(repr=False)


def request_sha256(target: str, agent: str) -> bytes:
    """The name of a request: the same target, with its token, by the same User-Agent."""
    return hashlib.sha256(f"{target}\0{agent}".encode("utf-8", "surrogateescape")).digest()


def closed(answer: Answer, request: bytes, seal: Seal) -> bytes:
    """The sealed form of an answer to this request."""
    head = f"{answer.status}\n{answer.etag}\n{answer.media_type}\n{answer.record}\n"
    return seal.close_bytes(head.encode() + answer.body, _place(request))


def opened(sealed: bytes, request: bytes, seal: Seal) -> Answer:
    """The answer kept for this request; raises UnsealError for another one's."""
    kept = seal.open_bytes(sealed, _place(request))
    status, etag, media_type, record, body = kept.split(b"\n", 4)
    return Answer(int(status), etag.decode(), media_type.decode(), record.decode(), body)


def _place(request: bytes) -> Place:
    return Place("rendered", request.hex(), "sealed")
