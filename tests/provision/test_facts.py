import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.devices.identity import MacAddress, SerialNumber
from provision.readers.facts import (
    LINES_MAX,
    TEXT_LENGTH_MAX,
    DeviceFacts,
    Difference,
    Found,
    LineFacts,
    clean,
    differences,
    gather,
    merge,
    readable,
)

WHOLE = gather(
    [
        Found("product", "FP-B2", "snmp A"),
        Found("serial", "fp2648b2k7q2xm6", "snmp A"),
        Found("mac", "02:F1:A7:00:00:01", "snmp B"),
        Found("firmware", "2.4.1", "snmp A"),
        Found("uptime_s", "4711", "snmp C"),
        Found("mos", "4.2", "http"),
    ],
    [LineFacts("101", "sip.example", "registered"), LineFacts()],
    "snmp table",
)


def test_each_fact_is_a_value_of_its_kind_with_its_source() -> None:
    assert WHOLE.serial == SerialNumber("FP2648B2K7Q2XM6")
    assert WHOLE.mac == MacAddress("02f1a7000001")
    assert (WHOLE.uptime_s, WHOLE.mos) == (4711, 4.2)
    assert WHOLE.lines == (LineFacts("101", "sip.example", "registered"),)
    assert WHOLE.hardware is None
    assert WHOLE.sources == {
        "product": "snmp A",
        "serial": "snmp A",
        "mac": "snmp B",
        "firmware": "snmp A",
        "uptime_s": "snmp C",
        "mos": "http",
        "lines": "snmp table",
    }


def test_the_first_good_value_counts_and_empty_is_absent() -> None:
    facts = gather(
        [
            Found("serial", "", "first"),
            Found("serial", None, "second"),
            Found("serial", "  \x00", "third"),
            Found("serial", "SN1234", "fourth"),
            Found("serial", "SN5678", "fifth"),
        ]
    )
    assert facts.serial == SerialNumber("SN1234")
    assert facts.sources == {"serial": "fourth"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mac", "00:00:00:00:00:00"),
        ("mac", "eth0"),
        ("serial", "Default string"),
        ("uptime_s", "-1"),
        ("uptime_s", "1.5"),
        ("uptime_s", "99999999999"),
        ("uptime_s", "٤٢"),
        ("vlan", "none"),
        ("mos", "nan"),
        ("mos", "inf"),
        ("jitter_ms", "low"),
    ],
)
def test_what_is_no_such_value_is_kept_apart(name: str, said: str) -> None:
    facts = gather([Found(name, said, "snmp")])
    assert facts.told == {}
    assert facts.refused == {name: said}
    assert facts.sources == {}


def test_a_stored_record_with_what_is_no_such_value_reads_as_refused() -> None:
    facts = DeviceFacts.from_record({"firmware": "2.4.1", "clock": "x", "uptime_s": 99999999999})
    assert facts.told == {"firmware": "2.4.1"}
    assert facts.refused == {"clock": "x", "uptime_s": "99999999999"}


def test_a_value_found_later_replaces_what_was_refused() -> None:
    facts = gather([Found("mac", "none", "a"), Found("mac", "02f1a7000001", "b")])
    assert (facts.refused, facts.sources) == ({}, {"mac": "b"})


def test_no_phone_fills_us_with_lines() -> None:
    facts = gather([], [LineFacts(number=str(at)) for at in range(1000)])
    assert facts.lines is not None
    assert len(facts.lines) == LINES_MAX


def test_a_fresh_reading_takes_nothing_away() -> None:
    fresh = gather([Found("firmware", "2.5.0", "http"), Found("serial", "", "http")])
    merged = merge(WHOLE, fresh)
    assert merged.firmware == "2.5.0"
    assert merged.serial == WHOLE.serial
    assert merged.lines == WHOLE.lines
    assert (merged.sources["firmware"], merged.sources["serial"]) == ("http", "snmp A")


def test_differences_are_only_what_both_tell() -> None:
    fresh = gather([Found("firmware", "2.5.0", "http"), Found("hardware", "A", "http")])
    assert differences(WHOLE, fresh) == (Difference("firmware", "2.4.1", "2.5.0"),)
    assert differences(WHOLE, WHOLE) == ()
    assert differences(DeviceFacts(), WHOLE) == ()


def test_a_record_is_json_and_reads_back_the_same() -> None:
    record = json.loads(json.dumps(WHOLE.as_record()))
    assert record["serial"] == "fp2648b2k7q2xm6"
    assert record["mac"] == "02f1a7000001"
    assert "hardware" not in record
    assert DeviceFacts.from_record(record) == WHOLE
    assert DeviceFacts.from_record(DeviceFacts().as_record()) == DeviceFacts()
    assert DeviceFacts.from_record(record | {"colour": "red"}) == WHOLE


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"FP-B2\x00\x00", "FP-B2"),
        (b" FP-B2 \r\n", "FP-B2"),
        ("Кабинет 5".encode(), "Кабинет 5"),
        (b"se\xf1or", "señor"),
        (b"\x02\xf1\xa7\x00\x00\x01", "02f1a7000001"),
        (b"two\r\nlines\x07", "two lines\\x07"),
        (b"", None),
        (b"\x00\x00", None),
        (b"x" * 300, "x" * TEXT_LENGTH_MAX),
        (b"\xff" * 300, "ÿ" * TEXT_LENGTH_MAX),
        (b"\x80" * 300, ("80" * 300)[:TEXT_LENGTH_MAX]),
    ],
)
def test_bytes_of_a_device_are_read_as_what_they_are(raw: bytes, text: str | None) -> None:
    assert readable(raw) == text


@given(st.binary(max_size=600))
def test_whatever_the_bytes_the_text_is_one_printable_line(raw: bytes) -> None:
    text = readable(raw)
    assert text is None or (text.isprintable() and 0 < len(text) <= TEXT_LENGTH_MAX)


@given(st.sampled_from([*DeviceFacts.__dataclass_fields__]), st.text())
def test_whatever_a_phone_says_makes_facts(name: str, said: str) -> None:
    if name in {"lines", "sources", "refused"}:
        return
    facts = gather([Found(name, said, "x")])
    assert len(facts.told) + len(facts.refused) == (1 if clean(said) else 0)
    assert DeviceFacts.from_record(json.loads(json.dumps(facts.as_record()))) == facts
