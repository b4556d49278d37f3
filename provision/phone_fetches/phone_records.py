"""The check-ins that phone views leave: in the journal, or at once where the answer waits."""

from dataclasses import replace

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from provision import checkins, credentials
from provision.checkins import SelfReport, SentBytes, Visit
from provision.families.family import PathKind
from provision.models import CheckInKind
from provision.phone_fetches import checkin_lines, downloads
from provision.phone_fetches.checkin_lines import Line
from provision.phone_fetches.phone_calls import Finding
from provision.phone_fetches.phone_plane import plane
from storage.db import DatabaseFullError
from storage.http_answers.sending import Sent
from storage.installation import Installation
from storage.request import installation

_log = structlog.get_logger(__name__)


def may_fail(finding: Finding) -> bool:
    """Note a failed proof; whether its address has not failed too often yet."""
    call, asked = finding.call, finding.asked
    within = plane().gate.doorkeeper.failed(call.address, asked.mac if asked else None, call.at_s)
    status = 401 if asked and asked.kind is PathKind.AUTHENTICATED else 404
    record(finding, finding.visit(CheckInKind.REFUSED, status if within else 429))
    return within


def may_call(finding: Finding) -> bool:
    """Note a first contact; whether its address has not made too many of them yet."""
    call = finding.call
    within = plane().gate.doorkeeper.may_call(call.address, call.at_s)
    if not within:
        record(finding, finding.visit(CheckInKind.REFUSED, 429))
    return within


def record(finding: Finding, visit: Visit) -> None:
    """Leave a check-in in the journal, with what a proof tells of the device.

    A record that cannot be written costs no phone its file.
    """
    proved = finding.proved
    if proved is None and not plane().may_record():
        return
    if proved is not None and not proved.is_used:
        store(finding, visit)
        return
    try:
        plane().gate.journal.append(checkin_lines.written(Line(visit, finding.said)))
    except OSError:
        _log.exception("check-in-lost", kind=visit.kind)


def store(finding: Finding, visit: Visit) -> int | None:
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


def finished(place: Installation, number: int | None, sent: Sent) -> None:
    """Note how a download ended, where its begin could be stored."""
    if number is not None:
        part = SentBytes(sent.first_byte, sent.bytes_sent, sent.bytes_planned, sent.complete)
        downloads.finish(place, number, sent.status, part)


def _numbered(session: Session, finding: Finding, said: SelfReport) -> SelfReport:
    """What was said, under the number that a certificate gets when it is first shown."""
    proved = finding.proved
    if proved is None or proved.certificate is None:
        return said
    mac, at = proved.proof.mac, finding.call.at
    number = credentials.note_certificate(session, mac, proved.certificate, at)
    return replace(said, credential_id=number)
