"""The phone plane under /p/: one address for everything a phone asks, read by the family files.

Phones speak HTTP/1.0, send no Host, double slashes, any spelling of a MAC. Every refusal is one and
the same; no answer holds a cookie, a redirect or a word about what failed.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import structlog
from flask import Blueprint, Flask, Request, Response, current_app, request
from flask.sansio.blueprints import BlueprintSetupState
from sqlalchemy.exc import DatabaseError, SQLAlchemyError
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.routing import BaseConverter

from accounts.access import phone
from catalogue.download_api import send_blob
from firmware.offering import OfferedRelease
from provision import (
    checkin_lines,
    checkins,
    credentials,
    downloads,
    folding,
    phone_calls,
    phone_door,
)
from provision.certificates import ClientCertificate
from provision.checkin_lines import Line
from provision.checkins import SelfReport, SentBytes, Visit
from provision.configurations import PhoneFile, Press
from provision.devices import registry
from provision.dialects import families_of
from provision.families.family import PathKind
from provision.families.formats import UnwritableNameError, UnwritableValueError
from provision.grants import Grant
from provision.last_good import LastGood
from provision.models import CheckInKind
from provision.phone_calls import Finding, Gate, PhoneCall
from provision.phone_door import PhoneDoor
from provision.phone_logs import keeping as phone_logs
from provision.proofs import Verifier
from provision.rendered import answer, keeping
from provision.rendered.keeper import Keeper
from provision.rendered.keeping import Kept, Standing
from provision.rendered.lookup import Found, Lookup
from provision.rendered.press_mark import press_mark
from provision.rendering import RenderError
from storage.clock import now
from storage.conditions import RequestConditions, Validators, Verdict
from storage.db import DatabaseFullError
from storage.installation import Installation
from storage.refusals import RefusedError
from storage.request import installation, reading, writing
from storage.sending import Sent
from storage.serving import Cache, Representation

RETRY_AFTER_S = 60
IMAGE_TYPE = "application/octet-stream"
_PRIVATE = phone_door.PRIVATE
_EXTENSION = "flatpro.phones"
_KINDS = {Grant.BOOTSTRAP: CheckInKind.BOOTSTRAP, Grant.FIRMWARE: CheckInKind.FIRMWARE}

_log = structlog.get_logger(__name__)

blueprint = Blueprint("phones", __name__)


class _Anything(BaseConverter):
    """The rest of a path, slashes at its start and in a row included."""

    regex = ".*"
    part_isolating = False


@dataclass(frozen=True)
class _Plane:
    """What the views of one app share."""

    gate: Gate
    keeper: Keeper
    press_mark: bytes
    door: PhoneDoor
    last_images: LastGood[OfferedRelease] = field(default_factory=LastGood)


def init_app(app: Flask, place: Installation) -> None:
    """Give `app` what its phone views share, and put the fast door before it."""
    journal, mark = folding.journal_of(place), press_mark(place)
    gate = Gate(families_of(place), Verifier.of(place), journal)
    door = PhoneDoor(app.wsgi_app, Lookup(place.database, mark), place.seal, journal)
    app.extensions[_EXTENSION] = _Plane(gate, Keeper(place.database), mark, door)
    app.wsgi_app = door  # type: ignore[method-assign]  # Flask's own way


def keeper_of(app: Flask) -> Keeper:
    """What keeps the configurations that `app` makes; nothing is kept until it is started."""
    found: _Plane = app.extensions[_EXTENSION]
    return found.keeper


def door_of(app: Flask) -> PhoneDoor:
    """The door before the views of `app`."""
    found: _Plane = app.extensions[_EXTENSION]
    return found.door


@blueprint.record
def _prepare(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["anything"] = _Anything


def _may_record() -> bool:
    return _gate().doorkeeper.may_record(time.monotonic())


downloads.watch_downloads(blueprint, _may_record)


@blueprint.route("/p/<anything:rest>", methods=["GET"], provide_automatic_options=False)
@phone
def serve(rest: str) -> Response:  # noqa: ARG001 - the raw target is read, not what routing made of it
    """Whatever a phone asks under /p/: the bootstrap, its configuration, its image, or nothing."""
    try:
        return _serve()
    except DatabaseError:
        # The door has the configurations by itself while the database is away.
        call, plane = _call(request), _plane()
        name = answer.request_sha256(call.target, call.agent)
        found = plane.last_images.find(name, time.monotonic())
        if found is None or "Authorization" in request.headers or not plane.door.lookup.is_away():
            raise
        _log.warning("image-without-database", version=found[0].version, age_s=round(found[1]))
        return _send_image(found[0], lambda _done: None)


def _serve() -> Response:
    # The session is closed before anything is written: a request never holds two connections.
    with reading() as session:
        finding = phone_calls.find_out(session, _gate(), _call(request))
        press = Press.of(installation(), finding.asked.family if finding.asked else None)
        stands = _standing(session, finding)
        try:
            prepared = phone_calls.prepare(session, finding, press)
        except (RenderError, UnwritableValueError, UnwritableNameError) as error:
            return _not_written(finding, error)
    if finding.failed and not _may_fail(finding):
        headers = {**_PRIVATE, "Retry-After": str(RETRY_AFTER_S)}
        return Response("429\n", 429, headers=headers, mimetype="text/plain")
    if finding.grant is Grant.CHALLENGE:
        return _challenge(finding)
    if isinstance(prepared, OfferedRelease):
        return _image(finding, prepared)
    # Revoked, withdrawn, held or not due any more: nothing is given from memory either.
    call = finding.call
    _plane().last_images.forget(answer.request_sha256(call.target, call.agent))
    if isinstance(prepared, PhoneFile):
        return _file(finding, prepared, stands)
    if finding.grant is Grant.FIRMWARE:
        visit = finding.visit(CheckInKind.FIRMWARE, 204)
        _keep(finding, visit, PhoneFile(b"", ""), stands)
        _record(finding, visit)
        return _without_type(Response(status=204, headers=_PRIVATE))
    if finding.identity.contradictions:
        _record(finding, finding.visit(CheckInKind.REFUSED, 404))
    # The one refusal: nothing tells a wrong token from a wrong MAC or a path that is none.
    raise NotFound


@blueprint.route("/p/<anything:rest>", methods=["PUT"], provide_automatic_options=False)
@phone
def take_log(rest: str) -> Response:  # noqa: ARG001 - the raw target is read, not what routing made of it
    """The log of a phone that proved itself; any other gets the one refusal, its log unread."""
    with reading() as session:
        finding = phone_calls.find_out(session, _gate(), _call(request))
    asked, mac = finding.asked, finding.identity.mac
    if finding.failed and not _may_fail(finding):
        return _short(429, retry=True)
    if finding.grant is not Grant.LOG or asked is None or mac is None:
        raise NotFound
    if not _gate().doorkeeper.may_send_log(mac.value, finding.call.at_s):
        return _short(429, retry=True)
    content = request.stream.read(phone_logs.LOG_BYTES_MAX + 1)
    if len(content) > phone_logs.LOG_BYTES_MAX:
        _record(finding, finding.visit(CheckInKind.REFUSED, 413))
        return _short(413)
    with writing() as session:
        device = registry.get(session, mac.value.hex)
        seal, name = installation().seal, asked.name or "phone"
        phone_logs.keep(session, seal, device, name, content, finding.call.at)
    visit = replace(finding.visit(CheckInKind.LOG, 204), total_bytes=len(content))
    _record(finding, visit)
    return _without_type(Response(status=204, headers=_PRIVATE))


def _short(status: int, *, retry: bool = False) -> Response:
    """A refusal in the phone plane's few words."""
    headers = {**_PRIVATE, **({"Retry-After": str(RETRY_AFTER_S)} if retry else {})}
    return Response(f"{status}\n", status, headers=headers, mimetype="text/plain")


