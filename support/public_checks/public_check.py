"""The public warranty check: who holds the phone's label may know a little, and nobody else.

A serial number is printed on the box and easily guessed, so the last six digits of the MAC must
agree with it. An unknown serial and a wrong MAC are one refusal, found by one and the same query.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import date
from typing import Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from provision.devices import registry
from provision.devices.identity import SERIAL_LENGTH_MAX, BadSerialError, SerialNumber
from provision.devices.summary import DeviceSummary
from provision.models import Device
from storage.refusals import NotFoundError, RefusedError
from support.calendars import keeping
from support.coverage import coverage_of
from support.phrases import Phrase
from support.public_checks.ended_terms import EndedTerm, ended_term
from support.replacements.chain import given_for
from support.warranty import CoverageAnswer, Verdict
from support.warranty_certificates.certificate_terms import BaseTerm
from support.warranty_certificates.certificates import base_term_of
from support.warranty_terms.terms import TermPolicy

ENDING_LENGTH = 6
TYPED_LENGTH_MAX = SERIAL_LENGTH_MAX

# Letters of a hex number that a Russian keyboard and a Latin label print alike.
_LOOK_ALIKES = str.maketrans("авсе", "abce")
_ENDING = re.compile(r"[0-9a-f]{6}(?:[0-9a-f]{6})?")

NEEDS_A_PERSON = Phrase(
    "Условия для этого телефона должен проверить специалист. Напишите в техническую поддержку.",
    "A person has to look at the terms for this phone. Please write to technical support.",
)


class LabelSerialError(RefusedError):
    code = "label-serial"
    field = "serial"
    ru = "Введите серийный номер с этикетки телефона."
    en = "Enter the serial number from the phone's label."


class LabelMacError(RefusedError):
    code = "label-mac"
    field = "mac_ending"
    ru = "Введите последние шесть знаков MAC-адреса: цифры и буквы от A до F."
    en = "Enter the last six characters of the MAC address: digits and letters from A to F."


class LabelUnknownError(NotFoundError):
    code = "label-unknown"
    ru = (
        "Такой пары серийного номера и MAC-адреса у нас нет. Сверьте оба значения с этикеткой;"
        " если они верны, напишите в техническую поддержку."
    )
    en = (
        "We have no such pair of serial number and MAC address. Compare both with the label;"
        " if they are right, write to technical support."
    )


@dataclass(frozen=True)
class TypedLabel:
    """The form as a person filled it in, cut to a sane length; it is shown again as it stands."""

    serial: str = ""
    mac_ending: str = ""

    @classmethod
    def of(cls, serial: str, mac_ending: str = "") -> Self:
        return cls(serial.strip()[:TYPED_LENGTH_MAX], mac_ending.strip()[:TYPED_LENGTH_MAX])


@dataclass(frozen=True)
class PublicAnswer:
    """All that the public may know of a phone; `rights` are the kinds in force that day.

    `claims_until` is set where claims are taken for longer than the warranty's last day (W-6),
    `certificate_until` while a certificate may still be bought (C-1), `ended` where the term is
    over. Of a replaced phone nothing more is told: its last day would tell of its case.
    """

    serial: str
    product: Phrase
    verdict: Verdict
    headline: Phrase
    rights: tuple[Phrase, ...]
    claims_until: date | None = None
    certificate_until: date | None = None
    ended: EndedTerm | None = None


def public_answer(
    session: Session, typed: TypedLabel, today: date, policy: TermPolicy
) -> PublicAnswer:
    """The answer for the phone whose label was typed.

    Raises LabelSerialError or LabelMacError for what no label says, and LabelUnknownError alike
    for a serial that is not on record and for a MAC that is not that phone's.
    """
    serial, ending = _serial(typed.serial), _mac_ending(typed.mac_ending)
    pair = select(Device).where(Device.serial == serial.text, Device.mac.endswith(ending))
    found = session.scalar(pair)
    if found is None:
        raise LabelUnknownError
    device = registry.summary_by_serial(session, serial)
    assert device is not None, "the pair was found in this transaction"
    try:
        answer = coverage_of(session, device, today, policy)
        proofs = registry.handovers(session, device.mac)
        told = _told(device, answer, base_term_of(answer, proofs) if answer.origin else None)
        if given_for(session, device.mac) is not None:
            return told
        calendar = keeping.current(session).calendar
        return replace(told, ended=ended_term(answer, calendar, found.product.support_end))
    except RefusedError:
        # Contracts that contradict each other are for staff to settle, and not to be told.
        return _unsettled(device)


def _told(device: DeviceSummary, answer: CoverageAnswer, base: BaseTerm | None) -> PublicAnswer:
    in_force = (right for right in answer.entitlements if answer.today in right.interval)
    return PublicAnswer(
        serial=answer.device.serial,
        product=_product(device),
        verdict=answer.verdict,
        headline=Phrase(answer.headline("ru"), answer.headline("en")),
        rights=tuple(dict.fromkeys(right.kind.phrase for right in in_force)),
        claims_until=None if answer.claims_until == answer.covered_until else answer.claims_until,
        certificate_until=base.window_ends_on if base and base.is_open(answer.today) else None,
    )


def _unsettled(device: DeviceSummary) -> PublicAnswer:
    return PublicAnswer(
        serial=device.serial or "",
        product=_product(device),
        verdict=Verdict.NOT_ESTABLISHED,
        headline=NEEDS_A_PERSON,
        rights=(),
    )


def _product(device: DeviceSummary) -> Phrase:
    return Phrase(device.product_name_ru, device.product_name_en)


def _serial(typed: str) -> SerialNumber:
    try:
        return SerialNumber.parse(typed)
    except BadSerialError as error:
        raise LabelSerialError from error


def _mac_ending(typed: str) -> str:
    """The last six digits; a person may type the whole MAC, with any separators."""
    plain = unicodedata.normalize("NFKC", typed).lower().translate(_LOOK_ALIKES)
    digits = re.sub(r"[\s:.\-_]", "", plain)
    if not _ENDING.fullmatch(digits):
        raise LabelMacError
    return digits[-ENDING_LENGTH:]
