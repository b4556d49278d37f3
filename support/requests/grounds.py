"""What a refusal stands on, in words: its evidence as people read it (pure)."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from support import roubles
from support.phrases import Detail, Phrase, filled
from support.requests.letters import MISSING


def said(evidence: Mapping[str, Any]) -> Sequence[Phrase]:
    """The grounds that `refusal_rules.check` gave, each a phrase."""
    found = []
    if missing := evidence.get("missing"):
        names = [MISSING.get(name, Phrase(name, name)) for name in missing]
        listed = Phrase(", ".join(one.ru for one in names), ", ".join(one.en for one in names))
        found.append(filled(Phrase("не хватало: {names}", "missing: {names}"), {"names": listed}))
    if asked := evidence.get("asked_on"):
        found.append(filled(Phrase("спросили {day}", "asked on {day}"), {"day": _day(asked)}))
    if manual := evidence.get("manual"):
        found.append(Phrase(f"поможет: {manual}", f"will help: {manual}"))
    if first := evidence.get("duplicate_of"):
        found.append(Phrase(f"первое обращение: № {first}", f"the first request: No. {first}"))
    if overdue := evidence.get("overdue"):
        details = {"sum": _sum(overdue), "day": _day(evidence.get("as_of", ""))}
        found.append(filled(Phrase("долг {sum} на {day}", "debt {sum} as of {day}"), details))
    return found


def _sum(kept: object) -> Detail:
    """A sum as it was kept; one that was masked is told as it is."""
    try:
        return roubles.written(Decimal(str(kept)))
    except InvalidOperation:
        return str(kept)


def _day(kept: object) -> Detail:
    try:
        return date.fromisoformat(str(kept))
    except ValueError:
        return str(kept)
