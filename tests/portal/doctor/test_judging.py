"""What `flatpro doctor` makes of the facts: good, attention or fault, and what to do."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest

from portal.doctor import judging
from portal.doctor.finding import Finding, Level, worst
from portal.doctor.judging import Letters, Queue, Room
from portal.doctor.tftp_judging import tftp
from provision.tftp.options import SITES
from storage.phrases import Phrase

INNER = IPv4Address("10.20.0.5")
NOW = datetime(2026, 11, 29, 10, 0, tzinfo=UTC)
GIB = 1024**3


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


CASES = {
    "a safe SQLite": (judging.sqlite("3.53.4", in_use=True, is_safe=True), "good"),
    "an unsafe SQLite": (judging.sqlite("3.40.1", in_use=True, is_safe=False), "attention"),
    "no SQLite": (judging.sqlite("3.40.1", in_use=False, is_safe=False), "good"),
    "a private key file": (judging.key_file("/k", mode=0o100600, beside_data=False), "good"),
    "a key beside the data": (judging.key_file("/k", mode=0o100600, beside_data=True), "attention"),
    "a key for everybody": (judging.key_file("/k", mode=0o100644, beside_data=False), "fault"),
    "fresh signatures": (judging.signing("offline", []), "good"),
    "keys on the server": (judging.signing("local", []), "attention"),
    "signatures that end": (judging.signing("offline", ["online/timestamp"]), "fault"),
    "a mirror": (judging.signing("mirror", []), "good"),
    "a clock": (judging.clock(NOW, ago(1), synchronised=True), "good"),
    "a clock nobody knows of": (judging.clock(NOW, None, synchronised=None), "good"),
    "a clock that drifts": (judging.clock(NOW, ago(1), synchronised=False), "attention"),
    "a clock that went back": (judging.clock(NOW, ago(-60), synchronised=True), "fault"),
    "a roomy disk": (judging.disk(Room("/d", 50 * GIB, 100 * GIB)), "good"),
    "a disk with 4 % left": (judging.disk(Room("/d", 40 * GIB, 1000 * GIB)), "attention"),
    "a disk with 3 GiB left": (judging.disk(Room("/d", 3 * GIB, 10 * GIB)), "attention"),
    "a full disk": (judging.disk(Room("/d", 100, 10 * GIB)), "fault"),
    "whole files": (judging.stored_files([]), "good"),
    "a damaged file": (judging.stored_files(["ab" * 32]), "fault"),
    "an idle queue": (judging.queue(Queue(0, None, 0), NOW), "good"),
    "a busy queue": (judging.queue(Queue(3, ago(1), 0), NOW), "good"),
    "a slow queue": (judging.queue(Queue(3, ago(5), 0), NOW), "attention"),
    "a failed job": (judging.queue(Queue(0, None, 1), NOW), "attention"),
    "a dead queue": (judging.queue(Queue(3, ago(20), 0), NOW), "fault"),
    "no mail server": (judging.letters(Letters(None, None, 0, None), NOW), "attention"),
    "a mail server": (judging.letters(Letters("m:25", None, 1, ago(5)), NOW), "good"),
    "late letters": (judging.letters(Letters("m:25", None, 1, ago(45)), NOW), "attention"),
    "a silent mail server": (judging.letters(Letters("m:25", "refused", 1, ago(1)), NOW), "fault"),
    "a network": (judging.networks([ip_network("10.20.0.0/16")]), "good"),
    "no network": (judging.networks([]), "attention"),
    "every network": (judging.networks([ip_network("0.0.0.0/0")]), "attention"),
    "no TFTP": (tftp(None, 69, SITES, answers=False), "good"),
    "TFTP in the site": (tftp(INNER, 69, SITES, answers=True), "good"),
    "TFTP that is silent": (tftp(INNER, 69, SITES, answers=False), "fault"),
    "TFTP everywhere": (tftp(IPv4Address("0.0.0.0"), 69, SITES, answers=True), "attention"),
    "TFTP in public": (tftp(IPv4Address("8.8.8.8"), 69, SITES, answers=True), "fault"),
    "TFTP for all": (tftp(INNER, 69, [ip_network("0.0.0.0/0")], answers=True), "fault"),
    "TFTP of IPv6 in the site": (tftp(IPv6Address("fd00::5"), 69, SITES, answers=True), "good"),
    "TFTP of IPv6 in public": (
        tftp(IPv6Address("2a02:6b8::feed"), 69, SITES, answers=True),
        "fault",
    ),
    "TFTP for all of IPv6": (tftp(INNER, 69, [ip_network("::/0")], answers=True), "fault"),
    "no TLS": (judging.certificate("http://h", None, None, NOW), "attention"),
    "nobody at the address": (judging.certificate("https://h", None, "refused", NOW), "attention"),
    "a year to go": (judging.certificate("https://h", ago(-500_000), None, NOW), "good"),
    "a week to go": (judging.certificate("https://h", ago(-10_000), None, NOW), "attention"),
    "an expired certificate": (judging.certificate("https://h", ago(1), None, NOW), "fault"),
}


@pytest.mark.parametrize("case", CASES)
def test_each_fact_has_its_level_and_what_is_not_good_says_what_to_do(case: str) -> None:
    finding, level = CASES[case]
    assert finding.level == level
    for language in ("ru", "en"):
        assert finding.found.text(language)
        assert bool(finding.advice.text(language)) == (level != "good")


def test_the_worst_counts() -> None:
    good, soon, bad = (Finding("x", level, judging.disk(Room("", 1, 1)).found) for level in Level)
    assert worst([]) is Level.GOOD
    assert worst([good, soon]) is Level.ATTENTION
    assert worst([soon, bad, good]) is Level.FAULT


def test_times_are_told_in_moscow_and_kept_as_instants() -> None:
    told = judging.clock(NOW, ago(1), synchronised=True)
    assert told.found == Phrase("29.11.2026 13:00 МСК", "29.11.2026 13:00 MSK")
    assert told.at == NOW
    ends = datetime(2026, 11, 29, 21, 30, tzinfo=UTC)
    last = judging.certificate("https://h", ends, None, NOW)
    assert (last.found.en, last.at) == ("https://h: until 30.11.2026", ends)
