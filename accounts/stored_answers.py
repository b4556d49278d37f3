"""Idempotency-Key: a write of the API that is sent again gets the answer it got before.

The answer is stored in the transaction that did the work: it exists if and only if the work does.
A refusal changed nothing and is not stored; sent again, it is judged again.
"""

import hashlib
import re
from datetime import datetime, timedelta

from flask import Response, request
from sqlalchemy import delete
from sqlalchemy.orm import Session

from accounts.models import StoredAnswer
from storage.refusals import RefusedError

HEADER = "Idempotency-Key"
LIFE = timedelta(hours=24)
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


class BadKeyError(RefusedError):
    code = "bad-idempotency-key"
    ru = "Idempotency-Key: от 1 до 200 печатных знаков ASCII."
    en = "Idempotency-Key takes 1 to 200 printable ASCII characters."


class KeyReusedError(RefusedError):
    code = "idempotency-key-reused"
    ru = "С этим Idempotency-Key уже приходил другой запрос."
    en = "This Idempotency-Key came with another request before."


def given(session: Session, owner: str, now: datetime) -> Response | None:
    """The answer that this very request got before, or None when it is to be done.

    Raises BadKeyError, or KeyReusedError when the key came with another request.
    """
    key = _key()
    found = session.get(StoredAnswer, (owner, key)) if key else None
    if found is None:
        return None
    if found.answered_at + LIFE <= now:
        session.delete(found)
        session.flush()
        return None
    if found.request_sha256 != _digest():
        raise KeyReusedError
    return _response(found.body, found.status, found.location)


def keep(
    session: Session,
    owner: str,
    body: str,
    status: int,
    now: datetime,
    *,
    location: str | None = None,
) -> Response:
    """The answer to this request, stored under its key if it has one."""
    key = _key()
    if key:
        session.add(
            StoredAnswer(
                owner=owner,
                key=key,
                request_sha256=_digest(),
                status=status,
                body=body,
                location=location,
                answered_at=now,
            )
        )
        session.flush()
    return _response(body, status, location)


def forget_old(session: Session, now: datetime) -> None:
    """Delete the answers whose time is over."""
    session.execute(delete(StoredAnswer).where(StoredAnswer.answered_at <= now - LIFE))


def _key() -> str | None:
    key = request.headers.get(HEADER)
    if key is not None and not _KEY.fullmatch(key):
        raise BadKeyError
    return key


def _digest() -> str:
    """What was asked: method, address and body."""
    asked = f"{request.method} {request.full_path}\n".encode() + request.get_data()
    return hashlib.sha256(asked).hexdigest()


def _response(body: str, status: int, location: str | None) -> Response:
    response = Response(body or None, status, mimetype="application/json")
    if location:
        response.headers["Location"] = location
    response.headers["Cache-Control"] = "no-store"
    return response
