"""When a request may be refused (N-1…N-5): each code has its own proof. Pure.

A refusal is a right and not a duty: what is checked here only says that a person may propose it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from storage.clock import moscow_date
from storage.refusals import RefusedError
from support.agreements.debts import Debt
from support.civil_dates import add_days
from support.requests.vocabulary import RefusalCode
from support.work_calendar import WorkCalendar

#: N-1: so many working days people have for an answer to "what is missing".
WAIT_WORKING_DAYS = 3


class RefusalTextError(RefusedError):
    code = "refusal-text"
    field = "text"
    ru = (
        "Напишите пользователю, почему обращение не принято и что можно сделать: до {limit} знаков."
    )
    en = (
        "Tell the User why the request is not taken and what can be done: up to {limit} characters."
    )


class NothingMissingError(RefusedError):
    code = "refusal-nothing-missing"
    field = "refusal_code"
    ru = "Все нужные сведения есть: по этой причине отказать нельзя."
    en = "Everything needed was told: this is no reason to refuse."


class NotAskedError(RefusedError):
    code = "refusal-not-asked"
    field = "refusal_code"
    ru = "Сначала спросите о недостающем: {missing}. Отказать можно через {days} рабочих дня."
    en = "Ask for what is missing first: {missing}. Refusing is possible {days} working days later."


class TooEarlyError(RefusedError):
    code = "refusal-too-early"
    field = "refusal_code"
    ru = "Пользователя спросили {asked}; отказать можно с {day}."
    en = "The User was asked on {asked}; refusing is possible from {day}."


class ManualError(RefusedError):
    code = "refusal-manual"
    field = "manual"
    ru = "Укажите руководство или обучение, которое поможет (ссылку или название)."
    en = "Name the manual or training that will help (a link or a title)."


class NoDuplicateError(RefusedError):
    code = "refusal-no-duplicate"
    field = "duplicate_of"
    ru = (
        "Обращение № {number} — не то же самое: нужны тот же пользователь, тот же телефон и та же"
        " неисправность, и чтобы оно было открыто. Неисправность повторилась — пишите новое."
    )
    en = (
        "Request {number} is not the same: the same User, phone and symptom are needed, and that it"
        " is open. A fault that came back is a new request."
    )


class NoDebtError(RefusedError):
    code = "refusal-no-debt"
    field = "refusal_code"
    ru = "Просроченного долга у организации нет."
    en = "The organisation has no overdue debt."


class StaleDebtError(RefusedError):
    code = "refusal-stale-debt"
    field = "refusal_code"
    ru = "Данные о долге — на {as_of}: они старше одного рабочего дня, отказать по ним нельзя."
    en = "The figure is of {as_of}: it is older than one working day and refuses nobody."


@dataclass(frozen=True)
class Case:
    """What is known of a request when its refusal is proposed.

    `duplicates` are the numbers of requests that are the same; `asked_at` is when the person was
    first asked for what is missing.
    """

    missing: Sequence[str]
    asked_at: datetime | None
    duplicates: Sequence[int]
    debt: Debt | None


@dataclass(frozen=True)
class Grounds:
    """What the agent brings for the code: a manual for SKILL_GAP, a number for DUPLICATE."""

    manual: str = ""
    duplicate_of: int = 0


def check(
    code: RefusalCode, case: Case, grounds: Grounds, calendar: WorkCalendar, today: date
) -> dict[str, object]:
    """The evidence to keep with a refusal under this code; raises what says why it may not be."""
    match code:
        case RefusalCode.INFO_MISSING:
            return _info_missing(case, calendar, today)
        case RefusalCode.SKILL_GAP:
            if not grounds.manual.strip():
                raise ManualError
            return {"manual": grounds.manual.strip()[:500]}
        case RefusalCode.ABUSE:
            # No list of words decides this: surnames and quotations would be caught.
            return {}
        case RefusalCode.DUPLICATE:
            if grounds.duplicate_of not in case.duplicates:
                raise NoDuplicateError(number=grounds.duplicate_of)
            return {"duplicate_of": grounds.duplicate_of}
        case RefusalCode.OVERDUE_RECEIVABLE:
            return _debt(case.debt, calendar, today)


def needs_lead(code: RefusalCode) -> bool:
    """N-2: whether a person can be helped is judged by the head of support alone."""
    return code is RefusalCode.SKILL_GAP


def may_refuse_from(asked_on: date, calendar: WorkCalendar) -> date:
    """N-1: the day after the third working day after the asking."""
    day = asked_on
    for _ in range(WAIT_WORKING_DAYS):
        day = calendar.next_working(add_days(day, 1))
    return add_days(day, 1)


def _info_missing(case: Case, calendar: WorkCalendar, today: date) -> dict[str, object]:
    if not case.missing:
        raise NothingMissingError
    if case.asked_at is None:
        raise NotAskedError(missing=", ".join(case.missing), days=WAIT_WORKING_DAYS)
    asked_on = moscow_date(case.asked_at)
    first = may_refuse_from(asked_on, calendar)
    if today < first:
        raise TooEarlyError(asked=asked_on, day=first)
    return {"missing": list(case.missing), "asked_on": asked_on.isoformat()}


def _debt(debt: Debt | None, calendar: WorkCalendar, today: date) -> dict[str, object]:
    if debt is None or debt.overdue <= 0:
        raise NoDebtError
    if not debt.may_refuse(calendar, today):
        raise StaleDebtError(as_of=debt.as_of)
    return {"overdue": str(debt.overdue), "as_of": debt.as_of.isoformat()}
