"""Sending a file that came with a message: always saved, never opened in our pages."""

from functools import partial

from flask import Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.http_answers.sending import respond
from storage.request import installation
from storage.serving import Cache, Representation
from support.requests.models import RequestAttachment, RequestMessage
from support.requests.refused import UnknownFileError

_POLICY = "default-src 'none'; sandbox"


def get(
    session: Session, number: int, file_id: int, *, public_only: bool, restricted: bool
) -> RequestAttachment:
    """A file of this request; raises UnknownFileError.

    A customer sees what stands in public messages; `restricted` is for administrators (N-3).
    """
    query = (
        select(RequestAttachment)
        .join(RequestMessage, RequestMessage.id == RequestAttachment.message_id)
        .where(RequestMessage.request_id == number, RequestAttachment.id == file_id)
    )
    if public_only:
        query = query.where(RequestMessage.is_public.is_(True))
    if not restricted:
        query = query.where(RequestMessage.restricted.is_(False))
    found = session.scalar(query)
    if found is None:
        raise UnknownFileError
    return found


def send(file: RequestAttachment) -> Response:
    """The bytes, to be saved; no browser guesses what they are or runs them.

    They go out through us alone: an address in a bucket could be passed on.
    """
    representation = Representation(
        sha256=file.sha256,
        size=file.size,
        content_type=file.media_type,
        file_name=file.name,
        last_modified=file.stored_at,
        cache=Cache.private(),
    )
    response = respond(representation, partial(installation().blobs.open, file.sha256), request)
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
