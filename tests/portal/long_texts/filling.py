"""What a person would write into a form, by the name of the field and what the page offers."""

import itertools
from collections.abc import Iterator, Mapping
from datetime import timedelta

from storage.clock import moscow_date, now
from tests.portal.long_texts.page_forms import Field, PageForm

_numbers = itertools.count(1)
BY_NAME: Mapping[str, str] = {
    **dict.fromkeys(("serials", "website", "duplicate_of", "min_from", "contract", "inn"), ""),
    **dict.fromkeys(("applies_from", "applies_to", "organisation", "sites", "group", "window"), ""),
    **dict.fromkeys(("fixed_in", "version"), "9.9.9"),
    "address": "@severny-veter.example",
    "email": "anna@severny-veter.example",
    "hardware": "A",
    "months": "12",
    "networks": "127.0.0.0/30",
    "password": "long-Enough-1234567",
    "people": "3",
    "percent": "50",
    "phone": "+7 495 000-00-11",
    "price": "100",
    "publish_at": "",
}


def filled_in(form: PageForm) -> Iterator[dict[str, str]]:
    """What is sent with each button of the form."""
    body = {one.name: _written(one) for one in form.fields if one.kind not in {"submit", "file"}}
    pushes = [{one.name: one.value} for one in form.fields if one.kind == "submit"]
    yield from (body | push for push in pushes or [{}])


def _written(one: Field) -> str:
    day, number = moscow_date(now()) - timedelta(days=1), next(_numbers)
    if one.value or one.kind == "hidden":
        return one.value
    if one.name.startswith("mac"):
        return f"02f1a70f{number % 65536:04x}"
    by_kind = {"date": f"{day}", "datetime-local": f"{day}T10:00"}
    if one.kind in by_kind:
        return by_kind[one.kind]
    offered = next(filter(None, one.options), "")
    return BY_NAME.get(one.name, offered or f"Проба {number}")
