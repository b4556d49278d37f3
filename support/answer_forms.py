"""A whole warranty answer as programs and terminals read it. Both name papers: for staff only."""

from collections.abc import Iterator
from dataclasses import dataclass

from support.civil_dates import date_text
from support.phrases import Phrase
from support.rules import RuleApplied
from support.warranty import CoverageAnswer

_SERIAL = Phrase("Серийный номер", "Serial number")
_PRODUCT = Phrase("Изделие", "Product")
_DAY = Phrase("На день", "On")
_VERDICT = Phrase("Ответ", "Verdict")
_UNTIL = Phrase("По (включительно)", "Covered until")
_EVIDENCE = Phrase("основание: {reference}", "evidence: {reference}")
_LABELS = (_SERIAL, _PRODUCT, _DAY, _VERDICT, _UNTIL)


@dataclass(frozen=True)
class Step:
    """A rule as a person reads it; `evidence` is its date and paper, or empty."""

    rule: str
    text: str
    evidence: str


def document(answer: CoverageAnswer) -> dict[str, object]:
    """The answer as one JSON object; dates are ISO, ends are inclusive, texts in both languages."""
    start = answer.start_evidence
    return {
        "serial": answer.device.serial,
        "product": answer.device.product,
        "on": answer.today,
        "verdict": answer.verdict,
        "covered_until": answer.covered_until,
        "claims_until": answer.claims_until,
        "summary": {"ru": answer.headline("ru"), "en": answer.headline("en")},
        "start": start and {"on": start.on, "kind": start.kind, "evidence": start.reference},
        "entitlements": [
            {"kind": right.kind, "start": right.start, "end": right.end, "evidence": right.source}
            for right in answer.entitlements
        ],
        "intervals": [{"start": span.start, "end": span.end} for span in answer.intervals],
        "trace": [_as_object(line) for line in answer.trace],
    }


def lines(answer: CoverageAnswer, language: str) -> Iterator[str]:
    """The answer for a terminal: what was asked, the verdict, and every rule with its evidence."""
    values = (
        answer.device.serial,
        answer.device.product,
        answer.today.isoformat(),
        answer.verdict.phrase.text(language),
        answer.covered_until.isoformat() if answer.covered_until else "—",
    )
    width = max(len(label.text(language)) for label in _LABELS)
    for label, value in zip(_LABELS, values, strict=True):
        yield f"{label.text(language):<{width}}  {value}"
    yield ""
    yield answer.headline(language)
    yield ""
    for step in steps(answer, language):
        yield f"{step.rule:<5} {step.text}"
        if step.evidence:
            yield f"{'':<5} {step.evidence}"


def steps(answer: CoverageAnswer, language: str) -> tuple[Step, ...]:
    """The rule trace in the order in which the rules were applied."""
    return tuple(
        Step(line.rule, line.text(language), _basis(line, language)) for line in answer.trace
    )


def _basis(line: RuleApplied, language: str) -> str:
    """«22.11.2025 · основание: УПД № 311»; a date without a paper stands in the sentence itself."""
    if line.reference is None:
        return ""
    paper = _EVIDENCE.text(language).format(reference=line.reference)
    return f"{date_text(line.on, language)} · {paper}" if line.on else paper


def _as_object(line: RuleApplied) -> dict[str, object]:
    return {
        "rule": line.rule,
        "text": {"ru": line.ru, "en": line.en},
        "on": line.on,
        "evidence": line.reference,
    }
