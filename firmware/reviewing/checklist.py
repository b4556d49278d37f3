"""The checks that a draft is held against before people sign it off. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from catalogue.versions import Version
from firmware.paths import Problem

#: A release is seldom a third or the triple of the one before it: a wrong file often is.
_GROWTH = 3


class Result(StrEnum):
    """`failed` keeps a draft from being signed off; `attention` is for people to judge."""

    PASSED = "passed"
    ATTENTION = "attention"
    FAILED = "failed"


@dataclass(frozen=True)
class Check:
    """One line of the checklist; `ru` and `en` say what was found."""

    code: str
    result: Result
    ru: str
    en: str

    def text(self, language: str) -> str:
        """What was found, for a reader of `language` ("ru" or "en")."""
        return self.ru if language == "ru" else self.en


@dataclass(frozen=True)
class Header:
    """What the image says of itself."""

    product: str
    version: str
    hardware: tuple[str, ...]


@dataclass(frozen=True)
class Draft:
    """All that the checks look at. `header` is None for a file in no known format.

    `current` is the version that the draft's channel offers now, `previous_size` the bytes of the
    highest release so far; `problems` are those of the upgrade graph with the draft in it.
    """

    product: str
    version: Version
    hardware: tuple[str, ...]
    known_hardware: tuple[str, ...]
    header: Header | None
    channel: str
    current: Version | None
    notes_ru: str
    notes_en: str
    size: int
    max_size: int
    previous_size: int | None
    problems: Sequence[Problem]
    sbom: str | None
    as_step: bool = False


def checks(draft: Draft) -> tuple[Check, ...]:
    """Every check in the order of the page."""
    return (
        _header(draft),
        _hardware(draft),
        _rises(draft),
        _notes(draft),
        _size(draft),
        _paths(draft),
        _sbom(draft),
    )


def is_sound(found: Sequence[Check]) -> bool:
    """Whether the draft may be signed off."""
    return all(check.result is not Result.FAILED for check in found)


def _header(draft: Draft) -> Check:
    header = draft.header
    if header is None:
        return Check(
            "header",
            Result.ATTENTION,
            "Формат файла неизвестен: заголовок не проверялся.",
            "The file is in no known format: its header was not inspected.",
        )
    for ru, en, said, found in (
        ("изделие", "product", draft.product, header.product),
        ("версия", "version", str(draft.version), header.version),
    ):
        if said != found:
            return Check(
                "header",
                Result.FAILED,
                f"Заголовок противоречит: {ru} указано {said}, в образе {found}.",
                f"The header contradicts: {en} is said to be {said}, the image says {found}.",
            )
    strange = sorted(set(draft.hardware) - set(header.hardware))
    if strange:
        return Check(
            "header",
            Result.FAILED,
            f"Образ не подходит к ревизии {', '.join(strange)}.",
            f"The image does not fit revision {', '.join(strange)}.",
        )
    return Check(
        "header",
        Result.PASSED,
        f"Заголовок образа согласен: {header.product} {header.version}.",
        f"The image header agrees: {header.product} {header.version}.",
    )


def _hardware(draft: Draft) -> Check:
    unknown = sorted(set(draft.hardware) - set(draft.known_hardware))
    if unknown or not draft.hardware:
        named = ", ".join(unknown) or "—"
        return Check(
            "hardware",
            Result.FAILED,
            f"У изделия нет ревизии {named}.",
            f"The product has no hardware revision {named}.",
        )
    named = ", ".join(draft.hardware)
    return Check(
        "hardware", Result.PASSED, f"Ревизии известны: {named}.", f"Hardware is known: {named}."
    )


def _rises(draft: Draft) -> Check:
    current, channel = draft.current, draft.channel
    if current is None:
        return Check(
            "rises",
            Result.PASSED,
            f"Первый выпуск в канале {channel}.",
            f"The first release in the channel {channel}.",
        )
    if draft.version < current and draft.as_step:
        return Check(
            "rises",
            Result.PASSED,
            f"Шаг для отставших: ниже нынешней {current} (канал {channel}).",
            f"A step for those left behind: below {current}, the current one ({channel}).",
        )
    if draft.version <= current:
        return Check(
            "rises",
            Result.FAILED,
            f"Версия не выше нынешней {current} (канал {channel}).",
            f"The version does not rise above {current}, the current one ({channel}).",
        )
    return Check(
        "rises",
        Result.PASSED,
        f"Версия выше нынешней {current} (канал {channel}).",
        f"The version rises above {current}, the current one ({channel}).",
    )


def _notes(draft: Draft) -> Check:
    missing = [
        words
        for words, text in (
            (("по-русски", "in Russian"), draft.notes_ru),
            (("по-английски", "in English"), draft.notes_en),
        )
        if not text.strip()
    ]
    if missing:
        return Check(
            "notes",
            Result.FAILED,
            f"Нет описания изменений: {' и '.join(ru for ru, _ in missing)}.",
            f"The notes are missing {' and '.join(en for _, en in missing)}.",
        )
    return Check(
        "notes",
        Result.PASSED,
        "Описание изменений есть на обоих языках.",
        "The notes are there in both languages.",
    )


def _size(draft: Draft) -> Check:
    size, before = draft.size, draft.previous_size
    if not 0 < size <= draft.max_size:
        return Check(
            "size",
            Result.FAILED,
            f"Размер не годится: {size} байт.",
            f"The size is unusable: {size} bytes.",
        )
    if before and not before / _GROWTH <= size <= before * _GROWTH:
        return Check(
            "size",
            Result.ATTENTION,
            f"Размер сильно отличается от прошлого выпуска: {size} байт против {before}.",
            f"The size differs much from the release before: {size} bytes, not {before}.",
        )
    return Check(
        "size", Result.PASSED, f"Размер обычный: {size} байт.", f"The size is usual: {size} bytes."
    )


def _paths(draft: Draft) -> Check:
    if draft.problems:
        first = draft.problems[0]
        return Check(
            "paths",
            Result.FAILED,
            f"Часть телефонов не сможет обновиться: {first.text('ru')}.",
            f"Some phones could not upgrade: {first.text('en')}.",
        )
    return Check(
        "paths",
        Result.PASSED,
        "До выпуска можно дойти с каждой вышедшей версии.",
        "Every version ever shipped can reach the release.",
    )


def _sbom(draft: Draft) -> Check:
    if draft.sbom is None:
        return Check(
            "sbom",
            Result.ATTENTION,
            "Состава (SBOM) нет; он не обязателен.",
            "There is no SBOM; it is optional.",
        )
    return Check("sbom", Result.PASSED, f"Состав: {draft.sbom}.", f"SBOM: {draft.sbom}.")
