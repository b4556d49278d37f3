"""What happened with a request, in words: its events are kept as codes (pure)."""

from collections.abc import Mapping
from typing import Any

from support.packages.package import Priority, Promise
from support.phrases import Phrase
from support.requests.letters import MISSING
from support.requests.vocabulary import EventKind, RefusalCode, RefusalState, Symptom
from support.sla.log import State

_DEEDS = {
    EventKind.TERMS: Phrase("назначены сроки", "the terms were set"),
    EventKind.STATE: Phrase("состояние", "state"),
    EventKind.ANSWERED: Phrase("дан ответ", "answered"),
    EventKind.RESTORED: Phrase("связь восстановлена", "the service was restored"),
    EventKind.ASKED: Phrase("спросили, чего не хватает", "asked for what is missing"),
    EventKind.ATTESTED: Phrase("подтверждены правила", "the rules were confirmed"),
    EventKind.DESCRIBED: Phrase("уточнено описание", "the description was changed"),
    EventKind.ASSIGNED: Phrase("назначен ответственный", "assigned"),
    EventKind.ESCALATED: Phrase("напомнили о сроке", "reminded of the term"),
    EventKind.LINKED: Phrase("связано", "linked"),
    EventKind.REFUSAL: Phrase("отказ", "refusal"),
    EventKind.REVEALED: Phrase("показан закрытый текст", "the restricted text was shown"),
}


#: Details that are a vocabulary's words.
_WORDS: Mapping[str, type[State | Promise | Priority | RefusalCode | Symptom]] = {
    "promise": Promise,
    "priority": Priority,
    "code": RefusalCode,
    "symptom": Symptom,
}


def said(kind: str, details: Mapping[str, Any]) -> Phrase:
    """An event's words: what was done, and with what."""
    deed = _DEEDS[EventKind(kind)]
    if kind == EventKind.TERMS or not any(details.values()):
        return deed
    told = [_detail(kind, name, value) for name, value in details.items() if value]
    return Phrase(
        f"{deed.ru}: {', '.join(one.ru for one in told)}",
        f"{deed.en}: {', '.join(one.en for one in told)}",
    )


def _detail(kind: str, name: str, value: Any) -> Phrase:
    if name == "missing":
        names = [MISSING.get(one, Phrase(one, one)) for one in value]
        return Phrase(", ".join(one.ru for one in names), ", ".join(one.en for one in names))
    if name == "level":
        return Phrase(f"уровень {value}", f"level {value}")
    if name == "state":
        words = RefusalState if kind == EventKind.REFUSAL else State
        return words(value).phrase
    return _WORDS[name](value).phrase if name in _WORDS else Phrase(str(value), str(value))
