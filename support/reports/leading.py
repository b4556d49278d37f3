"""What a line is called, and where it, a figure and a month lead: everything is an address."""

from collections.abc import Mapping
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from support.reports.export import named
from support.reports.making import RepairReport, RequestReport
from support.reports.months import days_of
from support.reports.question import Dimension, Key, Question

_FILTERS = ("since", "until", "product", "lot", "firmware", "organisation", "partner")
_OF_A_LIST = ("by", "line", "figure", "reason", "code")
Report = RepairReport | RequestReport


def kept() -> dict[str, str]:
    """What the address of this page narrows its report to."""
    return {name: request.args[name][:64] for name in _FILTERS if request.args.get(name)}


def asked() -> dict[str, Any]:
    """What the address of a list asks for; other names in it could be read as orders to url_for."""
    told = {name: [one[:64] for one in request.args.getlist(name)] for name in _OF_A_LIST}
    return {**kept(), **{name: values for name, values in told.items() if values}}


def label(key: Key, report: Report) -> str:
    """A line's name as people read it."""
    parts = [one or _("not known") for one in named(key, report.question.by, report.names)]
    return " · ".join(parts)


def further(key: Key, by: Dimension) -> dict[str, str]:
    """What of the address changes to look into a line; nothing where there is no way further."""
    if not key[-1]:
        return {}
    if by is Dimension.ORGANISATION:
        return {"by": Dimension.PRODUCT, "organisation": key[0]}
    if by is Dimension.PARTNER:
        return {"by": Dimension.ORGANISATION, "partner": key[0]}
    if by is Dimension.PRODUCT:
        return {"by": Dimension.LOT, "product": key[0]}
    if by is Dimension.LOT:
        return {"by": Dimension.FIRMWARE, "product": key[0], "lot": key[1]}
    return {"by": Dimension.LOT, "product": key[0], "firmware": key[1]}


def report(endpoint: str, question: Question) -> str:
    """The address of the report that the address of this page comes from."""
    said: dict[str, Any] = {**kept(), "by": question.by.value}
    return url_for(endpoint, **said)


def behind(
    endpoint: str, kept: Mapping[str, str], question: Question, key: Key, **more: str
) -> str:
    """The address of what is behind a figure of a line (of all of it without a key).

    It names its days, so that it says the same tomorrow. Without an endpoint there is none: this
    reader sees figures alone.
    """
    if not endpoint:
        return ""
    days = {"since": question.since.isoformat(), "until": question.until.isoformat()}
    said: dict[str, Any] = {**kept, **days, "by": question.by.value, "line": list(key), **more}
    return url_for(endpoint, **said)


def month_days(report: RepairReport) -> list[dict[str, str]]:
    """The days of each month of the chart, as far as they are in the period."""
    question = report.question
    spans = [days_of(month) for month, _count in report.months]
    return [
        {
            "since": max(question.since, first).isoformat(),
            "until": min(question.until, last).isoformat(),
        }
        for first, last in spans
    ]
