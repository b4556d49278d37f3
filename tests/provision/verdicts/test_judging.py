"""The verdicts on identity, as a pure decision."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.versions import Version
from provision.families.identification import Strength
from provision.verdicts.judging import AT_ONCE, judge
from provision.verdicts.unit import Judgement, Paper, Sighting, Unit, Verdict

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
MAC, OTHER, SERIAL = "02f1a7000001", "02f1a7000009", "FP2648B2K7Q2XM6"
SOLD = Paper(date(2026, 10, 1), "УПД № 7", to_user=True)
MADE = Paper(date(2026, 9, 1), "паспорт", to_user=False)
UNIT = Unit(MAC, SERIAL, papers=(MADE, SOLD))
OWN = Sighting(NOW, "check-in", Strength.PROVED, SERIAL, MAC, "192.0.2.7", "2.4.1")
STRANGER = Sighting(NOW, "snmp", Strength.READ, SERIAL, OTHER, "192.0.2.9")


def verdicts(unit: Unit | None, *seen: Sighting, known: tuple[str, ...] = ()) -> list[Verdict]:
    return [one.verdict for one in judge(unit, seen, frozenset(map(Version.parse, known)))]


def the(verdict: Verdict, unit: Unit | None, *seen: Sighting) -> Judgement:
    (found,) = [one for one in judge(unit, seen) if one.verdict is verdict]
    return found


def test_a_phone_that_tells_the_recorded_pair_matches_as_strongly_as_it_was_seen() -> None:
    read = replace(OWN, strength=Strength.READ, origin="snmp")
    found = the(Verdict.MATCH, UNIT, read, OWN)
    assert (found.strength, found.needs_a_look) == (Strength.PROVED, False)
    assert verdicts(UNIT, read) == [Verdict.MATCH]


def test_nobody_seen_is_no_verdict() -> None:
    assert verdicts(UNIT) == []


def test_one_serial_at_two_macs_within_a_day_is_a_clone() -> None:
    found = the(Verdict.SERIAL_CLONE, UNIT, OWN, replace(STRANGER, at=NOW - AT_ONCE))
    assert found.strength is Strength.READ, "no stronger than the weaker of the two"
    assert found.other_mac == OTHER
    assert len(found.evidence) == 2
    assert Verdict.MATCH not in verdicts(UNIT, OWN, STRANGER)


def test_a_clone_that_somebody_merely_claims_is_as_weak_as_the_claim() -> None:
    claimed = replace(STRANGER, strength=Strength.CLAIMED, origin="check-in")
    assert the(Verdict.SERIAL_CLONE, UNIT, OWN, claimed).strength is Strength.CLAIMED


def test_another_mac_long_after_the_last_sighting_may_be_a_board() -> None:
    later = replace(STRANGER, at=NOW + AT_ONCE + timedelta(seconds=1))
    found = the(Verdict.MAC_MISMATCH, UNIT, OWN, later)
    assert found.needs_a_look
    assert found.explained_by is None
    assert OTHER in found.evidence[0].text.en


def test_a_repair_explains_its_own_board_and_no_other() -> None:
    repaired = replace(UNIT, explained={OTHER: "RMA-26-17"})
    found = the(Verdict.MAC_MISMATCH, repaired, OWN, STRANGER)
    assert (found.explained_by, found.needs_a_look) == ("RMA-26-17", False)
    assert Verdict.MATCH in verdicts(repaired, OWN, STRANGER)
    third = replace(STRANGER, mac="02f1a700000a")
    assert Verdict.SERIAL_CLONE in verdicts(repaired, OWN, STRANGER, third)


def test_one_identity_at_two_addresses_by_turns_is_a_clone() -> None:
    at = [
        replace(OWN, strength=Strength.READ, origin="snmp", address=address, at=NOW + step)
        for step, address in (
            (timedelta(0), "192.0.2.7"),
            (timedelta(hours=1), "192.0.2.8"),
            (timedelta(hours=2), "192.0.2.7"),
        )
    ]
    assert verdicts(UNIT, *at) == [Verdict.SERIAL_CLONE]
    assert verdicts(UNIT, *at[:2]) == [Verdict.MATCH], "a phone may move"
    called = [replace(one, strength=Strength.PROVED, origin="check-in") for one in at]
    assert verdicts(UNIT, *called) == [Verdict.MATCH], "a provider's NAT changes addresses"


def test_the_serial_of_another_unit_and_one_of_nobody_are_two_things() -> None:
    foreign = replace(OWN, serial="SN-2")
    known = replace(UNIT, taken=frozenset({"SN-2"}))
    assert verdicts(known, foreign) == [Verdict.MAC_MISMATCH]
    assert verdicts(UNIT, foreign) == [Verdict.UNKNOWN_SERIAL]


def test_a_wrong_check_character_is_told() -> None:
    found = the(Verdict.UNKNOWN_SERIAL, UNIT, replace(OWN, serial="FP2648B2K7Q2XM7"))
    assert "контрольный знак" in found.evidence[0].text.ru
    assert "check character" in found.evidence[0].text.en


def test_a_phone_on_no_record_has_an_unknown_serial() -> None:
    assert verdicts(None, STRANGER) == [Verdict.UNKNOWN_SERIAL]
    assert verdicts(None, replace(STRANGER, serial=None)) == []


def test_a_serial_known_from_the_phone_alone_is_not_one_of_the_factory() -> None:
    told = Unit(MAC, SERIAL, serial_told=True)
    assert Verdict.UNKNOWN_SERIAL in verdicts(told, OWN)
    assert Verdict.UNSOLD not in verdicts(told, OWN)
    assert Verdict.UNKNOWN_SERIAL not in verdicts(replace(told, papers=(MADE,)), OWN)


def test_at_work_without_a_sale_asks_for_the_paper() -> None:
    stock = replace(UNIT, papers=(MADE,))
    assert verdicts(stock, OWN) == [Verdict.UNSOLD, Verdict.MATCH]
    assert verdicts(stock) == [], "stock on a shelf is no question"


def test_at_work_before_the_handover_by_moscow_days() -> None:
    eve = datetime(2026, 9, 30, 20, 59, tzinfo=UTC)
    assert verdicts(UNIT, OWN, replace(OWN, at=eve + timedelta(minutes=1))) == [Verdict.MATCH]
    found = the(Verdict.PRE_HANDOVER_ACTIVITY, UNIT, OWN, replace(OWN, at=eve))
    assert [one.origin for one in found.evidence] == ["check-in", "paper"]


def test_a_version_that_was_never_published() -> None:
    assert verdicts(UNIT, OWN, known=("2.4.1",)) == [Verdict.MATCH]
    assert verdicts(UNIT, OWN, known=("2.4.0",)) == [Verdict.UNSIGNED_FIRMWARE, Verdict.MATCH]
    odd = replace(OWN, firmware="2.4.1-evil<b>")
    assert Verdict.UNSIGNED_FIRMWARE in verdicts(UNIT, odd, known=("2.4.1",))
    assert verdicts(UNIT, odd) == [Verdict.MATCH], "no list of releases says nothing"
    updated = replace(OWN, firmware="9.9", at=NOW - timedelta(days=1))
    assert verdicts(UNIT, OWN, updated, known=("2.4.1",)) == [Verdict.MATCH], "only what runs now"


sightings = st.builds(
    Sighting,
    at=st.integers(-200, 2).map(lambda hours: NOW + timedelta(hours=hours)),
    origin=st.sampled_from(["check-in", "snmp", "http", "ssh", "sweep"]),
    strength=st.sampled_from(Strength),
    serial=st.sampled_from([None, SERIAL, "SN-2", "SN-3"]),
    mac=st.sampled_from([None, MAC, OTHER]),
    address=st.sampled_from([None, "192.0.2.7", "192.0.2.8"]),
    firmware=st.sampled_from([None, "2.4.1", "x"]),
)
units = st.none() | st.builds(
    Unit,
    mac=st.just(MAC),
    serial=st.sampled_from([None, SERIAL]),
    serial_told=st.booleans(),
    papers=st.sampled_from([(), (MADE,), (MADE, SOLD)]),
    explained=st.sampled_from([{}, {OTHER: "RMA-1"}]),
    taken=st.sampled_from([frozenset(), frozenset({"SN-2"})]),
)


@given(units, st.lists(sightings, max_size=8), st.randoms(use_true_random=False))
def test_every_verdict_has_evidence_no_weaker_than_itself_and_no_order_matters(
    unit: Unit | None, seen: list[Sighting], rand: object
) -> None:
    known = frozenset({Version.parse("2.4.1")})
    found = judge(unit, seen, known)
    for one in found:
        assert one.evidence
        assert max(evidence.strength for evidence in one.evidence) >= one.strength
        assert one.strength <= max(seen, key=lambda sight: sight.strength).strength
    rand.shuffle(seen)  # type: ignore[attr-defined]
    again = judge(unit, seen, known)
    assert [(one.verdict, one.strength) for one in again] == [
        (one.verdict, one.strength) for one in found
    ]


@pytest.mark.parametrize("verdict", list(Verdict))
def test_each_verdict_has_its_words(verdict: Verdict) -> None:
    from provision.verdicts import words  # noqa: PLC0415 - the room's data, not under test above

    assert words.NAMES[verdict].ru != words.NAMES[verdict].en
    assert words.MEANINGS[verdict].ru
