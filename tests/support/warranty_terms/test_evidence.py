from datetime import date

import pytest

from support.warranty_terms.evidence import Evidence, EvidenceKind, StartEvent, by_strength


def test_the_ladder_falls_from_the_contract_to_the_factory() -> None:
    ladder = [kind.value for kind in sorted(EvidenceKind, key=lambda kind: kind.rank)]
    assert ladder == [
        "contract",
        "user-document",
        "partner-report",
        "vendor-shipment",
        "manufacture",
    ]


def test_the_strongest_evidence_comes_first_and_of_one_kind_the_earliest() -> None:
    made = Evidence(EvidenceKind.MANUFACTURE, date(2024, 1, 1), "lot 7")
    second = Evidence(EvidenceKind.USER_DOCUMENT, date(2025, 3, 2), "УПД 2")
    first = Evidence(EvidenceKind.USER_DOCUMENT, date(2025, 3, 1), "УПД 3")
    assert by_strength([made, second, first]) == (first, second, made)


@pytest.mark.parametrize(
    ("event", "proofs"),
    [
        (StartEvent.HANDOVER, {"contract", "user-document", "partner-report"}),
        (StartEvent.SHIPMENT, {"contract", "vendor-shipment"}),
        (StartEvent.MANUFACTURE, {"contract", "manufacture"}),
    ],
)
def test_each_event_is_proved_by_its_own_papers_only(event: StartEvent, proofs: set[str]) -> None:
    assert {kind.value for kind in EvidenceKind if event.is_proved_by(kind)} == proofs


@pytest.mark.parametrize("named", [*EvidenceKind, *StartEvent])
def test_every_kind_and_event_has_a_name_in_both_languages(
    named: EvidenceKind | StartEvent,
) -> None:
    assert named.phrase.ru
    assert named.phrase.en
    assert named.phrase.ru != named.phrase.en
