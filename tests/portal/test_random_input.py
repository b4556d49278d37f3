"""H10: six parsers are fed random and half-right input; each reads it or refuses it in its type.

What each reads has a property of its own that is held to. The ordinary run takes the same hundred
examples each time; `make prove` feeds each parser for ten minutes.
"""

import contextlib
import random
import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pysnmp.proto.api import v2c

from provision.enrolment import judging, table
from provision.enrolment.judging import Register
from provision.families.family import TemplateName
from provision.families.loading import load_families
from provision.proving.digest import Accepted, Refused, Stale
from provision.readers.snmp_ber import MalformedError, value_of
from provision.rendering import RenderError, render
from storage.http_answers.byte_ranges import MAX_RANGES, parse_range
from storage.refusals import RefusedError
from support.mailroom.parsing import UnreadableError, parse
from tests.provision.proving.test_digest import answer, verdict
from tests.provision.sweeps.test_snmp_ber import ASKED, OIDS, response
from tests.provision.test_rendering import CONFIGURATION, LINE, read_back

MOST_S = 1.0
TEN_MINUTES_S = 600.0
_AT_ONCE = 1_000
FAMILIES = load_families()

Mutation = tuple[int, str, bytes]
#: Where, what and with which bytes: right input is spoiled in up to a dozen places.
MUTATIONS = st.lists(
    st.tuples(
        st.integers(0, 1 << 16),
        st.sampled_from(["put", "insert", "cut", "double", "end"]),
        st.binary(min_size=1, max_size=8),
    ),
    max_size=12,
)


def spoiled(right: bytes, mutations: list[Mutation]) -> bytes:
    for where, kind, more in mutations:
        at = where % (len(right) + 1)
        match kind:
            case "put":
                right = right[:at] + more + right[at + len(more) :]
            case "insert":
                right = right[:at] + more + right[at:]
            case "cut":
                right = right[:at] + right[at + len(more) :]
            case "double":
                right = right[:at] + right[at : at + 64] * 2 + right[at + 64 :]
            case _:
                right = right[:at]
    return right[: 1 << 16]


def spoiling(*right: bytes) -> SearchStrategy[bytes]:
    """Right input as it is or spoiled, and nothing like it."""
    return st.one_of(
        st.builds(spoiled, st.sampled_from(right), MUTATIONS), st.binary(max_size=2000)
    )


def snmp_values(raw: bytes) -> None:
    found = ASKED.reader.read(raw)
    # An agent that reports an error tells no value; any other tells one of each that was asked.
    assert len(found.values) == (0 if found.status else len(OIDS))
    for one in found.values:
        # What an agent sent is absent, a number, bytes, or a dotted text; never a bool or a list.
        assert type(value_of(one)) in {type(None), int, bytes, str}


#: What could end a line, or be taken for its end, but for the line's end itself.
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
WORDS = st.text(max_size=60)
NAMES = st.one_of(st.from_regex(r"\A[a-z][a-z0-9_]{0,8}\Z"), WORDS)
SECTIONS = st.dictionaries(
    NAMES,
    st.dictionaries(NAMES, st.one_of(WORDS, st.integers(), st.booleans()), max_size=4),
    max_size=4,
)
LINES = st.builds(
    replace,
    st.just(LINE),
    number=WORDS,
    display_name=WORDS,
    server=WORDS,
    user=WORDS,
    password=WORDS,
)
WRITTEN = st.tuples(
    st.sampled_from(["flat_phone", "yealink", "snom", "grandstream"]),
    st.builds(
        replace,
        st.just(CONFIGURATION),
        lines=st.lists(LINES, max_size=3).map(
            lambda lines: [replace(one, index=at) for at, one in enumerate(lines, 1)]
        ),
        sections=SECTIONS,
    ),
)


def configuration(written: tuple[str, Any]) -> None:
    """What was written is read back whole: by the dialect's own reader, as XML, or line by line."""
    name, values = written
    family = FAMILIES.get(name)
    body = render(family, TemplateName.CONFIGURATION, values)
    if name == "flat_phone":
        found = read_back(body)
        for line in values.lines:
            assert found[f"sip.{line.index}"]["password"] == line.password
    elif body.lstrip().startswith(b"<?xml"):
        ET.fromstring(body)
    else:
        assert not CONTROLS.search(body.decode())


CELLS = st.one_of(
    st.sampled_from(
        ["02f1a7000001", "02:f1:a7:00:00:02", "FP-B2", "A", "Офис", "29.11.2026", '"', "=1+1"]
    ),
    st.text(max_size=12),
)
HEADS = ("mac", "product", "serial", "hardware", "site", "handover", "contract", "sip.1.password")


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """A head that is understood, rows of any cells, in an encoding; then spoiled, or not."""
    delimiter = draw(st.sampled_from([",", ";", "\t"]))
    names = draw(st.permutations(HEADS))[: draw(st.integers(2, len(HEADS)))]
    rows = draw(st.lists(st.lists(CELLS, min_size=1, max_size=9), max_size=8))
    lines = [delimiter.join(["mac", "product", *names[2:]]), *map(delimiter.join, rows)]
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1251"]))
    right = "\r\n".join(lines).encode(encoding, "replace")
    return spoiled(right, draw(MUTATIONS)) if draw(st.booleans()) else right


REGISTER = Register({"FP-B2": ("A", "B")}, {"Офис": [(1, 1)]}, {"Ромашка": 1})


