"""A whole report: its lines with their names, all of it in one line, what stands out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.orm import Session

from support.reports import (
    repair_figures,
    repair_lines,
    request_figures,
    request_lines,
    standing_out,
)
from support.reports.dividing import names
from support.reports.question import Dimension, Key, Question, months_of
from support.reports.repair_lines import RepairLine
from support.reports.request_lines import RequestLine
from support.reports.standing_out import StandsOut


@dataclass(frozen=True)
class RepairReport:
    """The repairs of a question. `months` are all of the period, `stands_out` by key."""

    question: Question
    lines: Sequence[RepairLine]
    total: RepairLine
    months: Sequence[tuple[date, int]]
    stands_out: Mapping[Key, StandsOut]
    names: Mapping[str, str]


@dataclass(frozen=True)
class RequestReport:
    """The support requests of a question."""

    question: Question
    lines: Sequence[RequestLine]
    total: RequestLine
    names: Mapping[str, str]


@dataclass(frozen=True)
class Warnings:
    """What stands out, the worst first, and all repairs that were looked at in one line."""

    found: Mapping[Dimension, Sequence[StandsOut]]
    looked: RepairLine


def of_repairs(session: Session, question: Question) -> RepairReport:
    """The report of repairs."""
    found = repair_figures.figures(session, question)
    lines, by_month = repair_lines.lines(found), repair_figures.by_month(session, question)
    out = standing_out.standing_out(lines, found.phones) if question.by.is_of_make else []
    return RepairReport(
        question,
        lines,
        repair_lines.together(found),
        [(month, by_month.get(month, 0)) for month in months_of(question)],
        {one.key: one for one in out},
        _names(session, question, [line.key for line in lines]),
    )


def of_requests(session: Session, question: Question) -> RequestReport:
    """The report of requests."""
    found = request_figures.figures(session, question)
    lines, whole = request_lines.lines(found), found
    if question.by is Dimension.LOT:
        # A request about two lots is one request.
        whole = request_figures.figures(session, question.divided(Dimension.PRODUCT))
    return RequestReport(
        question,
        lines,
        request_lines.together(whole),
        _names(session, question, [line.key for line in lines]),
    )


def warnings(session: Session, question: Question) -> Warnings:
    """The lots and the firmware that stand out in the period."""
    found, looked = {}, None
    for by in (one for one in Dimension if one.is_of_make):
        asked = replace(question, by=by, lot="", firmware="")
        figures = repair_figures.figures(session, asked, full=False)
        found[by] = standing_out.standing_out(repair_lines.lines(figures), figures.phones)
        # However they are divided, all of them are the same.
        looked = looked or repair_lines.together(figures)
    assert looked is not None
    return Warnings(found, looked)


def _names(session: Session, question: Question, keys: Sequence[Key]) -> Mapping[str, str]:
    if question.by in {Dimension.ORGANISATION, Dimension.PARTNER}:
        return names(session, keys)
    return {}
