from dataclasses import replace
from datetime import date, timedelta

import pytest

from support.agreements.tiers import Reason
from support.attachments.content import Accepted
from support.mailroom.options import MailOptions
from support.packages.package import Priority, Promise
from support.requests import acknowledging, describing, intake, records
from support.requests.acknowledging import ACKS_DAILY
from support.requests.intake import PER_SOURCE_HOURLY
from support.requests.new_request import Contact
from support.requests.phones import serials_in
from support.requests.refused import (
    AttestationError,
    CallTimeError,
    ContactError,
    ContactMailError,
    IntakeLimitError,
    MessageTextError,
    SubjectError,
    UnknownRequestError,
)
from support.requests.taking_files import FilesError, QuotaError
from support.requests.vocabulary import Channel, EventKind
from support.rulebook import RULES_VERSION
from support.sla.log import State
from tests.support.requests.desk import ANNA, Desk, moscow

HOUR = timedelta(hours=1)


def test_s2_every_channel_is_a_way_in_and_is_kept(desk: Desk) -> None:
    for channel in Channel:
        number = desk.comes(channel=channel, attested=channel is not Channel.EMAIL)
        assert desk.request(number).channel == channel
        assert desk.request(number).registered_at == moscow("2026-11-23T10:00")


def test_s3_a_request_on_friday_evening_is_stored_at_once_and_counts_from_monday(
    desk: Desk,
) -> None:
    desk.conclude()
    desk.writes_for_customer()
    number = desk.comes("2026-11-20T19:30", channel=Channel.EMAIL)
    assert desk.request(number).registered_at == moscow("2026-11-20T19:30")
    clock = desk.clock(number, Promise.RESPONSE, "2026-11-23T10:00")
    assert clock.used == HOUR
    assert clock.deadline == moscow("2026-11-23T13:00")
    said = desk.letters("request.acknowledged")[0].text
    assert "Сейчас нерабочее время" in said
    assert "23.11.2026, 09:00" in said
    assert "не позже 23.11.2026, 13:00" in said


def test_s3_within_hours_nothing_is_said_of_being_closed(desk: Desk) -> None:
    desk.comes("2026-11-23T10:00")
    assert "нерабочее" not in desk.letters("request.acknowledged")[0].text


def test_s4_a_form_without_the_confirmation_is_not_taken(desk: Desk) -> None:
    for channel in (Channel.FORM, Channel.PORTAL):
        with pytest.raises(AttestationError):
            desk.comes(channel=channel, attested=False)
    number = desk.comes()
    kept = desk.request(number).attestation
    assert (kept["rules"], kept["by"]) == (RULES_VERSION, "customer")


def test_s5_a_phone_under_warranty_gets_free_support_without_a_clock(desk: Desk) -> None:
    desk.register.prove(desk.register.first, date(2026, 6, 1))
    number = desk.comes()
    assert desk.request(number).package == "FREE"
    assert desk.request(number).tier_reason == Reason.WARRANTY
    clock = desk.clock(number, Promise.RESPONSE, "2026-12-23T10:00")
    assert clock.deadline is None
    assert not clock.is_late
    assert "не имеет регламентированного времени" in desk.letters()[0].text


def test_s6_free_support_ends_with_the_warranty_and_paid_support_is_offered(desk: Desk) -> None:
    desk.register.prove(desk.register.first, date(2024, 6, 1))
    reason = Reason(desk.request(desk.comes()).tier_reason)
    assert reason is Reason.NOT_COVERED
    assert reason.offers_paid
    foreign = desk.comes(serial=desk.register.foreign)
    assert desk.request(foreign).tier_reason == Reason.NOT_OURS


def test_s7_a_contract_gives_its_package_while_it_is_valid(desk: Desk) -> None:
    desk.conclude("PREMIUM")
    assert desk.request(desk.comes("2026-12-31T10:00")).package == "PREMIUM"
    assert desk.request(desk.comes("2027-01-11T10:00")).package == "FREE"


