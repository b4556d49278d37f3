"""What the pages' forms say of releases, taken apart once."""

from collections.abc import Mapping
from pathlib import PurePath

from flask import request
from werkzeug.datastructures import FileStorage

from accounts.access import acting
from catalogue import keys
from firmware import publishing, sboms
from firmware.models import Channel
from firmware.publishing import NewRelease, StoredImage
from firmware.reviewing import submission
from firmware.reviewing.drafts import DraftWords
from firmware.reviewing.options import SignOffOptions
from firmware.reviewing.submission import Submission
from firmware.sboms import StoredSbom
from storage import resumable
from storage.blobs import HashMismatchError
from storage.clock import now
from storage.refusals import RefusedError
from storage.request import installation, reading, writing
from storage.resumable import Upload

Typed = Mapping[str, str]


class FileMissingError(RefusedError):
    code = "file-missing"
    field = "file"
    ru = "Выберите файл образа."
    en = "Choose the image file."


class SbomFileMissingError(RefusedError):
    code = "file-missing"
    field = "sbom"
    ru = "Выберите файл SBOM."
    en = "Choose the SBOM file."


def handed_in(form: Typed, file_name: str) -> Submission:
    """A release from the form that publishes one."""
    new = NewRelease(
        product=form.get("product", ""),
        version=form.get("version", "").strip(),
        # Some browsers send a whole path.
        file_name=PurePath(file_name.replace("\\", "/")).name,
        channel=form.get("channel", Channel.TESTING),
        hardware=tuple(form.get("hardware", "").replace(",", " ").split()),
        min_from=form.get("min_from", "").strip() or None,
        notes_ru=form.get("notes_ru", "").strip(),
        notes_en=form.get("notes_en", "").strip(),
    )
    return Submission(
        new,
        draft=bool(form.get("draft")),
        publish_at=submission.publish_time(form.get("publish_at", "")),
    )


def draft_words(form: Typed) -> DraftWords:
    """What the form says of a draft."""
    return DraftWords(
        channel=form.get("channel", ""),
        min_from=form.get("min_from", "").strip() or None,
        notes_ru=form.get("notes_ru", "").strip(),
        notes_en=form.get("notes_en", "").strip(),
        publish_at=submission.publish_time(form.get("publish_at", "")),
    )


def revision_seen(form: Typed) -> int:
    """Which state of the draft the person had before their eyes."""
    text = form.get("revision", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def uploaded(name: str) -> FileStorage | None:
    """The file in this field of the form, if one was chosen."""
    found = request.files.get(name)
    return found if found is not None and found.filename else None


def stored_image() -> StoredImage:
    """The uploaded image, safe on disk; raises FileMissingError or what the store raises."""
    file = uploaded("file")
    if file is None:
        raise FileMissingError
    return publishing.store_image(installation().blobs, file.stream)


def image_of(upload: Upload) -> StoredImage:
    """The bytes of an upload in parts as an image that is safe on disk.

    An upload whose hash is wrong is forgotten: going on with it could not help.
    """
    found = installation()
    try:
        with resumable.whole(found.data_dir, upload) as file:
            return publishing.store_image(found.blobs, file, sha256=upload.sha256, size=upload.size)
    except HashMismatchError:
        with writing() as session:
            resumable.forget(session, upload.id)
        resumable.remove_file(found.data_dir, upload.id)
        raise


def upload_named(form: Typed) -> Upload | None:
    """The upload in parts that the form goes with, if the page's script made one."""
    name = form.get("upload", "")
    if not name or uploaded("file") is not None:
        return None
    with reading() as session:
        return resumable.get(session, name, owner=login(), now=now())


def stored_sbom() -> StoredSbom | None:
    """The uploaded SBOM, if there is one."""
    file = uploaded("sbom")
    return sboms.store(installation().blobs, file.stream) if file else None


def ring() -> keys.KeyRing:
    """The keys of this installation."""
    return keys.of(installation())


def options() -> SignOffOptions:
    """How many people must agree here."""
    return installation().option(SignOffOptions)


def login() -> str:
    """Who asks."""
    return acting().login
