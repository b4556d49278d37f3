"""Counting support requests in the database, for the lines of a report."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from storage.clock import midnight
from support.reports import fleet
from support.reports.dividing import keys, owner_of, wanted
from support.reports.question import Dimension, Question
from support.reports.request_lines import Asked, Refused, RequestFigures
from support.requests.models import Refusal, RequestDevice, SupportRequest
from support.requests.refusing import KEPT
from support.requests.vocabulary import RefusalCode
from support.sla.log import State


def figures(session: Session, question: Question) -> RequestFigures:
    """Everything that the report of a question is made of.

    Divided by lots, a request about phones of two lots stands on both lines.
    """
    return RequestFigures(
        asked=_asked(session, question),
        refused=_refused(session, question),
        phones=fleet.phones(session, question),
        in_service=fleet.in_service(session, question),
    )


def _asked(session: Session, question: Question) -> Sequence[Asked]:
    columns = (*columns_by(question.by), SupportRequest.state, SupportRequest.promises_kept)
    query = narrowed(question, select(*columns, _count(question))).group_by(*columns)
    key_of = keys(session, question.by)
    return [
        Asked(key_of(key), State(state), kept, count)
        for *key, state, kept, count in session.execute(query)
    ]


def _refused(session: Session, question: Question) -> Sequence[Refused]:
    columns = (*columns_by(question.by), Refusal.code)
    query = (
        narrowed(question, select(*columns, _count(question)))
        .join(Refusal, Refusal.request_id == SupportRequest.id)
        .where(Refusal.state.in_(KEPT))
        .group_by(*columns)
    )
    key_of = keys(session, question.by)
    return [
        Refused(key_of(key), RefusalCode(code), count)
        for *key, code, count in session.execute(query)
    ]


def columns_by(by: Dimension) -> tuple[Any, ...]:
    """The columns whose values make a line's key."""
    if by is Dimension.PRODUCT:
        return (SupportRequest.product,)
    if by is Dimension.LOT:
        return (SupportRequest.product, RequestDevice.lot)
    if by is Dimension.FIRMWARE:
        return (SupportRequest.product, SupportRequest.firmware)
    return (owner_of(SupportRequest),)


def _count(question: Question) -> ColumnElement[int]:
    """Requests, though one has many phones."""
    if _needs_phones(question):
        return func.count(func.distinct(SupportRequest.id))
    return func.count()


def _needs_phones(question: Question) -> bool:
    return question.by is Dimension.LOT or bool(question.lot)


def narrowed(question: Question, query: Select[Any]) -> Select[Any]:
    """The requests of a question, with their phones where it asks for lots."""
    since, until = midnight(question.since), midnight(question.until + timedelta(days=1))
    query = query.where(SupportRequest.registered_at >= since, SupportRequest.registered_at < until)
    query = query.select_from(SupportRequest)
    if _needs_phones(question):
        query = query.outerjoin(RequestDevice, RequestDevice.request_id == SupportRequest.id)
    if question.lot:
        query = query.where(RequestDevice.lot == question.lot)
    return query.where(*wanted(SupportRequest, replace(question, lot="")))
