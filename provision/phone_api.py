"""The phone plane under /p/: one address for everything a phone asks, read by the family files.

Phones speak HTTP/1.0, send no Host, double slashes, any spelling of a MAC. Every refusal is one and
the same; no answer holds a cookie, a redirect or a word about what failed.
"""

import time
from dataclasses import replace

import structlog
from flask import Blueprint, Request, Response, request
from flask.sansio.blueprints import BlueprintSetupState
from sqlalchemy.exc import DatabaseError
from werkzeug.exceptions import NotFound
from werkzeug.routing import BaseConverter

from accounts.access import phone
from firmware.offering import OfferedRelease
from provision import phone_door
from provision.configurations import PhoneFile
from provision.devices import registry
from provision.families.formats import UnwritableNameError, UnwritableValueError
from provision.models import CheckInKind
from provision.phone_fetches import (
    checkin_lines,
    downloads,
    phone_answers,
    phone_calls,
    phone_plane,
    phone_records,
)
from provision.phone_fetches.phone_calls import Finding, PhoneCall
from provision.phone_logs import keeping as phone_logs
from provision.proving.certificates import ClientCertificate
from provision.proving.grants import Grant
from provision.rendered import answer, making
from provision.rendered.keeping import Standing
from provision.rendered.lookup import Found
from provision.rendered.making import Bench
from provision.rendering import RenderError
from storage.clock import now
from storage.request import installation, reading, writing

_log = structlog.get_logger(__name__)

blueprint = Blueprint("phones", __name__)


class _Anything(BaseConverter):
    """The rest of a path, slashes at its start and in a row included."""

    regex = ".*"
    part_isolating = False


@blueprint.record
def _prepare(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["anything"] = _Anything


downloads.watch_downloads(blueprint, lambda: phone_plane.plane().may_record())


@blueprint.route("/p/<anything:rest>", methods=["GET"], provide_automatic_options=False)
@phone
def serve(rest: str) -> Response:  # noqa: ARG001 - the raw target is read, not what routing made of it
    """Whatever a phone asks under /p/: the bootstrap, its configuration, its image, or nothing."""
    try:
        return _serve()
    except DatabaseError:
        # The door has the configurations by itself while the database is away.
        call, plane = _call(request), phone_plane.plane()
        name = answer.request_sha256(call.target, call.agent)
        found = plane.last_images.find(name, time.monotonic())
        if found is None or "Authorization" in request.headers or not plane.door.lookup.is_away():
            raise
        _log.warning("image-without-database", version=found[0].version, age_s=round(found[1]))
        return phone_answers.send_image(found[0], lambda _done: None)


def _serve() -> Response:
    # The session is closed before anything is written: a request never holds two connections. It
    # sees one state: what phones share and what is the phone's own are read by two statements.
    with installation().database.snapshot() as session:
        plane = phone_plane.plane()
        finding = phone_calls.find_out(session, plane.gate, _call(request))
        stands = making.standing(session, finding)
        press = making.press_for(installation(), finding, stands, plane.inputs)
        try:
            prepared = phone_calls.prepare(session, finding, press)
        except (RenderError, UnwritableValueError, UnwritableNameError) as error:
            return phone_answers.not_written(finding, error)
    if finding.failed and not phone_records.may_fail(finding):
        return phone_answers.short(429, retry=True)
    if finding.grant is Grant.BOOTSTRAP and not phone_records.may_call(finding):
        return phone_answers.short(429, retry=True)
    if finding.grant is Grant.CHALLENGE:
        return phone_answers.challenge(finding)
    if isinstance(prepared, OfferedRelease):
        return phone_answers.image(finding, prepared)
    return _without_image(finding, prepared, stands)


def _without_image(
    finding: Finding, prepared: PhoneFile | None, stands: Standing | None
) -> Response:
    # Revoked, withdrawn, held or not due any more: nothing is given from memory either.
    call = finding.call
    phone_plane.plane().last_images.forget(answer.request_sha256(call.target, call.agent))
    if prepared is not None:
        return _file(finding, prepared, stands)
    if finding.grant is Grant.FIRMWARE:
        _keep(finding, making.NOTHING_DUE, stands)
        phone_records.record(finding, making.visit_of(finding, making.NOTHING_DUE))
        return phone_answers.nothing()
    if finding.identity.contradictions:
        phone_records.record(finding, finding.visit(CheckInKind.REFUSED, 404))
    # The one refusal: nothing tells a wrong token from a wrong MAC or a path that is none.
    raise NotFound


@blueprint.route("/p/<anything:rest>", methods=["PUT"], provide_automatic_options=False)
@phone
def take_log(rest: str) -> Response:  # noqa: ARG001 - the raw target is read, not what routing made of it
    """The log of a phone that proved itself; any other gets the one refusal, its log unread."""
    gate = phone_plane.plane().gate
    with reading() as session:
        finding = phone_calls.find_out(session, gate, _call(request))
    asked, mac = finding.asked, finding.identity.mac
    if finding.failed and not phone_records.may_fail(finding):
        return phone_answers.short(429, retry=True)
    if finding.grant is not Grant.LOG or asked is None or mac is None:
        raise NotFound
    if not gate.doorkeeper.may_send_log(mac.value, finding.call.at_s):
        return phone_answers.short(429, retry=True)
    content = request.stream.read(phone_logs.LOG_BYTES_MAX + 1)
    if len(content) > phone_logs.LOG_BYTES_MAX:
        phone_records.record(finding, finding.visit(CheckInKind.REFUSED, 413))
        return phone_answers.short(413)
    with writing() as session:
        device = registry.get(session, mac.value.hex)
        seal, name = installation().seal, asked.name or "phone"
        phone_logs.keep(session, seal, device, name, content, finding.call.at)
    visit = replace(finding.visit(CheckInKind.LOG, 204), total_bytes=len(content))
    phone_records.record(finding, visit)
    return phone_answers.nothing()


def _file(finding: Finding, file: PhoneFile, stands: Standing | None) -> Response:
    """The file, or 304 where the phone has these very bytes."""
    response = phone_answers.file_or_304(file)
    _keep(finding, file, stands)
    visit = replace(making.visit_of(finding, file), status=response.status_code)
    phone_records.record(finding, visit)
    return response


def _keep(finding: Finding, file: PhoneFile, stands: Standing | None) -> None:
    """Have the door give these bytes when the same phone asks again with the same words."""
    if stands is None or finding.call.method != "GET":
        return
    plane = phone_plane.plane()
    kept = making.kept(finding, file, stands, Bench(installation().seal, plane.press_mark))
    until_us = None if stands.until is None else checkin_lines.microseconds(stands.until)
    found = Found(
        kept.sealed,
        stands.credential_id,
        until_us,
        stands.device_id,
        stands.revision,
        stands.device_revision,
    )
    plane.door.last_good.keep(kept.request_sha256, found, len(kept.sealed), time.monotonic())
    plane.keeper.keep(kept)


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
