"""The phones of an order as a person typed them, and which of them can have the certificate."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from accounts.access import Actor
from provision.devices import registry
from provision.devices.identity import BadSerialError, SerialNumber
from storage.refusals import RefusedError
from support.certificate_orders.refused import OrderLinesError
from support.public_checks.public_check import TypedLabel, public_answer
from support.repairs.prefilling import is_theirs
from support.warranty_certificates import certificates
from support.warranty_terms.entitlements import EntitlementKind
from support.warranty_terms.terms import TermPolicy

LINES_MAX = 100
_SPLIT = re.compile(r"[\s;,]+")

#: Counts a try of somebody who is not the phone's owner, and takes it back when it was right.
Counted = Callable[[], Callable[[], None]]


@dataclass(frozen=True)
class Checked:
    """C-4: one line: the last day on which the certificate may be paid, or why it can't be had."""

    serial: str
    until: date | None = None
    refusal: RefusedError | None = None


def typed_lines(text: str) -> Sequence[TypedLabel]:
    """A serial number a line, after it the last six of the MAC; raises OrderLinesError."""
    rows = [_SPLIT.split(line.strip()) for line in text.splitlines() if line.strip()]
    if not 0 < len(rows) <= LINES_MAX:
        raise OrderLinesError(limit=LINES_MAX)
    found = [TypedLabel.of(row[0], row[1] if len(row) > 1 else "") for row in rows]
    return list({line.serial.upper(): line for line in found}.values())


def checked(
    session: Session,
    line: TypedLabel,
    kind: EntitlementKind,
    actor: Actor | None,
    today: date,
    policy: TermPolicy,
    count: Counted,
) -> Checked:
    """Whether a phone can have the certificate; the owner, or who holds its label, is told."""
    try:
        serial = _serial(session, line, actor, today, policy, count)
        base = certificates.may_have(session, serial, kind, today, policy)
    except RefusedError as refusal:
        return Checked(line.serial, refusal=refusal)
    return Checked(serial, until=base.window_ends_on)


def _serial(
    session: Session,
    line: TypedLabel,
    actor: Actor | None,
    today: date,
    policy: TermPolicy,
    count: Counted,
) -> str:
    try:
        number = SerialNumber.parse(line.serial)
        device = registry.by_serial(session, number)
    except BadSerialError:
        device = None
    if device is not None and actor is not None and is_theirs(session, device, actor):
        return device.serial or ""
    # Anybody else has to hold the label: an unknown serial and a wrong MAC are one refusal.
    was_right = count()
    answer = public_answer(session, line, today, policy)
    was_right()
    return answer.serial
