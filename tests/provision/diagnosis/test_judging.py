"""The rules of a diagnosis: each fault is found, and a healthy phone is left in peace."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from provision.diagnosis import words
from provision.diagnosis.findings import Code, Conclusion, Finding, Sureness, Weight
from provision.diagnosis.judging import conclude
from provision.diagnosis.situation import (
    Failure,
    FirmwareStanding,
    Reached,
    Situation,
    Visits,
    Wanted,
    WantedLine,
)
from provision.readers.facts import DeviceFacts, LineFacts
from storage.phrases import Phrase

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SERVER = "sip.example"
WELL = DeviceFacts(
    firmware="2.4.1",
    uptime_s=86_400 * 3,
    last_reboot_reason="firmware upgrade",
    vlan=20,
    poe_class=2,
    duplex="full",
    link_mbps=100,
    mos=4.3,
    loss_percent=0.1,
    jitter_ms=4,
    clock=NOW.isoformat(),
    configuration="abc123",
    lines=(LineFacts("101", SERVER, "registered"),),
)
HEALTHY = Situation(
    now=NOW,
    facts=WELL,
    history=(Reached(NOW, answered=True, uptime_s=86_400 * 3, firmware="2.4.1"),),
    firmware=FirmwareStanding(running="2.4.1", newest="2.4.1"),
    wanted=Wanted(lines=(WantedLine("101", SERVER),), vlan=20, poe_class=2),
    visits=Visits(last_proved_at=NOW - timedelta(minutes=20), revision="abc123"),
)
REFUSED = Failure("snmp", "phone-access-denied", Phrase("нет", "no"))
OTHER_KEY = Failure("ssh", "ssh-key-changed", Phrase("другой", "another"))
OTHER_CERTIFICATE = Failure("http", "certificate-changed", Phrase("другой", "another"))
NEW_KEY = Failure("ssh", "ssh-key-unknown", Phrase("новый ключ", "a new key"))
NEW_CERTIFICATE = Failure("http", "certificate-unknown", Phrase("новый", "a new one"))
NOISE = Failure("snmp", "phone-unexpected-answer", Phrase("шум", "noise"))
FORBIDDEN = Failure("http", "read-not-allowed", Phrase("нельзя", "not allowed"))
SILENT = Failure("http", "phone-unreachable", Phrase("тишина", "silence"))
NOWHERE = Failure("snmp", "no-address", Phrase("адрес неизвестен", "no address is known"))


def found(situation: Situation) -> dict[Code, Finding]:
    return {one.code: one for one in conclude(situation).findings}


def told(**facts: object) -> Situation:
    return replace(HEALTHY, facts=replace(WELL, **facts))  # type: ignore[arg-type]


def boots(hours: list[float], reason: str | None) -> Situation:
    """Readings each taken a quarter of an hour after a boot, so many hours ago."""
    history = tuple(
        Reached(
            NOW - timedelta(hours=ago) + timedelta(minutes=15),
            answered=True,
            uptime_s=900,
            reboot_reason=reason,
        )
        for ago in sorted(hours, reverse=True)
    )
    return replace(HEALTHY, history=history)


def visits(**changed: object) -> Situation:
    return replace(HEALTHY, visits=replace(HEALTHY.visits, **changed))  # type: ignore[arg-type]


def firmware(**changed: object) -> Situation:
    return replace(HEALTHY, firmware=replace(HEALTHY.firmware, **changed))  # type: ignore[arg-type]


def test_a_phone_that_was_not_asked_is_not_called_dead_and_the_reason_is_told_once() -> None:
    said = found(replace(HEALTHY, facts=None, failures=(FORBIDDEN, FORBIDDEN)))
    assert set(said) == {Code.NOT_ASKED}
    assert said[Code.NOT_ASKED].evidence == (FORBIDDEN.text,)
    partly = found(replace(HEALTHY, facts=None, failures=(FORBIDDEN, SILENT)))
    assert Code.NOT_ASKED not in partly


def test_a_phone_without_an_address_is_not_called_dead_and_is_told_how_to_get_one() -> None:
    said = found(replace(HEALTHY, facts=None, failures=(NOWHERE,)))
    assert set(said) == {Code.NO_ADDRESS}
    assert said[Code.NO_ADDRESS].evidence == (NOWHERE.text,)
    assert said[Code.NO_ADDRESS].weight is Weight.ATTENTION
    advice = words.ADVICE[Code.NO_ADDRESS]
    assert "выйдет на связь" in advice.ru
    assert "read.address" in advice.ru
    assert "read.address" in advice.en


@pytest.mark.parametrize("shown", [NEW_KEY, NEW_CERTIFICATE])
def test_a_phone_whose_key_nobody_confirmed_is_not_called_dead(shown: Failure) -> None:
    said = found(replace(HEALTHY, facts=None, failures=(SILENT, shown)))
    assert set(said) == {Code.KEY_UNCONFIRMED}
    assert said[Code.KEY_UNCONFIRMED].evidence == (shown.text,)
    assert not found(replace(HEALTHY, failures=(shown,))), "another way told all that is asked"


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        ("read-not-allowed", "not asked"),
        ("no-credential", "not asked"),
        ("ssh-key-unknown", "its key is not confirmed"),
        ("certificate-unknown", "its key is not confirmed"),
        ("phone-access-denied", "does not let us read it"),
        ("phone-unreachable", "no answer"),
        (None, "no answer"),
    ],
)
def test_a_reading_is_told_as_what_it_came_to(failure: str | None, said: str) -> None:
    assert words.outcome(failure, answered=False)[1].en == said
    assert words.outcome(failure, answered=True)[0] == "good"


def test_a_healthy_phone_has_no_finding() -> None:
    assert conclude(HEALTHY) == Conclusion(())


CASES: dict[Code, Callable[[], Situation]] = {
    Code.UNREACHABLE: lambda: replace(HEALTHY, facts=None, failures=(SILENT,)),
    Code.ANSWERS_WRONGLY: lambda: replace(HEALTHY, facts=None, failures=(SILENT, NOISE)),
    Code.NOT_ASKED: lambda: replace(HEALTHY, facts=None, failures=(FORBIDDEN, FORBIDDEN)),
    Code.NO_ADDRESS: lambda: replace(HEALTHY, facts=None, failures=(NOWHERE,)),
    Code.READ_REFUSED: lambda: replace(HEALTHY, failures=(REFUSED,)),
    Code.SSH_KEY_CHANGED: lambda: replace(HEALTHY, failures=(OTHER_KEY,)),
    Code.CERTIFICATE_CHANGED: lambda: replace(HEALTHY, failures=(OTHER_CERTIFICATE,)),
    Code.KEY_UNCONFIRMED: lambda: replace(HEALTHY, facts=None, failures=(NEW_KEY,)),
    Code.SILENT: lambda: visits(last_proved_at=NOW - timedelta(hours=4)),
    Code.PROOF_REFUSED: lambda: visits(refused=(NOW - timedelta(minutes=5),)),
    Code.REBOOT_LOOP: lambda: boots([1, 3, 5], "watchdog"),
    Code.RESTARTED: lambda: boots([1], "power loss"),
    Code.NOT_REGISTERED: lambda: told(lines=(LineFacts("101", SERVER, "unregistered"),)),
    Code.SETTINGS_NOT_TAKEN: lambda: told(configuration="old999"),
    Code.PACKET_LOSS: lambda: told(loss_percent=6.0, mos=2.9),
    Code.POE_TOO_LOW: lambda: told(poe_class=1),
    Code.HALF_DUPLEX: lambda: told(duplex="half"),
    Code.SLOW_LINK: lambda: told(link_mbps=10),
    Code.WRONG_VLAN: lambda: told(vlan=1),
    Code.CLOCK_WRONG: lambda: told(clock=(NOW - timedelta(minutes=10)).isoformat()),
    Code.CERTIFICATE_ENDS: lambda: told(certificate_until=(NOW + timedelta(days=9)).isoformat()),
    Code.FIRMWARE_WITHDRAWN: lambda: firmware(withdrawn_reason="гаснет экран", replacement="2.4.2"),
    Code.FIRMWARE_OLD: lambda: firmware(due="2.5.0"),
    Code.DOWNLOAD_BREAKS: lambda: visits(cut_downloads=3),
}


@pytest.mark.parametrize("code", list(Code))
def test_each_fault_is_found_alone_with_its_evidence_and_words(code: Code) -> None:
    answer = found(CASES[code]())
    assert set(answer) == {code}, "one fault gives one finding"
    assert all(text.ru and text.en for text in answer[code].evidence)
    assert answer[code].evidence
    for table in (words.NAMES, words.MEANINGS, words.ADVICE):
        assert table[code].ru != table[code].en
    assert Finding.from_record(answer[code].as_record()) == answer[code]


def test_a_silent_phone_that_just_checked_in_is_alive() -> None:
    alive = found(replace(HEALTHY, facts=None, failures=(SILENT,)))[Code.UNREACHABLE]
    gone = replace(visits(last_proved_at=None), facts=None, failures=(SILENT,))
    assert alive.weight is Weight.ATTENTION
    assert found(gone)[Code.UNREACHABLE].weight is Weight.FAULT


def test_upgrades_and_wanted_restarts_are_no_loop() -> None:
    for reason in ("firmware upgrade", "remote request"):
        assert conclude(boots([1, 2, 3, 4, 5], reason)).findings == ()


def test_a_phone_that_was_plugged_in_once_is_well_and_three_times_a_day_is_not() -> None:
    assert conclude(boots([1], "power on")).findings == ()
    loop = found(boots([1, 2, 3], "power on"))[Code.REBOOT_LOOP]
    assert loop.cause is not None
    assert "power fails" in loop.cause.en


def test_two_readings_of_one_boot_count_once() -> None:
    one = Reached(
        NOW - timedelta(minutes=30), answered=True, uptime_s=600, reboot_reason="watchdog"
    )
    same = tuple(
        replace(one, at=one.at + timedelta(minutes=minute), uptime_s=600 + minute * 60)
        for minute in (0, 5, 10, 20)
    )
    answer = found(replace(HEALTHY, history=same))
    assert set(answer) == {Code.RESTARTED}


@pytest.mark.parametrize(
    ("reason", "word"),
    [("watchdog", "firmware"), ("brownout", "power"), ("thermal shutdown", "overheats")],
)
def test_a_reboot_loop_names_its_reason_and_what_lies_behind_it(reason: str, word: str) -> None:
    loop = found(boots([1, 3, 5], reason))[Code.REBOOT_LOOP]
    assert any(reason in text.en for text in loop.evidence)
    assert loop.cause is not None
    assert word in loop.cause.en


def test_bootstraps_alone_are_a_claim_and_never_a_certain_loop() -> None:
    asked = tuple(NOW - timedelta(hours=hour) for hour in range(1, 7))
    assert conclude(visits(boots=asked)).findings == (), "anybody may ask in a phone's name"
    both = replace(boots([1], "watchdog"), visits=replace(HEALTHY.visits, boots=asked))
    assert found(both)[Code.REBOOT_LOOP].sureness is Sureness.LIKELY


def test_poe_class_zero_is_unclassified_and_enough() -> None:
    assert conclude(told(poe_class=0)).findings == ()


def test_a_clock_far_off_is_a_fault_as_certificates_fail_by_it() -> None:
    years = found(told(clock="2020-01-01T00:00:00+00:00"))[Code.CLOCK_WRONG]
    assert years.weight is Weight.FAULT
    assert "2517 days behind" in years.evidence[0].en


def test_loss_seen_again_and_again_is_certain_and_once_is_likely() -> None:
    lossy = told(loss_percent=2.0)
    past = tuple(
        Reached(NOW - timedelta(hours=hour), answered=True, loss_percent=2.5) for hour in (3, 2, 1)
    )
    assert found(lossy)[Code.PACKET_LOSS].sureness is Sureness.LIKELY
    again = found(replace(lossy, history=past))[Code.PACKET_LOSS]
    assert again.sureness is Sureness.CERTAIN
    assert "loss in 3 of the last 3 readings" in again.evidence[-1].en


def test_measured_values_have_each_language_s_decimal_mark() -> None:
    loss = found(told(loss_percent=6.5))[Code.PACKET_LOSS].evidence[0]
    assert (loss.ru, loss.en) == ("потери 6,5 %", "loss 6.5 %")


def test_half_duplex_explains_the_loss_beside_it() -> None:
    answer = found(told(loss_percent=6.0, duplex="half"))
    cause = answer[Code.PACKET_LOSS].cause
    assert cause is not None
    assert "half duplex" in cause.en


def test_a_line_or_server_other_than_the_profile_s_is_a_setting_not_taken() -> None:
    gone = found(told(lines=(LineFacts("999", SERVER, "registered"),)))
    other = found(told(lines=(LineFacts("101", "elsewhere", "registered"),)))
    assert "line 101" in gone[Code.SETTINGS_NOT_TAKEN].evidence[0].en
    assert "elsewhere" in other[Code.SETTINGS_NOT_TAKEN].evidence[0].en


def test_a_phone_without_a_credential_is_told_apart_from_a_silent_one() -> None:
    none = found(visits(last_proved_at=None, has_credential=False))[Code.SILENT]
    assert "neither a token" in none.evidence[0].en


def test_a_certificate_that_ended_is_a_fault() -> None:
    ended = found(told(certificate_until=(NOW - timedelta(days=1)).isoformat()))
    assert ended[Code.CERTIFICATE_ENDS].weight is Weight.FAULT


def test_a_release_held_back_says_so() -> None:
    held = found(firmware(newest="2.5.0", hold_reason="ждём отчёта"))[Code.FIRMWARE_OLD]
    assert held.weight is Weight.INFO
    assert "ждём отчёта" in held.evidence[1].en


def test_update_first_where_the_due_release_mends_what_was_found() -> None:
    mends = {Code.PACKET_LOSS: Phrase("буфер", "buffer"), Code.CLOCK_WRONG: Phrase("х", "x")}
    lossy = replace(
        told(loss_percent=6.0), firmware=FirmwareStanding("2.4.1", due="2.5.0", fixes=mends)
    )
    first = conclude(lossy).update_first
    assert first is not None
    assert first.version == "2.5.0"
    assert dict(first.mends) == {Code.PACKET_LOSS: Phrase("буфер", "buffer")}


def test_no_update_first_where_nothing_is_due_or_nothing_is_mended() -> None:
    mends = {Code.CLOCK_WRONG: Phrase("часы", "clock")}
    other = replace(
        told(loss_percent=6.0), firmware=FirmwareStanding("2.4.1", due="2.5.0", fixes=mends)
    )
    assert conclude(other).update_first is None


def test_the_gravest_finding_comes_first() -> None:
    several = told(duplex="half", link_mbps=10, clock=(NOW - timedelta(minutes=10)).isoformat())
    weights = [one.weight for one in conclude(several).findings]
    assert weights == sorted(weights, key=list(Weight).index)
    assert conclude(several).worst is Weight.FAULT
