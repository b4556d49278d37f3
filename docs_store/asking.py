"""What the address of a list asks for, and in which language its reader reads."""

from flask import request
from sqlalchemy.orm import Session

from catalogue import products
from docs_store import search
from docs_store.kinds import Kind
from docs_store.search import DocumentQuery
from storage.answer_language import answer_language

_MOST_PAGES = 100_000


def query() -> DocumentQuery:
    """What the address asks for."""
    wanted = request.args
    return DocumentQuery(
        text=wanted.get("q", "").strip()[: search.MAX_QUERY],
        product=wanted.get("product", ""),
        kind=wanted.get("kind", ""),
        language=answer_language(),
    )


def page() -> int:
    """The page of the list that is asked for, from 1."""
    asked = request.args.get("page", "1")
    return min(max(int(asked), 1), _MOST_PAGES) if asked.isdecimal() and len(asked) < 9 else 1


def options(session: Session) -> dict[str, list[tuple[str, str]]]:
    """What the select fields offer: values and their words."""
    spoken = answer_language()
    return {
        "product_options": [(p.code, p.name(spoken)) for p in products.every(session)],
        "kind_options": [(kind.value, kind.label(spoken)) for kind in Kind],
    }
