"""REST: handing a release in from an upload, drafts with their checks, sign-offs, publishing.

Every write takes an `Idempotency-Key`: sent again, it gets the same answer, and nothing is done
twice.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Response
from flask_openapi3 import Tag
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from accounts import stored_answers
from accounts.access import acting, roles, staff
from accounts.models import Role
from catalogue import products
from firmware import forms, publishing, releases
from firmware.api import ReleaseItem, release_item
from firmware.models import Release, Step
from firmware.publishing import NewRelease
from firmware.reviewing import drafts, sign_offs, submission
from firmware.reviewing.drafts import DraftState
from firmware.reviewing.submission import Submission
from storage import resumable
from storage.clock import now
from storage.request import installation, reading, writing
from storage.resumable import Upload

api = APIBlueprint(
    "release_api",
    __name__,
    url_prefix="/api/v1/products",
    abp_tags=[Tag(name="publishing", description="Drafts, sign-offs, publishing")],
    abp_security=[{"token": []}],
)


class ProductPath(BaseModel):
    code: str = Field(max_length=64, description="Product code, e.g. FP-B2")


class ReleasePath(ProductPath):
    version: str = Field(max_length=16)


class HandedIn(BaseModel):
    version: str = Field(max_length=16)
    upload: str = Field(max_length=64, description="`id` of a finished upload")
    channel: str = Field("testing", description="testing or stable")
    hardware: list[str] = Field(default_factory=list, max_length=32, description="Empty: all")
    min_from: str | None = Field(None, max_length=16)
    notes_ru: str = Field("", max_length=100_000)
    notes_en: str = Field("", max_length=100_000)
    draft: bool = Field(default=False, description="Keep a draft even where nobody must sign off")
    publish_at: datetime | None = Field(None, description="With an offset; not earlier")


class Promotion(BaseModel):
    channel: str = Field(description="testing or stable")


class Seen(BaseModel):
    revision: int | None = Field(None, description="Of the draft you saw; 409 if it changed since")


class CheckItem(BaseModel):
    check: str
    result: str = Field(description="passed, attention (for people to judge) or failed")
    found_ru: str
    found_en: str


class DraftItem(BaseModel):
    version: str
    state: str = Field(description="draft")
    channel: str
    file: str
    size: int
    sha256: str
    hardware: list[str]
    min_from: str | None
    publish_at: datetime | None
    uploaded_by: str
    revision: int = Field(description="Rises with each change; a sign-off is for one of them")
    checks: list[CheckItem]
    sign_offs: list[str] = Field(description="Logins")
    required: int = Field(description="How many sign-offs it needs")


class DraftList(BaseModel):
    items: list[DraftItem]


@api.post("/<code>/releases", responses={201: ReleaseItem, 202: DraftItem})
@roles(Role.PUBLISHER)
def hand_in(path: ProductPath, body: HandedIn) -> Response:
    """Publish an upload: 201 and the release, or 202 and a draft where people must agree."""
    with reading() as session:
        before = stored_answers.given(session, acting().login, now())
        if before is not None:
            return before
        upload = resumable.get(session, body.upload, owner=acting().login, now=now())
        handed = _submission(path.code, body, upload)
        submission.check(session, handed, forms.options())
    image = forms.image_of(upload)

    def work(session: Session) -> tuple[str, int]:
        release = submission.submit(
            session,
            handed,
            image,
            None,
            forms.ring(),
            forms.options(),
            actor=acting().login,
            now=now(),
        )
        resumable.forget(session, upload.id)
        return _said(session, release)

    answer = _once(work)
    resumable.remove_file(installation().data_dir, upload.id)
    return answer


@api.get("/<code>/drafts", responses={200: DraftList})
@staff
def list_drafts(path: ProductPath) -> Response:
    """The drafts of a product, with their checks and sign-offs."""
    with reading() as session:
        product = products.get(session, path.code)
        items = [_draft_item(session, draft) for draft in releases.drafts(session, product.id)]
    return Response(DraftList(items=items).model_dump_json(), mimetype="application/json")


@api.post("/<code>/drafts/<version>/sign-off", responses={200: DraftItem})
@roles(Role.PUBLISHER)
def sign_off(path: ReleasePath, query: Seen) -> Response:
    """Agree that the draft is published."""
    login = acting().login

    def work(session: Session) -> tuple[str, int]:
        draft = drafts.get(session, path.code, path.version, revision=query.revision)
        drafts.sign_off(session, draft, login, forms.options(), actor=login, now=now())
        return _draft_item(session, draft).model_dump_json(), 200

    return _once(work)


@api.delete("/<code>/drafts/<version>/sign-off", responses={200: DraftItem})
@roles(Role.PUBLISHER)
def take_back(path: ReleasePath) -> Response:
    """Agree no longer."""
    login = acting().login

    def work(session: Session) -> tuple[str, int]:
        draft = drafts.get(session, path.code, path.version)
        sign_offs.take_back(session, draft, Step.PUBLISH, login, actor=login, now=now())
        return _draft_item(session, draft).model_dump_json(), 200

    return _once(work)


@api.post("/<code>/drafts/<version>/publish", responses={201: ReleaseItem})
@roles(Role.PUBLISHER)
def publish(path: ReleasePath) -> Response:
    """Publish a draft that passes its checks, is signed off and due."""

    def work(session: Session) -> tuple[str, int]:
        draft = drafts.get(session, path.code, path.version)
        drafts.publish(
            session, draft, forms.ring(), forms.options(), actor=acting().login, now=now()
        )
        return _said(session, draft)

    return _once(work)


@api.delete("/<code>/drafts/<version>", responses={204: None})
@roles(Role.PUBLISHER)
def discard(path: ReleasePath) -> Response:
    """Throw a draft away."""

    def work(session: Session) -> tuple[str, int]:
        draft = drafts.get(session, path.code, path.version)
        drafts.discard(session, draft, actor=acting().login, now=now())
        return "", 204

    return _once(work)


@api.post("/<code>/releases/<version>/promote", responses={200: ReleaseItem})
@roles(Role.PUBLISHER)
def promote(path: ReleasePath, body: Promotion) -> Response:
    """Move a release to a channel."""

    def work(session: Session) -> tuple[str, int]:
        release = publishing.promote(
            session,
            path.code,
            path.version,
            body.channel,
            forms.ring(),
            actor=acting().login,
            now=now(),
            options=forms.options(),
        )
        return release_item(release).model_dump_json(), 200

    return _once(work)


def _submission(code: str, body: HandedIn, upload: Upload) -> Submission:
    new = NewRelease(
        product=code,
        version=body.version,
        file_name=upload.file_name,
        channel=body.channel,
        hardware=tuple(body.hardware),
        min_from=body.min_from or None,
        notes_ru=body.notes_ru.strip(),
        notes_en=body.notes_en.strip(),
    )
    at = body.publish_at
    if at is not None and at.tzinfo is None:
        raise submission.BadPublishTimeError(text=at.isoformat())
    return Submission(new, draft=body.draft, publish_at=at.astimezone(UTC) if at else None)


def _once(work: Callable[[Session], tuple[str, int]]) -> Response:
    """Do the work and store its answer in one transaction; a repeated request is answered alike."""
    login = acting().login
    with writing() as session:
        before = stored_answers.given(session, login, now())
        if before is not None:
            return before
        body, status = work(session)
        return stored_answers.keep(session, login, body, status, now())


def _said(session: Session, release: Release) -> tuple[str, int]:
    if release.is_draft:
        return _draft_item(session, release).model_dump_json(), 202
    return release_item(release).model_dump_json(), 201


def _draft_item(session: Session, release: Release) -> DraftItem:
    state = drafts.judge(session, release, forms.options())
    return _item(state)


def _item(state: DraftState) -> DraftItem:
    release, artifact = state.release, state.release.artifact
    words = drafts.words_of(release)
    return DraftItem(
        version=release.version,
        state=release.state,
        channel=words.channel,
        file=artifact.file_name,
        size=artifact.size,
        sha256=artifact.sha256,
        hardware=artifact.hardware,
        min_from=words.min_from,
        publish_at=words.publish_at,
        uploaded_by=release.uploader,
        revision=release.draft.revision if release.draft else 0,
        checks=[
            CheckItem(check=c.code, result=c.result, found_ru=c.ru, found_en=c.en)
            for c in state.checks
        ],
        sign_offs=list(state.signed),
        required=state.required,
    )
