import contextlib
import itertools
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.devices.identity import (
    BadMacError,
    BadSerialError,
    MacAddress,
    SerialNumber,
    check_character,
    make_serial,
)

DIGITS = "0123456789abcdef"


@pytest.mark.parametrize(
    "spelling",
    [
        "02f1a7000001",
        "02F1A7000001",
        "02:f1:a7:00:00:01",
        "02-F1-A7-00-00-01",
        "02_f1_a7_00_00_01",
        "02 f1 a7 00 00 01",
        "02f1.a700.0001",
        "02f1a7-000001",
        "  02F1:A700:0001\n",
    ],
)
def test_every_usual_spelling_of_a_mac_is_the_same_device(spelling: str) -> None:
    assert MacAddress.parse(spelling) == MacAddress("02f1a7000001")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "02f1a700000",
        "02f1a70000011",
        "02f1a700000g",
        "02:f1-a7:00:00:01",
        "02f1:a7:00:00:01",
        "000000000000",
        "ff:ff:ff:ff:ff:ff",
        "01005e000001",
        "03f1a7000001",
        "02f1\u04307000001",  # a Cyrillic letter
        "０2f1a7000001",
    ],
)
def test_what_names_no_device_is_no_mac(text: str) -> None:
    with pytest.raises(BadMacError):
        MacAddress.parse(text)


def test_a_mac_cannot_be_made_past_its_rules() -> None:
    for wrong in ("02F1A7000001", "000000000000", "02:f1:a7:00:00:01"):
        with pytest.raises(BadMacError):
            MacAddress(wrong)


def test_a_mac_is_shown_with_colons_and_stored_without() -> None:
    mac = MacAddress.parse("02-F1-A7-00-00-0A")
    assert (mac.colons, mac.hex, str(mac)) == ("02:f1:a7:00:00:0a", "02f1a700000a", "02f1a700000a")


@given(st.text())
def test_any_text_is_a_mac_or_refused_by_name(text: str) -> None:
    with contextlib.suppress(BadMacError):
        assert set(MacAddress.parse(text).hex) <= set(DIGITS)


def test_the_serial_of_the_contract_has_its_check_character() -> None:
    assert SerialNumber.parse("FP2648B2K7Q2XM6").has_check_character


def test_the_check_character_follows_iso_7064() -> None:
    # The worked example of the Global Release Identifier, which uses the same system.
    assert check_character("A12425GABC1234002") == "M"


def test_one_wrong_character_is_always_found() -> None:
    right = "FP2648B2K7Q2XM6"
    for at, other in itertools.product(range(8, 15), "0123456789ABCDEFGHJKMNPQRSTVWXYZ"):
        wrong = right[:at] + other + right[at + 1 :]
        assert SerialNumber(wrong).has_check_character == (wrong == right)


@pytest.mark.parametrize(
    "typed",
    [
        "fp2648b2k7q2xm6",
        " FP 2648-B2 K7Q2XM-6 ",
        "FР2648В2К7Q2ХМ6",  # Р, В, К, Х, М are Cyrillic
        "ＦＰ２６４８B2K7Q2XM6",
        "FP2648B2K7Q2XM6\u00a0",
    ],
)
def test_a_serial_is_read_as_it_was_meant(typed: str) -> None:
    serial = SerialNumber.parse(typed)
    assert serial == SerialNumber("FP2648B2K7Q2XM6")
    assert serial.raw == typed
    assert str(serial) == "FP2648B2K7Q2XM6"


def test_letters_for_digits_are_mended_only_where_the_check_character_agrees() -> None:
    serial = make_serial("FP-B2", 2010, 10, Random(1)).text
    assert "0" in serial
    assert "1" in serial
    mistyped = "FP" + serial[2:6].replace("0", "O").replace("1", "l") + serial[6:]
    assert SerialNumber.parse(mistyped).text == serial
    assert SerialNumber.parse("FPO648B2K7Q2XM7").text == "FPO648B2K7Q2XM7"


@pytest.mark.parametrize("old", ["A-100/7", "№ 15", "SN:00042", "X" * 64])
def test_any_other_printable_serial_is_taken_as_it_is(old: str) -> None:
    serial = SerialNumber.parse(old)
    assert not serial.is_own_form
    assert not serial.has_check_character


def test_a_mistyped_serial_of_ours_is_told_from_a_foreign_one() -> None:
    assert SerialNumber.parse("FP2648B2K7Q2XM7").is_own_form
    assert not SerialNumber.parse("FP2648B2K7Q2XM7").has_check_character
    assert not SerialNumber.parse("FP2699B2K7Q2XM7").is_own_form


@pytest.mark.parametrize(
    "text", ["", " - ", "0000000", "Default string", "N/A", "unknown", "AB\x07CD", "X" * 65]
)
def test_what_no_label_says_is_no_serial(text: str) -> None:
    with pytest.raises(BadSerialError) as refusal:
        SerialNumber.parse(text)
    assert refusal.value.text("ru").isprintable()


@given(st.text(max_size=80))
def test_reading_a_serial_twice_changes_nothing(text: str) -> None:
    try:
        once = SerialNumber.parse(text)
    except BadSerialError:
        return
    assert SerialNumber.parse(once.text) == once


@given(st.integers(0, 99), st.integers(1, 53), st.integers())
def test_every_serial_made_is_right_and_easy_to_read(year: int, week: int, seed: int) -> None:
    serial = make_serial("FP-B2", 2000 + year, week, Random(seed))
    assert serial.has_check_character
    assert serial.text.startswith(f"FP{year:02d}{week:02d}B2")
    assert not set(serial.text[8:]) & set("ILOU")


@pytest.mark.parametrize(("product", "week"), [("B", 1), ("FP-B2", 0), ("FP-B2", 54), ("Ж", 1)])
def test_no_serial_is_made_from_what_cannot_be_in_it(product: str, week: int) -> None:
    with pytest.raises(BadSerialError):
        make_serial(product, 2026, week, Random(0))
