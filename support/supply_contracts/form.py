"""The form of a supply contract: what was typed, and what a stored one looks like in it."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import TypeVar

from storage.refusals import RefusedError
from support.cases.vocabulary import Payer
from support.contracts import NewContract
from support.customer_kinds import CustomerKind
from support.models import SupplyContract
from support.replacements.policy import ReplacementPolicy
from support.warranty_terms.evidence import StartEvent

MONTHS_MAX = 1200
#: The value of the start's select that asks for the day beside it.
ON_A_DAY = "day"
_YEARS = range(2000, 2101)

Word = TypeVar("Word", bound=StrEnum)


class ContractMonthsError(RefusedError):
    code = "contract-months"
    field = "months"
    ru = "Срок — целое число месяцев от 1 до {limit}, или пусто, если договор его не меняет."
    en = "The term is a whole number of months, 1 to {limit}, or empty where it is not changed."


class ContractStartDayError(RefusedError):
    code = "contract-start-day"
    field = "start_day"
    ru = "Назовите день, с которого идёт срок; или выберите, что срок идёт не с названного дня."
    en = "Name the day on which the term starts, or choose another start than a named day."


class ContractWordError(RefusedError):
    code = "contract-word"
    ru = "Выберите из списка: {typed} в нём нет."
    en = "Choose from the list: {typed} is not in it."


def typed_contract(form: Mapping[str, str]) -> NewContract:
    """The contract as typed; raises the errors above."""
    customer = _word(CustomerKind, form.get("customer", ""))
    return NewContract(
        number=form.get("number", ""),
        organisation=form.get("owner", ""),
        months=_months(form.get("months", "")),
        start=_start(form),
        product=form.get("product", "").strip() or None,
        customer_kind=customer or CustomerKind.LEGAL,
        replacement_policy=_word(ReplacementPolicy, form.get("replacement_policy", "")),
        inbound_payer=_word(Payer, form.get("inbound_payer", "")),
        return_payer=_word(Payer, form.get("return_payer", "")),
    )


def as_typed(contract: SupplyContract) -> Mapping[str, str]:
    """A stored contract as its form shows it."""
    return {
        "number": contract.number,
        "owner": contract.organisation.name,
        "months": str(contract.months or ""),
        "start": ON_A_DAY if contract.start_date else contract.start_event or "",
        "start_day": f"{contract.start_date or ''}",
        "product": contract.product.code if contract.product else "",
        "customer": contract.customer_kind,
        "replacement_policy": contract.replacement_policy or "",
        "inbound_payer": contract.inbound_payer or "",
        "return_payer": contract.return_payer or "",
    }


def mark_of(contract: SupplyContract) -> str:
    """Names what a form was made from, so that two people on one contract notice each other."""
    known = json.dumps(as_typed(contract), sort_keys=True)
    return hashlib.sha256(known.encode()).hexdigest()[:16]


def _months(typed: str) -> int | None:
    plain = typed.strip()
    if not plain:
        return None
    if not (plain.isascii() and plain.isdigit()) or len(plain) > 4:
        raise ContractMonthsError(limit=MONTHS_MAX)
    if not 1 <= int(plain) <= MONTHS_MAX:
        raise ContractMonthsError(limit=MONTHS_MAX)
    return int(plain)


def _start(form: Mapping[str, str]) -> date | StartEvent | None:
    if form.get("start", "") != ON_A_DAY:
        return _word(StartEvent, form.get("start", ""))
    try:
        day = date.fromisoformat(form.get("start_day", "").strip())
    except ValueError as error:
        raise ContractStartDayError from error
    if day.year not in _YEARS:
        raise ContractStartDayError
    return day


def _word(words: type[Word], typed: str) -> Word | None:
    """The word of a list, None where nothing was chosen."""
    if not typed:
        return None
    try:
        return words(typed)
    except ValueError as error:
        raise ContractWordError(typed=typed[:32]) from error