def test_s7_a_contract_that_ends_leaves_an_open_request_what_was_promised(desk: Desk) -> None:
    desk.conclude()
    number = desk.comes("2026-12-30T17:00")
    assert desk.clock(number, Promise.RESPONSE, "2027-01-11T10:00").deadline == moscow(
        "2027-01-11T12:00"
    )


def test_s12_a_call_becomes_a_request_from_the_moment_of_the_call(desk: Desk) -> None:
    number = desk.comes(
        "2026-11-23T10:00",
        channel=Channel.PHONE,
        came_at=moscow("2026-11-23T09:40"),
        call_seconds=312,
        contact=Contact("Анна", "", "+7 900 000-00-00"),
    )
    found = desk.request(number)
    assert (found.registered_at, found.call_seconds) == (moscow("2026-11-23T09:40"), 312)
    assert found.attestation["by"] == "agent"
    assert desk.letters() == []
    for at in ("2026-11-23T10:01", "2026-11-22T09:59"):
        with pytest.raises(CallTimeError):
            desk.comes("2026-11-23T10:00", channel=Channel.PHONE, came_at=moscow(at))


def test_s13_one_request_names_many_phones_and_links_to_repairs(desk: Desk) -> None:
    number = desk.comes(serials=[f"{desk.register.first}, {desk.register.second}"])
    assert set(desk.request(number).serials) == {desk.register.first, desk.register.second}
    assert all(device.device_id for device in desk.request(number).devices)


def test_n1_what_is_missing_is_asked_for_once_in_the_acknowledgement(desk: Desk) -> None:
    number = desk.comes(serial="", product="", firmware="")
    assert acknowledging.missing(desk.request(number)) == ("product", "serial", "firmware")
    text = desk.letters()[0].text
    assert "— серийный номер" in text
    with desk.installation.database.reading() as session:
        asked = [e for e in records.events(session, number) if e.kind == EventKind.ASKED]
    assert len(asked) == 1


def test_a_serial_is_found_in_the_words_and_its_phone_tells_the_rest(desk: Desk) -> None:
    words = f"У телефона {desk.register.first.lower()} нет звука, а FP2648B2K7Q2XM7 ни при чём"
    assert serials_in(words) == (desk.register.first,)
    number = desk.comes(serial="", text=words, product="")
    assert desk.request(number).serials == (desk.register.first,)
    assert desk.request(number).product == "FP-B2"


def test_a_form_sent_twice_is_one_request(desk: Desk) -> None:
    first, second = desk.comes(intake_key="same"), desk.comes(intake_key="same")
    assert first == second
    assert len(desk.letters()) == 1


def test_a_known_writer_brings_the_contract_of_the_organisation(desk: Desk) -> None:
    desk.conclude("BASIC")
    stranger = desk.comes(serial="", channel=Channel.EMAIL)
    assert desk.request(stranger).package == "FREE"
    desk.writes_for_customer()
    number = desk.comes(serial="", channel=Channel.EMAIL)
    assert desk.request(number).package == "BASIC"
    assert desk.request(number).organisation_id is not None


def test_an_address_typed_into_a_form_brings_no_organisation_with_it(desk: Desk) -> None:
    desk.conclude("BASIC")
    desk.writes_for_customer()
    for channel in (Channel.FORM, Channel.PORTAL):
        number = desk.comes(serial="", channel=channel)
        assert desk.request(number).organisation_id is None
        assert desk.request(number).package == "FREE"


