"""A diagnosis of a real simulated phone: read, weighed, kept, and the same when asked again."""

from dataclasses import replace

import pytest

from provision.devices import registry
from provision.diagnosis import conducting, fixes
from provision.diagnosis.conducting import DiagnosisAnswer, UnknownDiagnosisError
from provision.diagnosis.findings import Code, Weight
from provision.diagnosis.fixes import FixTextError, UnknownFindingError, UnknownFixError
from provision.models import Reading
from simulator.facts import Network, PhoneLine, Quality
from storage.clock import now
from storage.phrases import Phrase
from tests.provision import estate as estates
from tests.provision.diagnosis.conftest import Phone
from tests.provision.estate import MAC, NOW, SERIAL, Estate


def diagnose(estate: Estate, name: str = MAC) -> DiagnosisAnswer:
    with estate.installation.database.writing() as session:
        asked = conducting.start(session, name, actor="agent", now=now())
    return conducting.run(estate.installation, asked.id, now())


def codes(answer: DiagnosisAnswer) -> set[Code]:
    assert answer.conclusion is not None
    return {one.code for one in answer.conclusion.findings}


def test_a_phone_that_is_well_has_no_findings(estate: Estate) -> None:
    answer = diagnose(estate)
    assert codes(answer) == set()
    assert answer.facts is not None
    assert answer.facts.duplex == "full"
    assert answer.failures == ()


def test_what_is_wrong_with_the_phone_is_found_by_asking_it(estate: Estate, phone: Phone) -> None:
    phone.shown = replace(
        phone.shown,
        lines=(PhoneLine("101", "sip.example", "unregistered"),),
        network=Network("127.0.0.1", 20, 1, "sw-1 port 7", "half", 10),
        quality=Quality(2.8, 7.5, 44.0),
        certificate_until="2020-02-02T00:00:00Z",
    )
    assert codes(diagnose(estate)) == {
        Code.NOT_REGISTERED,
        Code.POE_TOO_LOW,
        Code.HALF_DUPLEX,
        Code.SLOW_LINK,
        Code.PACKET_LOSS,
        Code.CERTIFICATE_ENDS,
    }


def test_a_dead_phone_is_an_answer_and_its_failures_are_kept(estate: Estate) -> None:
    with estate.installation.database.writing() as session:
        registry.get(session, MAC).address = "127.0.0.99"
    answer = diagnose(estate)
    assert codes(answer) == {Code.UNREACHABLE}
    assert [one.via for one in answer.failures] == ["snmp", "http"]
    with estate.installation.database.reading() as session:
        assert session.query(Reading).count() == 2


def test_a_phone_without_an_address_is_an_answer_too(estate: Estate) -> None:
    with estate.installation.database.writing() as session:
        registry.get(session, MAC).address = None
    answer = diagnose(estate)
    assert [one.code for one in answer.failures] == ["no-address"]
    assert Code.NO_ADDRESS in codes(answer)
    assert Code.UNREACHABLE not in codes(answer)


def test_a_finished_diagnosis_stays_as_it_was(estate: Estate, phone: Phone) -> None:
    first = diagnose(estate, SERIAL)
    phone.shown = replace(phone.shown, quality=Quality(1.0, 50.0, 90.0))
    assert conducting.run(estate.installation, first.id, now()) == first
    with estate.installation.database.reading() as session:
        assert conducting.get(session, MAC, first.id) == first
        assert conducting.latest(session, registry.get(session, MAC)) == [first]


def test_another_phone_s_diagnosis_is_not_found(estate: Estate) -> None:
    asked = diagnose(estate)
    with estate.installation.database.writing() as session:
        estates.add_phone(session, "02f1a7000002", None)
    with (
        estate.installation.database.reading() as session,
        pytest.raises(UnknownDiagnosisError),
    ):
        conducting.get(session, "02f1a7000002", asked.id)


def test_update_first_when_the_release_that_is_due_mends_it(estate: Estate, phone: Phone) -> None:
    estates.publish(estate.installation, "2.3.1", 4096)
    estates.publish(estate.installation, "2.4.1", 4096)
    phone.shown = replace(phone.shown, quality=Quality(2.8, 7.5, 44.0))
    with estate.installation.database.writing() as session:
        words = Phrase("Исправлен буфер джиттера", "The jitter buffer is mended")
        for version in ("2.3.1", "2.4.1", "9.0"):
            fixes.add(session, "FP-B2", "packet-loss", version, words, actor="test", now=NOW)
    answer = diagnose(estate)
    assert answer.conclusion is not None
    assert answer.conclusion.worst is Weight.FAULT
    first = answer.conclusion.update_first
    assert first is not None
    assert (first.version, dict(first.mends)) == ("2.4.1", {Code.PACKET_LOSS: words})
    assert answer.as_document()["update_first"] == {
        "version": "2.4.1",
        "mends": {"packet-loss": {"ru": words.ru, "en": words.en}},
    }


def test_a_fix_names_a_finding_a_version_and_says_what_is_mended(estate: Estate) -> None:
    words = Phrase("Исправлено", "Mended")
    with estate.installation.database.writing() as session:
        with pytest.raises(UnknownFindingError):
            fixes.add(session, "FP-B2", "bad-luck", "2.4.1", words, actor="test", now=NOW)
        with pytest.raises(FixTextError):
            fixes.add(session, "FP-B2", "silent", "2.4", Phrase(" ", ""), actor="test", now=NOW)
        for text in (words, Phrase("Иначе", "")):
            fixes.add(session, "FP-B2", "silent", "2.4.1", text, actor="test", now=NOW)
        (one,) = fixes.every(session)
        assert one.text == Phrase("Иначе", "Иначе"), "said again is corrected, not doubled"
        fixes.remove(session, one.id, actor="test", now=NOW)
        assert fixes.every(session) == []
        with pytest.raises(UnknownFixError):
            fixes.remove(session, one.id, actor="test", now=NOW)