def _not_written(finding: Finding, error: RefusedError) -> Response:
    """The file cannot be made: the phone keeps what it has and asks again; staff are told why."""
    _log.error("configuration-not-written", reason=error.text("en"))
    _record(finding, finding.visit(CheckInKind.REFUSED, 503))
    headers = {**_PRIVATE, "Retry-After": str(RETRY_AFTER_S)}
    return Response("503\n", 503, headers=headers, mimetype="text/plain")


def _file(finding: Finding, file: PhoneFile, stands: Standing | None) -> Response:
    """The file, or 304 where the phone has these very bytes."""
    conditions = RequestConditions.from_headers(request.method, request.headers)
    # No date is sent, so none can be right: only the ETag decides.
    unchanged = conditions.verdict(Validators(file.etag, now())) is Verdict.NOT_MODIFIED
    headers = {**_PRIVATE, "ETag": file.etag}
    kind = _KINDS.get(finding.grant, CheckInKind.CONFIGURATION)
    visit = replace(finding.visit(kind, 304 if unchanged else 200), revision=file.revision)
    _keep(finding, replace(visit, status=200), file, stands)
    _record(finding, visit)
    if unchanged:
        return Response(status=304, headers=headers)
    return Response(file.body, 200, headers=headers, content_type=file.media_type)


def _standing(session: Session, finding: Finding) -> Standing | None:
    """How things stand for a phone that proved itself by its token; None for all others."""
    proved, asked = finding.proved, finding.asked
    if proved is None or asked is None or asked.token is None or finding.said is None:
        return None
    return keeping.standing(session, proved.credential_id, proved.proof.mac, finding.call.at)


