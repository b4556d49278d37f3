"""Registering the day on which a phone was handed to its User: where a warranty begins (W-3)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from sqlalchemy.orm import Session

from provision.devices import registry
from provision.devices.identity import MacAddress
from provision.devices.models import HandoverKind
from provision.devices.registry import NewHandover
from provision.devices.summary import HandoverEvidence
from storage.clock import moscow_date
from storage.refusals import ConflictError, RefusedError
from support.contracts import contract_number
from support.coverage import device_by_serial
from support.warranty_terms.evidence import EvidenceKind, StartEvent

#: Earlier dates are slips of the pen: no Flat Phone is that old.
EARLIEST = date(2000, 1, 1)
#: What stands for the paper when a handover is registered without naming one.
NO_PAPER = "запись в реестре"
#: What a person may register by hand; a date that the contract names is the contract's own.
KINDS = tuple(
    kind
    for kind in EvidenceKind
    if StartEvent.HANDOVER.is_proved_by(kind) and kind is not EvidenceKind.CONTRACT
)


_RUSSIAN_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII)


class HandoverDayError(RefusedError):
    code = "handover-day"
    field = "on"
    ru = "Укажите день передачи, например 2026-11-22."
    en = "Give the day of handover, for example 2026-11-22."


class HandoverKindError(RefusedError):
    code = "handover-kind"
    field = "kind"
    ru = "Выберите, чем подтверждается передача."
    en = "Choose what proves the handover."


class HandoverDateError(RefusedError):
    code = "handover-date"
    field = "on"
    ru = "Дата передачи {on} не годится: нужен день с {earliest} по сегодняшний, {today}."
    en = "The handover date {on} is unusable: it lies between {earliest} and today, {today}."


class HandoverContractError(ConflictError):
    code = "handover-contract"
    field = "contract"
    ru = "Эта передача уже записана с другим договором: {known}. Назовите другой документ."
    en = "This handover is already on record with another contract: {known}. Name another paper."


@dataclass(frozen=True)
class HandoverForm:
    """A handover to register; an empty `document` is a record without a paper."""

    on: date
    document: str = ""
    contract: str = ""
    kind: EvidenceKind = EvidenceKind.USER_DOCUMENT

    @classmethod
    def from_form(cls, form: Mapping[str, str]) -> Self:
        """The fields on, document, contract, kind; raises HandoverDayError, HandoverKindError."""
        kind = next((kind for kind in KINDS if kind == form.get("kind")), None)
        if kind is None:
            raise HandoverKindError
        day = _day(form.get("on", "").strip())
        return cls(day, form.get("document", ""), form.get("contract", ""), kind)


def register(
    session: Session, serial: str, form: HandoverForm, *, actor: str, now: datetime
) -> HandoverEvidence:
    """Record the proof in the register of devices, with its audit entry; twice is one proof.

    Raises UnknownSerialError, HandoverDateError, HandoverContractError and what the register
    refuses. A contract that is not on record yet is kept by its number.
    """
    today = moscow_date(now)
    if not EARLIEST <= form.on <= today:
        raise HandoverDateError(on=form.on, earliest=EARLIEST, today=today)
    contract = contract_number(form.contract) if form.contract.strip() else ""
    device = registry.by_mac(session, MacAddress(device_by_serial(session, serial).mac))
    assert device is not None, "its summary was read in this transaction"
    new = NewHandover(
        HandoverKind(form.kind.value), form.on, form.document.strip() or NO_PAPER, contract
    )
    recorded = registry.add_handover(session, device, new, actor=actor, now=now)
    if contract and recorded.contract != contract:
        raise HandoverContractError(known=recorded.contract or "—")
    return recorded


def _day(text: str) -> date:
    """A browser's date field says 2026-11-22; without such a field a person says 22.11.2026."""
    russian = _RUSSIAN_DAY.fullmatch(text)
    try:
        if russian:
            return date(*reversed([int(part) for part in russian.groups()]))
        return date.fromisoformat(text)
    except ValueError as error:
        raise HandoverDayError from error
