"""What phones are answered: a file or 304, an image, a challenge, or few words and nothing else."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import structlog
from flask import Response, request

from catalogue.download_api import send_blob
from firmware.offering import OfferedRelease
from provision.configurations import PhoneFile
from provision.models import CheckInKind
from provision.phone_door import PRIVATE
from provision.phone_fetches import phone_records
from provision.phone_fetches.phone_calls import Finding
from provision.phone_fetches.phone_plane import plane
from provision.rendered import answer
from storage.clock import now
from storage.http_answers.conditions import RequestConditions, Validators, Verdict
from storage.http_answers.sending import Sent
from storage.refusals import RefusedError
from storage.request import installation
from storage.serving import Cache, Representation

RETRY_AFTER_S = 60
IMAGE_TYPE = "application/octet-stream"

_log = structlog.get_logger(__name__)


def short(status: int, *, retry: bool = False) -> Response:
    """A refusal in the phone plane's few words."""
    headers = {**PRIVATE, **({"Retry-After": str(RETRY_AFTER_S)} if retry else {})}
    return Response(f"{status}\n", status, headers=headers, mimetype="text/plain")


def nothing() -> Response:
    """204: an answer without a body has no type; Flask would call it HTML."""
    response = Response(status=204, headers=PRIVATE)
    response.headers.remove("Content-Type")
    return response


def not_written(finding: Finding, error: RefusedError) -> Response:
    """The file cannot be made: the phone keeps what it has and asks again; staff are told why."""
    _log.error("configuration-not-written", reason=error.text("en"))
    phone_records.record(finding, finding.visit(CheckInKind.REFUSED, 503))
    return short(503, retry=True)


def file_or_304(file: PhoneFile) -> Response:
    """The file, or 304 where the phone has these very bytes."""
    conditions = RequestConditions.from_headers(request.method, request.headers)
    # No date is sent, so none can be right: only the ETag decides.
    headers = {**PRIVATE, "ETag": file.etag}
    if conditions.verdict(Validators(file.etag, now())) is Verdict.NOT_MODIFIED:
        return Response(status=304, headers=headers)
    return Response(file.body, 200, headers=headers, content_type=file.media_type)


def image(finding: Finding, due: OfferedRelease) -> Response:
    """The bytes of the release that is due, with a record of how many went out."""
    visit = finding.visit(CheckInKind.FIRMWARE, 200)
    number = phone_records.store(finding, replace(visit, version=due.version, total_bytes=due.size))
    call = finding.call
    if finding.proved is not None and finding.asked is not None and finding.asked.token:
        name = answer.request_sha256(call.target, call.agent)
        plane().last_images.keep(name, due, 1, time.monotonic())
    return send_image(due, partial(phone_records.finished, installation(), number))


def send_image(due: OfferedRelease, when_done: Callable[[Sent], None]) -> Response:
    """The bytes of a release, whole or the part that is asked for."""
    shown = Representation(
        sha256=due.sha256,
        size=due.size,
        content_type=IMAGE_TYPE,
        file_name=due.file_name,
        # What is due changes, also back to an older release: only the ETag names the bytes, so a
        # resume by date never matches and gets the whole file.
        last_modified=now(),
        cache=Cache.private(),
    )
    sent = send_blob(shown, when_done)
    sent.headers["Cache-Control"] = "private, no-store, no-transform"
    return sent


def challenge(finding: Finding) -> Response:
    """401 with what a proof by the device's password must answer."""
    assert finding.asked is not None, "a challenge is for something asked for"
    assert finding.asked.mac is not None, "the path of a challenge names a MAC"
    response = short(401)
    verifier, at = plane().gate.verifier, finding.call.at
    for value in verifier.challenge(finding.asked.mac, at, stale=finding.stale):
        response.headers.add("WWW-Authenticate", value)
    return response
