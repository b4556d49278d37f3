"""What codes say, and which of them make a label: pure rules, and their contradictions."""

import random

import pytest

from provision.devices.identity import make_serial
from provision.labels.codes import Code, Kind, Said, said
from provision.labels.sorting import Label, Problem, labels

MAC, OTHER = "02f1a7000001", "02f1a7000002"
SERIAL = "FP2648B2K7Q2XM6"
PRODUCTS = ("FP-B2", "FP-C5")


def code(text: str, x: float = 0, y: float = 0, form: str = "Code128") -> Code:
    return Code(form, text, x, y)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("MAC: 02F1A7000001", Kind.MAC, MAC),
        ("mac=02-f1-a7-00-00-01", Kind.MAC, MAC),
        ("MAC ADDRESS 02:F1:A7:00:00:01", Kind.MAC, MAC),
        ("02:F1:A7:00:00:01", Kind.MAC, MAC),
        ("02F1A7000001", Kind.MAC, MAC),
        ("http://p.example/p/02F1A7000001.cfg", Kind.MAC, MAC),
        ("S/N: fp2648b2k7q2xm6", Kind.SERIAL, SERIAL),
        ("Serial No.: 3123018020001234", Kind.SERIAL, "3123018020001234"),
        ("SN FP2648B2K7Q2XM6", Kind.SERIAL, SERIAL),
        ("зав. № 12-345", Kind.SERIAL, "12345"),
        ("FP2648B2K7Q2XM6", Kind.SERIAL, SERIAL),
        # A serial number that looks like a MAC, called by its name.
        ("SN:88019FA42805", Kind.SERIAL, "88019FA42805"),
        ("3123018020001234", Kind.PERHAPS_SERIAL, "3123018020001234"),
        ("001565123456", Kind.PERHAPS_BOTH, "001565123456"),
        ("P/N: fp-b2", Kind.PRODUCT, "FP-B2"),
    ],
)
def test_a_code_says_what_it_names_or_what_its_form_tells(
    text: str, kind: Kind, value: str
) -> None:
    assert said(code(text)) == [Said(kind, value)]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("001565123456", "UPCA"),
        ("4601234567890", "EAN13"),
        ("https://flat.example/help", "QRCode"),
        ("", "QRCode"),
        ("000000000000", "Code128"),
        ("Сделано в России, хранить в сухом месте", "QRCode"),
        ("SN: UNKNOWN", "Code128"),
        ("\x00\x1f", "DataMatrix"),
    ],
)
def test_an_article_number_and_a_text_of_no_use_say_nothing(text: str, form: str) -> None:
    assert [one.kind for one in said(code(text, form=form))] in ([], [Kind.PERHAPS_SERIAL])[:1]


def test_one_code_may_say_all_of_it() -> None:
    text = "Model: FP-B2\r\nSN: FP2648B2K7Q2XM6\r\nMAC: 02F1A7000001"
    assert labels([code(text, form="QRCode")], PRODUCTS) == [Label(MAC, SERIAL, "FP-B2")]
    plain = '{"mac":"02f1a7000001","sn":"FP2648B2K7Q2XM6"}'
    assert labels([code(plain, form="QRCode")], PRODUCTS) == [Label(MAC, SERIAL, "FP-B2")]


def test_a_mac_and_the_code_that_is_left_are_one_label() -> None:
    codes = [code("02F1A7000001", 10, 10), code("3123018020001234", 10, 40)]
    article = code("4601234567890", 10, 70, "EAN13")
    assert labels([*codes, article], PRODUCTS) == [Label(MAC, "3123018020001234")]


def test_twelve_digits_beside_a_mac_are_the_serial_number() -> None:
    codes = [code("02F1A7000001"), code("001565123456", 0, 30)]
    assert labels(codes, PRODUCTS) == [Label(MAC, "001565123456")]


def test_twelve_digits_alone_are_a_mac_only_where_such_phones_are_known() -> None:
    codes = [code("001565123456"), code("SN: 3123", 0, 30)]
    [doubtful] = labels(codes, PRODUCTS)
    assert doubtful.mac == ""
    assert Problem.MAC_OR_SERIAL in doubtful.problems
    assert labels(codes, PRODUCTS, {"001565"}) == [Label("001565123456", "3123")]


def test_several_labels_on_one_photo_are_sorted_from_top_to_bottom() -> None:
    rand = random.Random(1)
    serials = [make_serial("FP-B2", 2026, 10 + at, rand).text for at in range(3)]
    codes = []
    for at in range(3):
        codes += [code(serials[at], 100, 1000 * at + 80), code(f"02f1a700000{at}", 100, 1000 * at)]
    rand.shuffle(codes)
    assert labels(codes, PRODUCTS) == [
        Label(f"02f1a700000{at}", serials[at], "FP-B2") for at in range(3)
    ]


def test_the_same_mac_in_two_codes_is_one_label() -> None:
    codes = [code("02F1A7000001"), code("MAC: 02:f1:a7:00:00:01", 0, 500), code(SERIAL, 0, 520)]
    assert labels(codes, PRODUCTS) == [Label(MAC, SERIAL, "FP-B2")]


@pytest.mark.parametrize(
    ("codes", "problem"),
    [
        ([code(SERIAL)], Problem.NO_MAC),
        ([code("02F1A7000001")], Problem.NO_SERIAL),
        ([code("02F1A7000001"), code("SN: 1111"), code("SN: 2222")], Problem.TWO_SERIALS),
        ([code("02F1A7000001"), code("AAAA1111"), code("BBBB2222")], Problem.TWO_SERIALS),
        # One character of our own serial number is wrong: the last one checks it.
        ([code("02F1A7000001"), code("FP2648B2K7Q2XM7")], Problem.WRONG_CHECK),
        ([code("02F1A7000001"), code(SERIAL), code("Model: FP-C5")], Problem.OTHER_PRODUCT),
        (
            [code(MAC, 0, 0), code(OTHER, 0, 100), code("SN: 1111", 0, 50)],
            Problem.UNCLEAR_WHOSE,
        ),
    ],
)
def test_what_contradicts_itself_is_told_and_not_settled(
    codes: list[Code], problem: Problem
) -> None:
    assert problem in labels(codes, PRODUCTS)[0].problems


def test_two_labels_with_one_serial_number_are_told() -> None:
    text = "MAC: {mac} SN: FP2648B2K7Q2XM6"
    found = labels([code(text.format(mac=MAC)), code(text.format(mac=OTHER), 0, 900)], PRODUCTS)
    assert [Problem.SERIAL_TWICE in one.problems for one in found] == [True, True]


def test_the_product_of_a_serial_number_is_told_only_when_it_is_one() -> None:
    codes = [code("02F1A7000001"), code(SERIAL)]
    assert labels(codes, ["FP-B2", "XX-B2"])[0].product == ""
    assert labels([], PRODUCTS) == []
