"""The single support requests behind a figure of a report."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.orm import Session

from support.reports import request_figures
from support.reports.dividing import at, on_line
from support.reports.figure import RequestFigure
from support.reports.question import Dimension, Key, Question
from support.requests.models import Refusal, SupportRequest
from support.requests.refusing import KEPT
from support.requests.vocabulary import RefusalCode
from support.sla.log import State

PAGE = 50
_OVER = tuple(state for state in State if state.is_over)


@dataclass(frozen=True)
class RequestsBehind:
    """What a figure is asked for: of one line or, without a key, of all; with one code or any."""

    question: Question
    figure: RequestFigure
    line: Key = ()
    code: RefusalCode | None = None


def count(session: Session, asked: RequestsBehind) -> int:
    """How many there are; one about phones of two lots is one."""
    return session.scalar(select(func.count()).where(SupportRequest.id.in_(_numbers(asked)))) or 0


def rows(session: Session, asked: RequestsBehind, page: int) -> Sequence[SupportRequest]:
    """Those of a page, counted from 0: the latest first."""
    query = select(SupportRequest).where(SupportRequest.id.in_(_numbers(asked)))
    order = (SupportRequest.registered_at.desc(), SupportRequest.id.desc())
    return session.scalars(query.order_by(*order).limit(PAGE).offset(page * PAGE)).unique().all()


def _numbers(asked: RequestsBehind) -> Select[Any]:
    question = asked.question
    query = request_figures.narrowed(question, select(SupportRequest.id))
    if asked.line:
        query = query.where(*_on_line(question.by, asked.line))
    if asked.figure is RequestFigure.REFUSED:
        query = query.join(Refusal, Refusal.request_id == SupportRequest.id)
        query = query.where(Refusal.state.in_(KEPT))
        return query if asked.code is None else query.where(Refusal.code == asked.code)
    return query.where(_meant_by(asked.figure))


def _on_line(by: Dimension, key: Key) -> list[ColumnElement[bool]]:
    if by is Dimension.LOT:
        return at(request_figures.columns_by(by), key)
    return on_line(SupportRequest, by, key)


def _meant_by(figure: RequestFigure) -> ColumnElement[bool]:
    if figure is RequestFigure.OPENED:
        return SupportRequest.state.not_in(_OVER)
    if figure is RequestFigure.PROMISED:
        return SupportRequest.promises_kept.is_not(None)
    if figure is RequestFigure.KEPT:
        return SupportRequest.promises_kept.is_(True)
    return true()
