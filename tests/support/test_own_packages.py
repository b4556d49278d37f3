"""The table of packages that a site makes of the program's: read, refused, and what it changes."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from portal.doctor import examining
from portal.doctor.finding import Level
from storage.clock import now
from storage.installation import Installation
from support.agreements.agreements import AgreementPackageError
from support.packages.loading import PackageFileError, parse, shipped
from support.packages.own import OWN_FILE, look_again, packages_of
from support.packages.package import Package, Priority, Promise
from support.requests import describing, records
from tests.ports import free_port
from tests.support.register import Register
from tests.support.requests.desk import Desk, moscow
from tests.support.requests.test_staff_views import log_in
from tests.support.test_rule_views import read

QUICK = """
[[package]]
code = "STANDARD"
ru = "Быстрый"
en = "Quick"
[package.targets]
P2 = { response = 1.5, restore = 2 }
P3 = { response = 3 }
"""
NIGHT = """
[[package]]
code = "NIGHT"
ru = "Ночной"
en = "Night"
after = "STANDARD"
around_the_clock = ["P1"]
[package.targets]
P1 = { response = 0.5 }
"""


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def desk(installation: Installation, register: Register) -> Desk:
    return Desk(installation, register)


def write(installation: Installation, text: str | bytes) -> Path:
    file = installation.data_dir / OWN_FILE
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def restarted(desk: Desk, text: str) -> Desk:
    """The desk of another process, which finds this table in its data folder."""
    folder = desk.installation.data_dir / "again"
    folder.mkdir()
    found = replace(desk.installation, data_dir=folder)
    write(found, text)
    return replace(desk, installation=found)


def describe(desk: Desk, number: int, **changes: str) -> None:
    with desk.installation.database.writing() as session:
        request = records.get_to_change(session, number)
        describing.describe(
            session,
            desk.installation,
            request,
            changes,
            actor="olga",
            now=moscow("2026-11-23T10:30"),
        )


def package(found: tuple[Package, ...], code: str) -> Package:
    return next(one for one in found if one.code == code)


def test_s8_a_sites_own_file_replaces_and_adds_packages(installation: Installation) -> None:
    assert look_again(installation) == shipped()
    write(installation, QUICK + NIGHT)
    found = look_again(installation)
    assert [one.code for one in found] == ["FREE", "BASIC", "STANDARD", "NIGHT", "PREMIUM"]
    target = package(found, "STANDARD").target(Priority.P2, Promise.RESPONSE)
    assert target is not None
    assert target.within == timedelta(minutes=90)
    assert package(found, "STANDARD").target(Priority.P1, Promise.RESPONSE) is None
    assert package(found, "BASIC") == package(shipped(), "BASIC")


def test_an_added_package_is_the_strongest_unless_it_says_after_which(
    installation: Installation,
) -> None:
    write(installation, NIGHT.replace('after = "STANDARD"', ""))
    assert look_again(installation)[-1].code == "NIGHT"


@pytest.mark.parametrize(
    ("old", "new", "en", "ru"),
    [
        ("0.5", "0", "line 10, package NIGHT: targets.P1.response", "строка 10, пакет NIGHT"),
        ("0.5", '"4"', "targets.P1.response", "нужно число"),
        ("0.5", "true", "targets.P1.response", "нужно число"),
        ("0.5", "nan", "targets.P1.response", "нужно"),
        ("0.5", "9" * 5000, "a number in it is too long", "слишком длинное число"),
        ("P1 =", "P4 =", "targets.P4", "есть только"),
        ("response = 0.5", "answer = 0.5", "targets.P1.answer", "есть только"),
        ("response = 0.5", "response = 4, resolve = 2", "P1: response", "P1: должно быть"),
        ("response = 0.5", "", "package NIGHT", "NIGHT"),
        ('["P1"]', '["P2"]', "P2 has no target", "у P2 нет срока"),
        ('"NIGHT"', '"night"', "package night: code", "пакет night: code: код"),
        ('"NIGHT"', '"STANDARD"', "STANDARD is here twice", "STANDARD записан дважды"),
        ('"NIGHT"', '"FREE"', "S-5", "S-5"),
        ('after = "STANDARD"', 'after = "BRONZE"', "after: there is no BRONZE", "BRONZE"),
        ('"Ночной"', r'"Ночной\u0000"', "package NIGHT: ru", "пакет NIGHT: ru: название"),
        ("after =", "before =", "package NIGHT: before", "before: такого поля нет"),
        ('en = "Night"\n', "", "package NIGHT: en", "en: поля нет"),
        ("[[package]]\ncode", "[[package]\ncode", "line 10, character 10", "строка 10, знак 10"),
        ("P1 =", "P1", "line 17, character 4: this is no TOML", "строка 17, знак 4: это не TOML"),
        ('= "Night"', '= "Night', "line 13, character 12: this is no TOML", "строка 13, знак 12"),
        ("0.5 }", "0.5", "line 17", "строка 17, знак 22: это не TOML (Unclosed inline table)"),
        ("[package.targets]\nP1 = {", "deep = " + "[" * 5000, "", ""),
    ],
)
def test_a_wrong_table_is_refused_with_its_line_package_and_field(
    old: str, new: str, en: str, ru: str
) -> None:
    assert old in NIGHT
    with pytest.raises(PackageFileError) as refused:
        parse("packages.toml", QUICK + NIGHT.replace(old, new), shipped())
    assert "packages.toml" in refused.value.text("ru")
    assert en in refused.value.text("en")
    assert ru in refused.value.text("ru")


def test_a_package_of_the_program_is_taken_off_sale(installation: Installation) -> None:
    write(installation, 'off_sale = ["BASIC"]\n')
    assert [one.code for one in look_again(installation)] == ["FREE", "STANDARD", "PREMIUM"]
    write(installation, 'off_sale = ["BASIC", "PREMIUM"]\n' + NIGHT)
    assert [one.code for one in look_again(installation)] == ["FREE", "STANDARD", "NIGHT"]


@pytest.mark.parametrize(
    ("text", "en", "ru"),
    [
        ('off_sale = ["BRONZE"]', "off_sale: there is no BRONZE", "off_sale: пакета BRONZE нет"),
        ('off_sale = ["FREE"]', "S-5", "бесплатная поддержка есть всегда"),
        ('off_sale = ["STANDARD"]\n' + QUICK, "STANDARD is here twice", "STANDARD записан дважды"),
        ('off_sale = ["BASIC", "BASIC"]', "BASIC is here twice", "BASIC записан дважды"),
        ('off_sale = "BASIC"', "off_sale: ", "off_sale: нужен список"),
        ('off_sale = ["basic"]', "off_sale.0: a code", "off_sale.0: код"),
        ("off_sale = []", "no [[package]]", "нет ни [[package]], ни off_sale"),
        ('for_sale = ["BASIC"]', "for_sale: ", "for_sale: такого поля нет"),
    ],
)
def test_what_is_wrongly_taken_off_sale_is_refused_in_words(text: str, en: str, ru: str) -> None:
    with pytest.raises(PackageFileError) as refused:
        parse("packages.toml", text, shipped())
    assert en in refused.value.text("en")
    assert ru in refused.value.text("ru")


def test_s7_a_contract_of_a_package_off_sale_stays_good_and_no_new_one_buys_it(desk: Desk) -> None:
    desk.conclude("BASIC")
    desk = restarted(desk, 'off_sale = ["BASIC"]\n')
    assert desk.request(desk.comes()).package == "BASIC"
    with pytest.raises(AgreementPackageError, match="BASIC"):
        desk.conclude("BASIC", "ТП-2")


@pytest.mark.parametrize(
    "body", [b"", b"# nothing yet", b"\xff\xfe", b"#" * 300_000, b"package = 1"]
)
def test_a_file_that_is_no_table_is_refused(installation: Installation, body: bytes) -> None:
    write(installation, body)
    with pytest.raises(PackageFileError):
        packages_of(installation)


def test_a_folder_in_its_place_is_refused(installation: Installation) -> None:
    (installation.data_dir / OWN_FILE).mkdir()
    with pytest.raises(PackageFileError):
        packages_of(installation)


def test_a_mark_at_the_files_beginning_is_no_mistake(installation: Installation) -> None:
    write(installation, b"\xef\xbb\xbf" + QUICK.encode())
    assert package(look_again(installation), "STANDARD").name.en == "Quick"


def test_the_doctor_tells_of_a_table_that_no_start_would_take(installation: Installation) -> None:
    def found() -> Level:
        rows = examining.examine(installation, now(), 1)
        return next(one.level for one in rows if one.check == "packages")

    packages_of(installation)
    assert found() is Level.GOOD
    file = write(installation, QUICK.replace("1.5", "-1"))
    assert found() is Level.FAULT
    file.unlink()
    assert found() is Level.GOOD


def test_s8_the_page_and_the_form_show_the_sites_own_table(
    installation: Installation, client: FlaskClient
) -> None:
    write(installation, QUICK + NIGHT)
    page = read(client, "/rules/packages")
    assert "Быстрый" in page
    assert "1 ч 30 мин" in page
    assert "Ночной" in page
    assert "Базовый" in page


def test_s7_a_contract_and_its_requests_keep_what_was_agreed(desk: Desk) -> None:
    desk.conclude()
    begun = desk.comes()
    desk = restarted(desk, QUICK)
    later = desk.comes("2026-11-24T10:00")
    describe(desk, begun, priority="P1")

    def within(number: int) -> timedelta:
        target = desk.clock(number, Promise.RESPONSE, "2026-11-24T11:00").target
        assert target is not None
        return target.within

    assert within(later) == timedelta(hours=4), "P2 of the contract's own STANDARD"
    assert within(begun) == timedelta(hours=2), "P1 of the contract's own STANDARD"


def test_s7_a_new_contract_buys_the_table_of_its_day(desk: Desk) -> None:
    desk = restarted(desk, QUICK)
    desk.conclude()
    target = desk.clock(desk.comes(), Promise.RESPONSE, "2026-11-23T11:00").target
    assert target is not None
    assert target.within == timedelta(minutes=90)


def test_a_running_request_stays_with_its_contract_beside_another_of_its_package(
    desk: Desk,
) -> None:
    desk.conclude()
    number = desk.comes()
    desk = restarted(desk, QUICK)
    desk.conclude(number="ТП-2")
    describe(desk, number, priority="P3")
    target = desk.clock(number, Promise.RESPONSE, "2026-11-23T11:00").target
    assert target is not None
    assert target.within == timedelta(hours=8)


def test_a_request_that_turns_out_to_be_another_contracts_gets_that_ones_targets(
    desk: Desk, register: Register
) -> None:
    desk.conclude(serials=[register.first])
    number = desk.comes()
    desk = restarted(desk, QUICK)
    desk.conclude(number="ТП-2", serials=[register.second])
    describe(desk, number, serials=register.second)
    target = desk.clock(number, Promise.RESPONSE, "2026-11-23T11:00").target
    assert target is not None
    assert target.within == timedelta(minutes=90)


def test_a_contract_of_a_package_that_was_taken_out_stays_good(desk: Desk) -> None:
    desk = restarted(desk, NIGHT)
    desk.conclude("NIGHT")
    desk = restarted(desk, QUICK)
    number = desk.comes(priority=Priority.P1)
    assert desk.request(number).package == "NIGHT"
    target = desk.clock(number, Promise.RESPONSE, "2026-11-23T11:00").target
    assert target is not None
    assert target.around_the_clock
    with pytest.raises(AgreementPackageError, match="NIGHT"):
        desk.conclude("NIGHT", "ТП-2")


def test_staff_see_what_a_contract_agreed_where_the_table_says_otherwise(
    installation: Installation, client: FlaskClient, desk: Desk
) -> None:
    in_force = {"valid_from": date(2020, 1, 1), "valid_to": date(2099, 1, 1)}
    write(installation, NIGHT)
    desk.conclude("NIGHT", **in_force)
    elsewhere = restarted(desk, NIGHT.replace("0.5", "1.5"))
    elsewhere.conclude("NIGHT", "ТП-2", **in_force)
    log_in(client, desk, "olga")
    page = read(client, "/staff/support-contracts/")
    assert page.count("1 ч 30 мин круглосуточно") == 1, "the second, not the first"


def test_the_page_says_which_package_has_a_loaner_and_a_named_engineer(
    client: FlaskClient,
) -> None:
    page = read(client, "/rules/packages")
    assert page.count("подменный телефон на время ремонта") == 1
    assert page.count("закреплённый инженер") == 1


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_nothing_starts_with_a_wrong_table(tmp_path: Path, command: str) -> None:
    (tmp_path / OWN_FILE).write_text(QUICK.replace("1.5", "-1"), encoding="utf-8")
    ports = {"FLATPRO_PORT": str(free_port()), "FLATPRO_PHONE_PORT": str(free_port())}
    place = {"FLATPRO_DATA_DIR": str(tmp_path), "FLATPRO_DEMO": "0", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-m", "portal.cli", command],
        env={**os.environ, **place, **ports},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "line 2, package STANDARD: targets.P2.response" in done.stderr
    assert "Traceback" not in done.stderr