def test_who_proved_nothing_reads_in_no_letter_that_a_phone_has_a_contract(desk: Desk) -> None:
    desk.conclude("PREMIUM")
    desk.comes("2026-11-20T23:30")
    said = desk.letters("request.acknowledged")[0].text
    assert "не позже" not in said
    assert "Сейчас нерабочее время" in said


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"subject": " "}, SubjectError),
        ({"subject": "й" * 201}, SubjectError),
        ({"text": "\x00\x01 "}, MessageTextError),
        ({"text": "й" * 20_001}, MessageTextError),
        ({"contact": replace(ANNA, email="")}, ContactMailError),
        ({"contact": replace(ANNA, email="anna")}, ContactMailError),
        ({"contact": Contact("Анна"), "channel": Channel.PORTAL}, ContactError),
    ],
)
def test_what_cannot_be_answered_is_refused_and_nothing_is_stored(
    desk: Desk, changes: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        desk.comes(**changes)  # type: ignore[arg-type]
    assert desk.letters() == []


def test_control_characters_and_direction_marks_are_left_out(desk: Desk) -> None:
    number = desk.comes(text="раз\x00\x1b[31m\u202eдва\r\nтри\u2028")
    with desk.installation.database.reading() as session:
        assert records.messages(session, number)[0].text == "раз[31mдва\nтри"


def test_a_number_that_is_none_is_not_found(desk: Desk) -> None:
    with desk.installation.database.reading() as session:
        for number in (0, -1, 2**31, 2**70, 999):
            with pytest.raises(UnknownRequestError):
                records.get(session, number)
        with pytest.raises(UnknownRequestError):
            records.by_token(session, "guess")


def test_the_follow_up_address_opens_the_request_and_the_thread_does_not(desk: Desk) -> None:
    request = desk.request(desk.comes())
    address = records.address_of(desk.installation, request)
    token = address.rpartition("/")[2]
    with desk.installation.database.reading() as session:
        assert records.by_token(session, token).id == request.id
        with pytest.raises(UnknownRequestError):
            records.by_token(session, request.thread)


def test_sources_and_letters_have_bounds(desk: Desk) -> None:
    for _ in range(PER_SOURCE_HOURLY):
        desk.comes()
    assert len(desk.letters("request.acknowledged")) == ACKS_DAILY
    with desk.installation.database.reading() as session:
        options = desk.installation.option(MailOptions)
        intake.check_source(session, "192.0.2.2", moscow("2026-11-23T10:30"), options)
        with pytest.raises(IntakeLimitError):
            intake.check_source(session, "192.0.2.1", moscow("2026-11-23T10:30"), options)
        intake.check_source(session, "192.0.2.1", moscow("2026-11-23T11:01"), options)


def test_files_have_bounds_of_number_size_and_day(desk: Desk) -> None:
    big = Accepted("a.txt", "text/plain", b"x" * (14 * 1024 * 1024))
    small = Accepted("b.txt", "text/plain", b"x")
    with pytest.raises(FilesError):
        desk.comes(files=[small] * 11)
    with pytest.raises(FilesError):
        desk.comes(files=[big] * 4)
    desk.comes(files=[big] * 3)
    desk.comes(files=[big] * 3)
    with pytest.raises(QuotaError):
        desk.comes(files=[big] * 3)
    desk.comes(contact=replace(ANNA, email="other@example.ru"), files=[big])


def test_s11_what_staff_learn_changes_the_tier_and_keeps_the_time(desk: Desk) -> None:
    desk.conclude()
    number = desk.comes(serial="", priority=Priority.P3)
    assert desk.request(number).package == "FREE"
    with desk.installation.database.writing() as session:
        request = records.get_to_change(session, number)
        changes = {"serials": desk.register.first, "priority": "P2", "symptom": "sound"}
        describing.describe(
            session, desk.installation, request, changes,
            actor="olga", now=moscow("2026-11-23T12:00"),
        )  # fmt: skip
    assert desk.request(number).package == "STANDARD"
    clock = desk.clock(number, Promise.RESPONSE, "2026-11-23T12:30")
    assert clock.used == 2.5 * HOUR
    assert clock.deadline == moscow("2026-11-23T14:00")
    assert desk.state(number) is State.NEW
