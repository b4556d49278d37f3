"""Addresses of stored bytes that people, phones and mirrors share: blobs by hash, public keys."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import partial
from io import BytesIO

from flask import Blueprint, Response, g, request

from accounts.access import anyone
from catalogue import keys, targets
from catalogue.minisign import PublicKey
from catalogue.mirrors import mode
from catalogue.mirrors.models import Mirror
from catalogue.models import SignedFile
from storage.blob_keeping.standby import StandbyBlobStore
from storage.blobs import BlobMissingError, StoredBlob
from storage.clock import now
from storage.http_answers import handing_over
from storage.http_answers.conditions import RequestConditions
from storage.http_answers.file_names import content_disposition
from storage.http_answers.handing_over import HandOver
from storage.http_answers.sending import Sent, respond
from storage.request import installation, others_may_send, reading
from storage.serving import Cache, Plan, Representation

blueprint = Blueprint("catalogue", __name__)

SIGNATURE_SUFFIX = ".minisig"
#: Where `flask.g` holds the hash of the stored file that the answer sends.
SENT_SHA256 = "sent_sha256"
_MANIFEST_CACHE = Cache.revalidate(max_age_s=60)


def send_blob(
    representation: Representation, on_finished: Callable[[Sent], None] | None = None
) -> Response:
    """The answer to the current request for a stored file."""
    setattr(g, SENT_SHA256, representation.sha256)
    opened = partial(installation().blobs.open, representation.sha256)
    handed_over = partial(_handed_over, representation)
    response = respond(representation, opened, request, on_finished, handed_over=handed_over)
    blobs = installation().blobs
    if isinstance(blobs, StandbyBlobStore):
        blobs.want(StoredBlob(representation.sha256, representation.size))
        if (away_s := blobs.away_s()) is not None:
            # From our own copy; so long ago its place was seen last.
            response.headers["Age"] = str(round(away_s))
    return response


def _handed_over(
    representation: Representation, conditions: RequestConditions, plan: Plan
) -> Plan | None:
    """The answer that lets nginx or the bucket send the bytes, where it may; else None."""
    if not others_may_send():
        return None
    place = installation()
    options = place.option(HandOver)
    if options.accel_prefix and place.blobs.folder is not None:
        if not handing_over.nginx_may_send(conditions, plan):
            return None
        # What is missing or in quarantine is refused by us, not by nginx.
        place.blobs.size(representation.sha256)
        return handing_over.to_nginx(plan, representation, options.accel_prefix)
    if not (options.redirect and handing_over.bucket_may_send(conditions, plan)):
        return None
    name = content_disposition(representation.file_name, inline=representation.inline)
    address = place.blobs.address(
        representation.sha256,
        disposition=name,
        content_type=representation.content_type,
        now=now(),
        ttl_s=handing_over.REDIRECT_TTL_S,
    )
    return None if address is None else handing_over.to_bucket(address)


def send_text(body: bytes, file: SignedFile, name: str, content_type: str) -> Response:
    """The answer to the current request for a small published text."""
    return send_bytes(body, name, content_type, file.issued_at, _MANIFEST_CACHE)


def send_bytes(
    body: bytes, name: str, content_type: str, last_modified: datetime, cache: Cache
) -> Response:
    """The answer to the current request for bytes that are at hand."""
    representation = Representation(
        sha256=hashlib.sha256(body).hexdigest(),
        size=len(body),
        content_type=content_type,
        file_name=name,
        last_modified=last_modified,
        cache=cache,
        inline=True,
    )
    return respond(representation, partial(BytesIO, body), request)


@blueprint.get("/blob/sha256/<sha256>")
@anyone
def blob(sha256: str) -> Response:
    """A published file by its hash, for ever the same; withdrawn ones too."""
    with reading() as session:
        target = targets.by_hash(session, sha256)
    if target is None:
        raise BlobMissingError(sha256=sha256[:64])
    return send_blob(
        Representation(
            sha256=target.sha256,
            size=target.size,
            content_type="application/octet-stream",
            file_name=target.path.rsplit("/", 1)[-1],
            last_modified=target.added_at,
            cache=Cache.immutable(),
        )
    )


@blueprint.get("/keys/minisign.pub")
@anyone
def minisign_key() -> Response:
    """The key that signs manifests and checksum lists."""
    mirror = _mirror()
    key = PublicKey.parse(mirror.online_key) if mirror else keys.of(installation()).online.public
    return _key_text(key.text())


@blueprint.get("/keys/firmware.pub")
@anyone
def firmware_key() -> Response:
    """The key that signs release statements: what a phone trusts."""
    mirror = _mirror()
    key = (
        PublicKey.parse(mirror.firmware_key) if mirror else keys.of(installation()).firmware_public
    )
    return _key_text(key.text())


def _mirror() -> Mirror | None:
    """On a mirror the keys are those of its upstream: they signed what it serves."""
    with reading() as session:
        return mode.of(session)


def _key_text(text: str) -> Response:
    response = Response(text, mimetype="text/plain")
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