def imported(content: bytes) -> None:
    """Each row has its verdict, and only a row that can be stored is told to be new."""
    read = table.read(content)
    judged = judging.judge(read.entries, REGISTER, date(2026, 11, 29))
    assert len(judged) == len(read.entries)
    for one in judged:
        assert (one.verdict in judging.GOOD) == (one.wanted is not None)


OWN = "support@flat-pro.ru"
LETTER = (
    b"From: =?utf-8?b?0JDQvdC90LA=?= <anna@romashka.example>\r\nTo: support@flat-pro.ru\r\n"
    b"Subject: =?koi8-r?q?=EE=C5=D4?= zvuka\r\nMessage-ID: <1@romashka.example>\r\n"
    b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n'
    b"Content-Type: text/plain; charset=windows-1251\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    b"zeXyIOfi8+rg\r\n--x\r\nContent-Type: text/html\r\n\r\n<p>No <b>sound</b></p>\r\n--x\r\n"
    b"Content-Type: image/png; name*=UTF-8''%D1%84.png\r\nContent-Disposition: attachment\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--x--\r\n"
)
NESTED = LETTER.replace(b"text/html", b"message/rfc822") + LETTER


def letter(raw: bytes) -> None:
    found = parse(raw, OWN)
    assert found.subject.isprintable()
    assert not {"\r", "\n", "\0"} & set(found.subject + found.sender_name + found.sender)


NUMBERS = st.one_of(st.integers(0, 60), st.integers(0, 1 << 70)).map(str)
SPECS = st.one_of(
    st.builds("{}-{}".format, NUMBERS, NUMBERS),
    NUMBERS.map("{}-".format),
    NUMBERS.map("-{}".format),
    st.text(max_size=8),
)
RANGES = st.tuples(
    st.one_of(
        st.lists(SPECS, max_size=300).map(lambda parts: "bytes=" + ",".join(parts)), st.text()
    ),
    st.one_of(st.integers(0, 50), st.integers(0, 1 << 40)),
)


def ranges(asked: tuple[str, int]) -> None:
    header, size = asked
    found = parse_range(header, size) or ()
    assert len(found) <= MAX_RANGES
    assert all(0 <= one.first <= one.last < size for one in found)
    assert sum(one.size for one in found) <= size


RIGHT = (answer(), answer("MD5"))
RESPONSES = [one.rpartition('response="')[2].rstrip('"') for one in RIGHT]


def digest(header: bytes) -> None:
    """Nothing but a right response opens the door, whatever stands around it."""
    text = header.decode("latin-1")
    found = verdict(text)
    assert isinstance(found, (Accepted, Refused, Stale))
    assert not isinstance(found, Accepted) or any(one in text.lower() for one in RESPONSES)


@dataclass(frozen=True)
class Parser:
    """What it is fed, how it is held to its property, and the types of its refusals."""

    inputs: SearchStrategy[Any]
    feed: Callable[[Any], None]
    refusals: tuple[type[Exception], ...] = ()

    def fed(self, given_one: Any) -> float:
        """Seconds of the processor; what is no refusal gets out."""
        begun = time.thread_time()
        with contextlib.suppress(*self.refusals):
            self.feed(given_one)
        return time.thread_time() - begun


PARSERS: Mapping[str, Parser] = {
    "SNMP value reader": Parser(
        spoiling(
            response(v2c.OctetString("Flat Phone"), v2c.TimeTicks(4711)),
            response(v2c.IpAddress("10.1.2.3"), v2c.ObjectIdentifier("1.3.6.1.4.1.32473.1")),
            response(v2c.Integer(-5), v2c.Counter64(1 << 63)),
            response(v2c.NoSuchObject(""), v2c.OctetString(bytes(range(256)))),
        ),
        snmp_values,
        (MalformedError,),
    ),
    "configuration renderer": Parser(WRITTEN, configuration, (RenderError, RefusedError)),
    "CSV importer": Parser(
        st.one_of(tables(), st.binary(max_size=300).map(b"mac,product\n".__add__)),
        imported,
        (RefusedError,),
    ),
    "MIME parser": Parser(spoiling(LETTER, NESTED), letter, (UnreadableError,)),
    "Range parser": Parser(RANGES, ranges),
    "Digest parser": Parser(
        spoiling(*(one.encode() for one in RIGHT), b'Digest username="x", nc=1'), digest
    ),
}


@pytest.mark.parametrize("name", PARSERS)
def test_random_input_is_read_or_refused_in_its_own_type(name: str) -> None:
    parser = PARSERS[name]

    @given(parser.inputs)
    def one(example: Any) -> None:
        assert parser.fed(example) <= MOST_S

    one()


@pytest.mark.prove
@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", PARSERS)
def test_proof_h10_ten_minutes_of_random_input_find_no_untyped_refusal(name: str) -> None:
    parser, count, slowest_s = PARSERS[name], 0, 0.0
    deadline = time.monotonic() + TEN_MINUTES_S
    while time.monotonic() < deadline:

        @seed(random.getrandbits(64))
        @settings(
            max_examples=_AT_ONCE,
            database=None,
            deadline=None,
            phases=[Phase.explicit, Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(parser.inputs)
        def one(example: Any) -> None:
            nonlocal count, slowest_s
            if time.monotonic() < deadline:
                count, slowest_s = count + 1, max(slowest_s, parser.fed(example))

        one()
    print(  # noqa: T201 - the figure of the proof
        f"H10: {name}: {count} inputs in {TEN_MINUTES_S / 60:.0f} minutes, all read or refused in"
        f" their type, the slowest {slowest_s * 1000:.0f} ms of the processor"
    )
    assert slowest_s <= MOST_S
    assert count > _AT_ONCE