def _keep(finding: Finding, visit: Visit, file: PhoneFile, stands: Standing | None) -> None:
    """Have the door give these bytes when the same phone asks again with the same words."""
    call = finding.call
    if stands is None or call.method != "GET":
        return
    request_sha256 = answer.request_sha256(call.target, call.agent)
    answered = answer.Answer(
        status=visit.status,
        etag=file.etag if file.body else "",
        media_type=file.media_type,
        record=checkin_lines.fixed_part(Line(visit, finding.said)),
        body=file.body,
    )
    sealed = answer.closed(answered, request_sha256, installation().seal)
    mark = _plane().press_mark
    until_us = None if stands.until is None else checkin_lines.microseconds(stands.until)
    found = Found(sealed, stands.credential_id, until_us)
    _plane().door.last_good.keep(request_sha256, found, len(sealed), time.monotonic())
    _plane().keeper.keep(Kept(request_sha256, visit.path_kind, stands, mark, sealed))


def _image(finding: Finding, due: OfferedRelease) -> Response:
    """The bytes of the release that is due, with a record of how many went out."""
    visit = finding.visit(CheckInKind.FIRMWARE, 200)
    number = _store(finding, replace(visit, version=due.version, total_bytes=due.size))
    call = finding.call
    if finding.proved is not None and finding.asked is not None and finding.asked.token:
        name = answer.request_sha256(call.target, call.agent)
        _plane().last_images.keep(name, due, 1, time.monotonic())
    return _send_image(due, partial(_finished, installation(), number))


def _send_image(due: OfferedRelease, when_done: Callable[[Sent], None]) -> Response:
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


def _challenge(finding: Finding) -> Response:
    assert finding.asked is not None, "a challenge is for something asked for"
    assert finding.asked.mac is not None, "the path of a challenge names a MAC"
    answer = Response("401\n", 401, headers=_PRIVATE, mimetype="text/plain")
    verifier, at = _gate().verifier, finding.call.at
    for value in verifier.challenge(finding.asked.mac, at, stale=finding.stale):
        answer.headers.add("WWW-Authenticate", value)
    return answer


def _may_fail(finding: Finding) -> bool:
    """Note a failed proof; whether its address has not failed too often yet."""
    call, asked = finding.call, finding.asked
    within = _gate().doorkeeper.failed(call.address, asked.mac if asked else None, call.at_s)
    status = 401 if asked and asked.kind is PathKind.AUTHENTICATED else 404
    _record(finding, finding.visit(CheckInKind.REFUSED, status if within else 429))
    return within


def _record(finding: Finding, visit: Visit) -> None:
    """Leave a check-in in the journal, with what a proof tells of the device.

    A record that cannot be written costs no phone its file.
    """
    proved = finding.proved
    if proved is None and not _may_record():
        return
    if proved is not None and not proved.is_used:
        _store(finding, visit)
        return
    try:
        _gate().journal.append(checkin_lines.written(Line(visit, finding.said)))
    except OSError:
        _log.exception("check-in-lost", kind=visit.kind)


def _store(finding: Finding, visit: Visit) -> int | None:
    """Store a check-in at once; its number.

    A download is one, as its end is noted too, and so is a secret's first use: by it older ones
    end, before the phone has its answer.
    """
    try:
        with installation().database.writing(lasting=False) as session:
            if finding.said is not None:
                said = _numbered(session, finding, finding.said)
                checkins.note_proved(session, said, visit.address, visit.at)
            return checkins.record(session, visit)
    except (SQLAlchemyError, DatabaseFullError):
        _log.exception("check-in-lost", kind=visit.kind)
        return None


def _numbered(session: Session, finding: Finding, said: SelfReport) -> SelfReport:
    """What was said, under the number that a certificate gets when it is first shown."""
    proved = finding.proved
    if proved is None or proved.certificate is None:
        return said
    mac, at = proved.proof.mac, finding.call.at
    number = credentials.note_certificate(session, mac, proved.certificate, at)
    return replace(said, credential_id=number)


def _finished(place: Installation, number: int | None, sent: Sent) -> None:
    if number is not None:
        part = SentBytes(sent.first_byte, sent.bytes_sent, sent.bytes_planned, sent.complete)
        downloads.finish(place, number, sent.status, part)


def _gate() -> Gate:
    return _plane().gate


def _plane() -> _Plane:
    found: _Plane = current_app.extensions[_EXTENSION]
    return found


def _call(found: Request) -> PhoneCall:
    return PhoneCall(
        at=now(),
        at_s=time.monotonic(),
        method=found.method,
        target=phone_door.raw_target(found.environ),
        agent=found.headers.get("User-Agent", ""),
        address=found.remote_addr or "",
        authorization=found.headers.get("Authorization"),
        certificate=_certificate(found),
        certificate_failed=found.headers.get("X-Client-Verify", "").startswith("FAILED"),
    )


def _certificate(found: Request) -> ClientCertificate | None:
    """The certificate that a trusted proxy checked; from anybody else these headers are gone."""
    if found.headers.get("X-Client-Verify") != "SUCCESS":
        return None
    return ClientCertificate.read(found.headers.get("X-Client-Cert", ""))


def _without_type(response: Response) -> Response:
    """An answer without a body has no type; Flask would call it HTML."""
    response.headers.remove("Content-Type")
    return response
