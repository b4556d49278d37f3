"""A finished answer as it is kept: sealed, with all that the door needs to give it (pure).

One text: the status, the ETag, the type, the fixed part of its journal line, the request that it
answers, and the body. The request opens nothing that the body does not: both hold the token.
"""

import hashlib
import json
from typing import NamedTuple

from storage.sealed import Place, Seal


class Answer(NamedTuple):
    """What goes out: `etag` is empty where there is no body. `record` is a line's fixed part.

    `request` is what it answers, for making it anew when something changed (`written`, `asked`).
    """

    status: int
    etag: str
    media_type: str
    record: str
    body: bytes
    request: str

    def __repr__(self) -> str:
        """Without the body, which holds a phone's passwords, and the request with its token."""
        return f"Answer({self.status}, {self.etag}, {len(self.body)} bytes)"


class Request(NamedTuple):
    """What an answer answers. `is_awaited`: nobody has asked so yet, and `agent` is a guess."""

    target: str
    agent: str
    is_awaited: bool = False

    def __repr__(self) -> str:
        """Without the target, which holds a phone's token."""
        return f"Request({self.agent!r}, {self.is_awaited})"


class NoRequestError(ValueError):
    """What is kept does not say what it answers: another version of this program kept it."""


def written(target: str, agent: str, *, is_awaited: bool = False) -> str:
    """A request as an answer holds it: one line."""
    return json.dumps([target, agent, True] if is_awaited else [target, agent])


def asked(answer: Answer) -> Request:
    """The request that it answers; raises NoRequestError."""
    try:
        target, agent, *awaited = json.loads(answer.request)
    except (ValueError, TypeError) as error:
        raise NoRequestError from error
    if not (isinstance(target, str) and isinstance(agent, str)):
        raise NoRequestError
    return Request(target, agent, awaited == [True])


def request_sha256(target: str, agent: str) -> bytes:
    """The name of a request: the same target, with its token, by the same User-Agent."""
    return hashlib.sha256(f"{target}\0{agent}".encode("utf-8", "surrogateescape")).digest()


def closed(answer: Answer, request: bytes, seal: Seal) -> bytes:
    """The sealed form of an answer to this request."""
    head = f"{answer.status}\n{answer.etag}\n{answer.media_type}\n{answer.record}\n"
    head += f"{answer.request}\n"
    return seal.close_bytes(head.encode() + answer.body, _place(request))


def opened(sealed: bytes, request: bytes, seal: Seal) -> Answer:
    """The answer kept for this request; raises UnsealError for another one's."""
    kept = seal.open_bytes(sealed, _place(request))
    status, etag, media_type, record, asked_for, body = kept.split(b"\n", 5)
    return Answer(
        int(status), etag.decode(), media_type.decode(), record.decode(), body, asked_for.decode()
    )


def _place(request: bytes) -> Place:
    return Place("rendered", request.hex(), "sealed")
