"""From what a call came to, the answer that may be given again to the same request."""

from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from provision.checkins import Visit
from provision.configurations import PhoneFile, Press
from provision.models import CheckInKind
from provision.phone_fetches import checkin_lines
from provision.phone_fetches.checkin_lines import Line
from provision.phone_fetches.phone_calls import Finding
from provision.phone_fetches.shared_inputs import SharedInputs
from provision.proving.grants import Grant
from provision.rendered import answer, keeping
from provision.rendered.answer import Answer
from provision.rendered.keeping import Kept, Standing
from storage.installation import Installation
from storage.sealed import Seal

#: The answer of somebody who is due no image.
NOTHING_DUE = PhoneFile(b"", "")
_KINDS = {Grant.BOOTSTRAP: CheckInKind.BOOTSTRAP, Grant.FIRMWARE: CheckInKind.FIRMWARE}


@dataclass(frozen=True)
class Bench:
    """With what answers are closed: the seal, and the mark of what makes files here."""

    seal: Seal = field(repr=False)
    press_mark: bytes


def standing(session: Session, finding: Finding) -> Standing | None:
    """How things stand for a phone that proved itself by its token; None for all others."""
    proved, asked = finding.proved, finding.asked
    if proved is None or asked is None or asked.token is None or finding.said is None:
        return None
    return keeping.standing(session, proved.credential_id, proved.proof.mac, finding.call.at)


def press_for(
    place: Installation, finding: Finding, stands: Standing | None, inputs: SharedInputs
) -> Press:
    """What makes this phone's file; what it shares with others is known where its standing is."""
    press = Press.of(place, finding.asked.family if finding.asked else None)
    return press if stands is None else replace(press, shared=inputs.at(stands.revision))


def visit_of(finding: Finding, file: PhoneFile) -> Visit:
    """The record of a call that is given `file` whole."""
    kind = _KINDS.get(finding.grant, CheckInKind.CONFIGURATION)
    status = 204 if file is NOTHING_DUE else 200
    return replace(finding.visit(kind, status), revision=file.revision)


def kept(
    finding: Finding, file: PhoneFile, stands: Standing, bench: Bench, *, is_awaited: bool = False
) -> Kept:
    """`file` as it is kept for the next call in the same words; for the first one, `is_awaited`."""
    call, visit = finding.call, visit_of(finding, file)
    request_sha256 = answer.request_sha256(call.target, call.agent)
    answered = Answer(
        status=visit.status,
        etag=file.etag if file.body else "",
        media_type=file.media_type,
        record=checkin_lines.fixed_part(Line(visit, finding.said)),
        body=file.body,
        request=answer.written(call.target, call.agent, is_awaited=is_awaited),
    )
    sealed = answer.closed(answered, request_sha256, bench.seal)
    return Kept(request_sha256, visit.path_kind, stands, bench.press_mark, sealed)
