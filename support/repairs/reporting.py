"""Gathers what the repair report says, and the papers that a case has."""

from datetime import datetime

from sqlalchemy.orm import Session

from storage.clock import moscow_date
from support.cases.models import RepairUnit
from support.cases.vocabulary import Reason, Resolution
from support.repairs import deciding, letters, records
from support.repairs.refused import NoReportError
from support.repairs.report_pdf import RepairReport


def report_of(session: Session, unit: RepairUnit, now: datetime, language: str) -> RepairReport:
    """R-9: the report of a phone whose fate is settled; raises NoReportError before that."""
    if unit.received_at is None or unit.resolution is None:
        raise NoReportError
    _version, act = records.act_of(unit.report)
    decision = next(iter(deciding.of_unit(session, unit)), None)
    refused = not unit.covered and decision is not None and decision.reason
    reason = Reason(refused).phrase if refused else None
    return RepairReport(
        number=unit.name,
        act=act,
        serial=unit.serial,
        product=unit.product,
        requested_on=unit.requested_on,
        received_on=moscow_date(unit.received_at),
        eliminated_on=moscow_date(unit.eliminated_at) if unit.eliminated_at else None,
        returned_on=moscow_date(unit.returned_at) if unit.returned_at else None,
        fault=unit.fault,
        verdict=letters.verdict(reason),
        resolution=Resolution(unit.resolution).phrase,
        work=unit.work,
        parts=unit.parts,
        replacement=unit.replacement.serial or "" if unit.replacement else "",
        centre=unit.received_centre or "",
        made_at=now,
        language=language,
    )
