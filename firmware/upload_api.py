"""REST: images sent in parts, with resuming. A part goes to a byte; a wrong byte is told of."""

import json
from datetime import datetime

from flask import Response, request, url_for
from flask_babel import get_locale
from flask_openapi3 import Tag
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel, Field

from accounts import stored_answers
from accounts.access import acting, roles
from accounts.models import Role
from firmware.publishing import MAX_IMAGE_BYTES
from storage import resumable
from storage.clock import now
from storage.refusals import RefusedError
from storage.request import installation, reading, writing
from storage.resumable import Announced, Upload, UploadLimits, WrongOffsetError
from storage.uploads import accepts_upload

OFFSET = "Upload-Offset"

api = APIBlueprint(
    "upload_api",
    __name__,
    url_prefix="/api/v1/uploads",
    abp_tags=[Tag(name="uploads", description="Large files, sent in parts and resumed")],
    abp_security=[{"token": []}],
)


class MissingOffsetError(RefusedError):
    code = "missing-offset"
    ru = "Нужен заголовок Upload-Offset: с какого байта эта часть."
    en = "The header Upload-Offset is needed: the byte at which this part begins."


class NewUpload(BaseModel):
    file_name: str = Field(min_length=1, max_length=255, description="A plain file name")
    size: int = Field(ge=1, description="Bytes of the whole file")
    sha256: str | None = Field(None, description="64 lower-case hex digits, if known")


class UploadPath(BaseModel):
    upload: str = Field(max_length=64, description="`id` of the upload")


class UploadItem(BaseModel):
    id: str
    file_name: str
    size: int = Field(description="Bytes that were announced")
    offset: int = Field(description="Bytes that came; go on from here")
    part_size: int = Field(description="The most bytes of one part")
    expires_at: datetime = Field(description="UTC")


@api.post("", responses={201: UploadItem})
@roles(Role.PUBLISHER)
def begin(body: NewUpload) -> Response:
    """Announce a file. `Idempotency-Key` makes it safe to repeat."""
    owner, found = acting().login, installation()
    with writing() as session:
        before = stored_answers.given(session, owner, now())
        if before is not None:
            return before
        upload = resumable.begin(
            session,
            found.data_dir,
            Announced(body.file_name, body.size, body.sha256),
            owner=owner,
            limit=MAX_IMAGE_BYTES,
            limits=found.option(UploadLimits),
            now=now(),
        )
        return stored_answers.keep(
            session,
            owner,
            _item(upload, 0).model_dump_json(),
            201,
            now(),
            location=url_for("upload_api.state", upload=upload.id),
        )


@api.get("/<upload>", responses={200: UploadItem})
@roles(Role.PUBLISHER)
def state(path: UploadPath) -> Response:
    """How many bytes came."""
    upload = _mine(path.upload)
    return _answer(upload, resumable.offset(installation().data_dir, upload))


@api.patch("/<upload>", responses={200: UploadItem})
@roles(Role.PUBLISHER)
@accepts_upload(resumable.MAX_PART_BYTES)
def append(path: UploadPath) -> Response:
    """Send the bytes from `Upload-Offset` on, as the request's body; 409 names the right byte."""
    upload = _mine(path.upload)
    at = request.headers.get(OFFSET, "")
    if not at.isdecimal() or len(at) > 15:
        raise MissingOffsetError
    try:
        came = resumable.append(installation().data_dir, upload, int(at), request.stream)
    except WrongOffsetError as error:
        return _wrong_offset(error)
    return _answer(upload, came)


@api.delete("/<upload>", responses={204: None})
@roles(Role.PUBLISHER)
def cancel(path: UploadPath) -> Response:
    """Give an upload up."""
    with writing() as session:
        upload = resumable.get(session, path.upload, owner=acting().login, now=now())
        resumable.forget(session, upload.id)
    resumable.remove_file(installation().data_dir, upload.id)
    return Response(status=204)


def _mine(upload_id: str) -> Upload:
    with reading() as session:
        return resumable.get(session, upload_id, owner=acting().login, now=now())


def _item(upload: Upload, came: int) -> UploadItem:
    return UploadItem(
        id=upload.id,
        file_name=upload.file_name,
        size=upload.size,
        offset=came,
        part_size=resumable.MAX_PART_BYTES,
        expires_at=upload.expires_at,
    )


def _answer(upload: Upload, came: int) -> Response:
    response = Response(_item(upload, came).model_dump_json(), mimetype="application/json")
    response.headers[OFFSET] = str(came)
    response.headers["Cache-Control"] = "no-store"
    return response


def _wrong_offset(error: WrongOffsetError) -> Response:
    """The one problem that carries a number which a program needs."""
    offset = error.details["offset"]
    body = {
        "type": f"urn:flatpro:{error.code}",
        "title": error.text("en" if str(get_locale()) == "en" else "ru"),
        "status": 409,
        "code": error.code,
        "offset": offset,
    }
    text = json.dumps(body, ensure_ascii=False)
    response = Response(text, 409, mimetype="application/problem+json")
    response.headers[OFFSET] = str(offset)
    return response
