"""The publish form: from what was typed to an edition, and what it starts with."""

from dataclasses import dataclass

from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage, MultiDict

from docs_store import publishing
from docs_store.kinds import Kind
from docs_store.library import ever_published
from docs_store.models import Document
from docs_store.naming import Language
from docs_store.publishing import NewEdition
from storage.refusals import RefusedError

EMPTY = NewEdition(
    slug="", kind=Kind.MANUAL, language=Language.RU, version="", title="", file_name=""
)


class FileNeededError(RefusedError):
    code = "file-needed"
    field = "file"
    ru = "Выберите файл."
    en = "Choose a file."


@dataclass(frozen=True)
class Refilled:
    """The form as shown: what was typed and what is wrong with it."""

    typed: NewEdition
    problems: tuple[RefusedError, ...] = ()

    def error(self, field: str, language: str) -> str | None:
        """What to say beside a field."""
        texts = [refusal.text(language) for refusal in self.problems if refusal.field == field]
        return " ".join(texts) or None

    def summary(self, language: str) -> list[tuple[str, str]]:
        """Pairs of field name and message, for the top of the page."""
        return [(refusal.field or "", refusal.text(language)) for refusal in self.problems]


def typed_edition(form: MultiDict[str, str], file: FileStorage | None) -> NewEdition:
    """What was typed, as it was typed; judging it is publishing's."""
    return NewEdition(
        slug=form.get("slug", "").strip(),
        kind=form.get("kind", ""),
        language=form.get("language", ""),
        version=form.get("version", "").strip(),
        title=form.get("title", "").strip(),
        file_name=(file.filename if file else None) or "",
        products=tuple(form.getlist("product")),
        applies_from=form.get("applies_from", "").strip() or None,
        applies_to=form.get("applies_to", "").strip() or None,
    )


def next_edition(document: Document) -> NewEdition:
    """The form for the next edition of a document that exists."""
    newest = ever_published(document)[0]
    return NewEdition(
        slug=document.slug,
        kind=document.kind,
        language=newest.language,
        version="",
        title=newest.title,
        file_name="",
        products=document.product_codes,
    )


def problems(session: Session, new: NewEdition) -> tuple[RefusedError, ...]:
    """All that is wrong with the form; a file that was not chosen is said as such."""
    found = publishing.problems(session, new)
    if new.file_name:
        return tuple(found)
    return (*(refusal for refusal in found if refusal.field != "file"), FileNeededError())
