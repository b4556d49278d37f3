"""The subject of a row that holds somebody's words: the case in which it stands."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from support.cases.models import FaultReport, RepairUnit
from support.requests.models import RequestMessage


def subject_of(session: Session, table: str, row: Row[Any]) -> str:
    """As Held names it ("request:12/message:34"); the table's name where there is no case."""
    known = _PLACES.get(table)
    return known(session, row) if known else table


def _message(_session: Session, row: Row[Any]) -> str:
    return f"request:{row.request_id}/message:{row.id}"


def _file(session: Session, row: Row[Any]) -> str:
    query = select(RequestMessage.request_id).where(RequestMessage.id == row.message_id)
    return f"request:{session.scalar(query)}/file:{row.id}"


def _of_request(_session: Session, row: Row[Any]) -> str:
    return f"request:{row.request_id}"


def _of_report(session: Session, row: Row[Any]) -> str:
    query = select(FaultReport.number).where(FaultReport.id == row.report_id)
    return f"repair:{session.scalar(query)}"


def _of_unit(session: Session, row: Row[Any]) -> str:
    query = select(FaultReport.number).join(RepairUnit, RepairUnit.report_id == FaultReport.id)
    return f"repair:{session.scalar(query.where(RepairUnit.id == row.unit_id))}"


_PLACES: dict[str, Callable[[Session, Row[Any]], str]] = {
    "support_request": lambda _session, row: f"request:{row.id}",
    "support_request_message": _message,
    "support_request_attachment": _file,
    "support_request_event": _of_request,
    "support_refusal": _of_request,
    "incoming_mail": lambda _session, row: f"letter:{row.id}",
    "outgoing_mail": lambda _session, row: f"outgoing-letter:{row.id}",
    "fault_report_version": _of_report,
    "repair_unit": _of_report,
    "repair_event": _of_unit,
    "coverage_decision": _of_unit,
    "repair_quote": _of_unit,
    "unidentified_parcel": lambda _session, row: f"parcel:{row.id}",
}
