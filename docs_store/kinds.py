"""Kinds of documents, in the order in which lists show them, with their names. Pure.

The names are data like a product's: search takes them in both languages at once.
"""

from enum import StrEnum

from storage.refusals import RefusedError


class UnknownKindError(RefusedError):
    code = "unknown-document-kind"
    field = "kind"
    ru = "Вида документа «{kind}» нет. Есть: {known}."
    en = "There is no kind of document “{kind}”. There are: {known}."


class Kind(StrEnum):
    MANUAL = "manual"
    QUICK_START = "quick_start"
    ADMIN_GUIDE = "admin_guide"
    DATASHEET = "datasheet"
    PASSPORT = "passport"
    RELEASE_NOTES = "release_notes"
    MIB = "mib"
    CERTIFICATE = "certificate"
    FORM = "form"
    OTHER = "other"

    def label(self, language: str) -> str:
        """The kind's name for a reader of `language` ("ru" or "en")."""
        russian, english = _LABELS[self]
        return russian if language == "ru" else english

    @property
    def place(self) -> int:
        """Where the kind stands in lists, from 0."""
        return list(Kind).index(self)


_LABELS = {
    Kind.MANUAL: ("Руководство по эксплуатации", "User manual"),
    Kind.QUICK_START: ("Краткое руководство", "Quick start guide"),
    Kind.ADMIN_GUIDE: ("Руководство администратора", "Administrator guide"),
    Kind.DATASHEET: ("Технические характеристики", "Datasheet"),
    Kind.PASSPORT: ("Паспорт изделия", "Product passport"),
    Kind.RELEASE_NOTES: ("Описание изменений", "Release notes"),
    Kind.MIB: ("Файл MIB", "MIB file"),
    Kind.CERTIFICATE: ("Сертификат или декларация", "Certificate"),
    Kind.FORM: ("Бланк", "Form"),
    Kind.OTHER: ("Прочее", "Other"),
}


def parse_kind(text: str) -> Kind:
    """The kind of this name; raises UnknownKindError."""
    if text not in set(Kind):
        raise UnknownKindError(kind=text[:32], known=", ".join(Kind))
    return Kind(text)
