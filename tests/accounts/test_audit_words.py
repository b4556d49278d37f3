"""Each action of the audit trail has its words in both languages."""

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from itertools import chain
from pathlib import Path

import pytest

from accounts import audit_words
from accounts.models import OrganisationKind, Role
from firmware.models import Step
from firmware.version_marks.marks import MarkKind
from portal.personal_data.bases import Basis
from provision.devices.models import HandoverKind
from provision.diagnosis.findings import Code
from provision.diagnosis.words import NAMES
from provision.models import CredentialKind
from provision.resyncs.vocabulary import Scope
from provision.rollouts import conducting
from support.agreements.tiers import Reason as TierReason
from support.breaches.clock import Notice
from support.cases.vocabulary import EventKind, Payer, Reason
from support.customer_kinds import CustomerKind
from support.replacements.policy import ReplacementPolicy
from support.requests.vocabulary import Channel, RefusalCode, RefusalState
from support.sla.log import State
from support.subject_requests.vocabulary import Kind, Outcome
from support.warranty_terms.entitlements import EntitlementKind
from support.warranty_terms.evidence import StartEvent

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "storage", "jobs", "accounts", "catalogue", "firmware", "docs_store", "provision", "support",
    "portal",
)  # fmt: skip
ACTION = re.compile(r"[a-z]+(-[a-z]+)*\.[a-z]+([.-][a-z]+)*")
#: Actions that are made of a vocabulary's word, as they are written, and what they come to.
MADE_OF = {
    "f'refusal.{row.state.value}'": [f"refusal.{one.value}" for one in RefusalState],
    "f'repair.{kind.value}'": [
        f"repair.{one.value}" for one in (EventKind.ACCEPTED, EventKind.DECLINED)
    ],
    "f'breach.told-{notice.value}'": [f"breach.told-{one.value}" for one in Notice],
    "role": ["device.replaced", "device.given"],
    "f'request.{state.value}'": [f"request.{one.value}" for one in State],
}


def recorded() -> Iterator[ast.expr]:
    """The actions that calls of the trail, or of a function that passes them on, are given."""
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            if "accounts import" not in text or "audit" not in text:
                continue
            for call in (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)):
                if ast.unparse(call.func) == "audit.record":
                    yield call.args[2]
                elif ast.unparse(call.func) in {"_record", "_changed", "_audit", "_decided"}:
                    yield from (one for one in call.args if _names_an_action(one))


def _names_an_action(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and bool(ACTION.fullmatch(str(node.value)))


def actions() -> set[str]:
    found = {"device.add", "device.credential.new", *chain(*MADE_OF.values())}
    return found | {str(one.value) for one in recorded() if isinstance(one, ast.Constant)}


def test_no_action_lacks_words_and_no_words_are_left_over() -> None:
    found = actions()
    assert len(found) > 120
    assert sorted(found - set(audit_words.words())) == []
    assert sorted(set(audit_words.words()) - found) == []


def test_an_action_is_a_word_or_made_of_a_vocabulary_that_is_known_here() -> None:
    """Else one could come up that no test has seen."""
    made = {ast.unparse(one) for one in recorded() if not isinstance(one, ast.Constant)}
    assert made - {"action"} == set(MADE_OF)


def test_words_are_in_their_language() -> None:
    for action, said in audit_words.words().items():
        assert re.search("[а-яё]", said.ru), action
        assert not re.search("[а-яё]", said.en, re.IGNORECASE), action


def test_an_action_of_another_version_is_called_by_its_code() -> None:
    assert audit_words.said("moon.land").text("ru") == "moon.land"


@pytest.mark.parametrize(
    ("value", "ru", "en"),
    [
        (True, "да", "yes"),
        (False, "нет", "no"),
        (None, "—", "—"),
        ("", "—", "—"),
        ("2026-11-29", "29.11.2026", "29.11.2026"),
        ("2026-13-45", "2026-13-45", "2026-13-45"),
        (2, "2", "2"),
    ],
)
def test_a_detail_is_told_as_people_write_it(value: object, ru: str, en: str) -> None:
    said = audit_words.value_said("repair.review", "approved", value)
    assert (said.ru, said.en) == (ru, en)


#: Each code among the details comes from a vocabulary, which has it in words for pages too.
VOCABULARIES: dict[tuple[str, str], type[StrEnum]] = {
    ("user", "role"): Role,
    ("organisation", "kind"): OrganisationKind,
    ("release", "kind"): MarkKind,
    ("release", "step"): Step,
    ("resync", "scope"): Scope,
    ("fix", "code"): Code,
    ("contract", "start"): StartEvent,
    ("contract", "customer"): CustomerKind,
    ("contract", "replacement_policy"): ReplacementPolicy,
    ("contract", "inbound_payer"): Payer,
    ("contract", "return_payer"): Payer,
    ("certificate-price", "kind"): EntitlementKind,
    ("repair", "reason"): Reason,
    ("request", "channel"): Channel,
    ("request", "reason"): TierReason,
    ("refusal", "code"): RefusalCode,
    ("subject-request", "kind"): Kind,
    ("subject-request", "outcome"): Outcome,
    ("personal-data", "basis"): Basis,
}
#: Codes of two vocabularies, or of none that is one.
MIXED = {
    ("device", "kind"): {*HandoverKind, *CredentialKind, "all"},
    ("release", "hardware"): {"*"},
    ("rollout", "because"): {conducting.WITHDRAWN},
    ("sweep", "reason"): {"not-allowed"},
}


def test_each_code_among_the_details_has_words_and_no_words_are_left_over() -> None:
    wanted = {place: {one.value for one in kind} for place, kind in VOCABULARIES.items()} | MIXED
    assert {place: set(codes) for place, codes in audit_words.values().items()} == wanted


def test_a_code_is_called_in_the_trail_as_on_the_pages() -> None:
    for place, kind in VOCABULARIES.items():
        for one in kind:
            phrase = NAMES[one] if isinstance(one, Code) else getattr(one, "phrase", None)
            if phrase is not None:
                said = audit_words.values()[place][one.value]
                assert (said.ru, said.en) == (phrase.ru, phrase.en), f"{place}: {one}"


def test_codes_are_told_in_words_and_what_people_typed_as_they_typed_it() -> None:
    told = audit_words.details_said(
        "repair.propose", {"covered": False, "reason": "LIQUID", "serials": ["FP1", "FP2"]}
    )
    assert told.ru == "по гарантии: нет; причина: следы жидкости; серийные номера: FP1, FP2"
    assert told.en == "under warranty: no; reason: traces of a liquid; serial numbers: FP1, FP2"
    typed = audit_words.details_said("device.hold", {"reason": "LIQUID"})
    assert typed.ru == "причина: LIQUID"
    nested = audit_words.details_said("answer.change", {"before": {"name": "Пароль", "ru": ""}})
    assert nested.ru == "было: имя: Пароль; по-русски: —"


def test_details_are_called_in_words_and_unknown_ones_by_their_names() -> None:
    assert audit_words.detail_said("phones").text("ru") == "телефонов"
    assert audit_words.detail_said("phones").text("en") == "phones"
    assert audit_words.detail_said("of_tomorrow").text("ru") == "of_tomorrow"
