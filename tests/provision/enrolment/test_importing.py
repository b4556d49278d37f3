"""The phones of a table in the register: all of them or none, and each refusal with its reason."""

import json
import time
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from accounts import users
from accounts.models import AuditEntry, OrganisationKind, Site
from provision import credentials, profile_history, profiles
from provision.cli import device
from provision.devices import registry
from provision.devices.identity import MacAddress
from provision.devices.models import Device
from provision.enrolment import importing, judging, table
from provision.enrolment.columns import RepeatedColumnError
from provision.enrolment.importing import Source
from provision.enrolment.judging import Verdict
from storage.clock import now
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import MAC, SERIAL, Estate

HEAD = "MAC;Серийный номер;Изделие;Ревизия;Площадка;Группа;Дата передачи;Договор\n"
FREE = "02f1a7000002"
SOURCE = Source("phones.csv", "0" * 64)


@pytest.fixture
def estate(installation: Installation) -> Estate:
    return estates.build(installation)


def verdicts(place: Installation, rows: str, head: str = HEAD) -> list[tuple[Verdict, str]]:
    with place.database.reading() as session:
        judged = importing.look(session, place, table.read((head + rows).encode()), now())
    return [(row.verdict, row.detail) for row in judged]


def count(place: Installation) -> int:
    with place.database.reading() as session:
        return session.scalar(select(func.count(Device.id))) or 0


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (f"{FREE};SN-1;FP-B2;A;Офис;;;", (Verdict.NEW, "")),
        (f"{FREE};;fp-b2;a;;;;", (Verdict.NEW, "")),
        (f"{MAC};{SERIAL};FP-B2;A;Офис;;;", (Verdict.SAME, "")),
        (f"{MAC};;FP-B2;;;;;", (Verdict.SAME, "")),
        ("zz;;FP-B2;;;;;", (Verdict.BAD_MAC, "zz")),
        ("01f1a7000002;;FP-B2;;;;;", (Verdict.BAD_MAC, "01f1a7000002")),
        (f"{FREE};N/A;FP-B2;;;;;", (Verdict.BAD_SERIAL, "N/A")),
        (f"{FREE};;FP-X9;;;;;", (Verdict.UNKNOWN_PRODUCT, "FP-X9")),
        (f"{FREE};;FP-B2;Z;;;;", (Verdict.UNKNOWN_HARDWARE, "Z")),
        (f"{FREE};;FP-B2;A;Склад;;;", (Verdict.UNKNOWN_SITE, "Склад")),
        (f"{FREE};;FP-B2;A;;{'г' * 65};;", (Verdict.LONG_GROUP, "г" * 64)),
        (f"{FREE};;FP-B2;A;;;31.02.2026;Д-1", (Verdict.BAD_DAY, "31.02.2026")),
        (f"{FREE};;FP-B2;A;;;01.01.2099;Д-1", (Verdict.BAD_DAY, "01.01.2099")),
        (f"{FREE};;FP-B2;A;;;01.11.2026;", (Verdict.NO_PAPER, "01.11.2026")),
        (f"{MAC};{SERIAL};FP-B2;B;;;;", (Verdict.MAC_TAKEN, MAC)),
        (f"{MAC};SN-9;FP-B2;A;;;;", (Verdict.MAC_TAKEN, MAC)),
        (f"{MAC};;FP-B2;;;;20.11.2026;Д-7", (Verdict.NEW_HANDOVER, "20.11.2026")),
        (f"{FREE};{SERIAL};FP-B2;A;;;;", (Verdict.SERIAL_TAKEN, MAC)),
    ],
)
def test_each_row_has_its_verdict(estate: Estate, row: str, expected: tuple[str, str]) -> None:
    assert verdicts(estate.installation, row + "\n") == [expected]


def test_a_known_phone_is_skipped_only_with_the_handover_that_the_register_has(
    estate: Estate,
) -> None:
    place, row = estate.installation, f"{FREE};;FP-B2;;;;20.11.2026;Д-7\n"
    with place.database.writing() as session:
        importing.take_in(
            session, place, table.read((HEAD + row).encode()), SOURCE, actor="test", now=now()
        )
    assert verdicts(place, row) == [(Verdict.SAME, "")]
    assert verdicts(place, f"{FREE};;FP-B2;;;;;\n") == [(Verdict.SAME, "")]
    for day, paper in (("19.11.2026", "Д-7"), ("20.11.2026", "Д-8")):
        told = verdicts(place, f"{FREE};;FP-B2;;;;{day};{paper}\n")
        assert told == [(Verdict.NEW_HANDOVER, day)]


def test_a_phone_named_twice_is_refused_with_the_row_that_was_first(estate: Estate) -> None:
    rows = f"{FREE};SN-1;FP-B2;;;;;\n02-F1-A7-00-00-02;;FP-B2;;;;;\n02f1a7000003;sn 1;FP-B2;;;;;\n"
    found = verdicts(estate.installation, rows)
    assert found[1:] == [(Verdict.MAC_TWICE, "2"), (Verdict.SERIAL_TWICE, "2")]


def test_a_site_that_two_organisations_have_needs_the_organisation(estate: Estate) -> None:
    with estate.installation.database.writing() as session:
        other = users.add_organisation(session, "Лютик", OrganisationKind.CUSTOMER)
        session.add(Site(organisation_id=other.id, name="Офис"))
    head = "mac,product,site,organisation\n"
    rows = f"{FREE},FP-B2,Офис,\n{FREE[:-1]}3,FP-B2,Офис,Лютик\n{FREE[:-1]}4,FP-B2,Офис,Роза\n"
    found = [verdict for verdict, _detail in verdicts(estate.installation, rows, head)]
    assert found == [Verdict.UNCLEAR_SITE, Verdict.NEW, Verdict.UNKNOWN_ORGANISATION]


def run(place: Installation, *arguments: str) -> Result:
    return CliRunner().invoke(device, ["import", *arguments], obj=lambda: place)


def test_the_command_stores_all_with_papers_tokens_and_audit(
    estate: Estate, tmp_path: Path
) -> None:
    file, out = tmp_path / "phones.csv", tmp_path / "tokens.csv"
    rows = f"{FREE};SN-1;FP-B2;B;Офис;=Зал;20.11.2026;Д-7\n{MAC};;FP-B2;;;;;\n"
    file.write_text(HEAD + rows, "cp1251")
    place = estate.installation
    answer = run(place, str(file), "--credentials", str(out), "--json")
    assert answer.exit_code == 0, answer.output
    assert json.loads(answer.stdout) == {"added": 1, "skipped": 1, "tokens": 1}
    token = out.read_text().splitlines()[1].split(",")[2]
    assert out.stat().st_mode & 0o777 == 0o600
    with place.database.reading() as session:
        found = registry.get(session, FREE)
        assert (found.hardware, found.group_name, found.serial_raw) == ("B", "=Зал", "SN-1")
        assert found.organisation is not None
        assert [one.on for one in registry.handovers(session, FREE)] == [date(2026, 11, 20)]
        assert credentials.verify_token(session, token, MacAddress(FREE), now())
        actions = session.scalars(
            select(AuditEntry.action).where(AuditEntry.subject == found.subject)
        ).all()
        assert set(actions) == {"device.add", "device.handover", "device.credential.new"}
        assert session.scalars(select(AuditEntry).where(AuditEntry.action == "device.import")).one()


def test_one_bad_row_stores_nothing_and_a_second_run_skips_all(
    estate: Estate, tmp_path: Path
) -> None:
    place, file, out = estate.installation, tmp_path / "phones.csv", tmp_path / "tokens.csv"
    file.write_text(f"mac,product\n{FREE},FP-B2\nbad,FP-B2\n")
    answer = run(place, str(file), "--credentials", str(out))
    assert (answer.exit_code, count(place), out.exists()) == (1, 1, False)
    assert "bad-mac" in answer.stdout
    file.write_text(f"mac,product\n{FREE},FP-B2\n")
    dry = json.loads(run(place, str(file), "--dry-run", "--json").stdout)
    assert (dry["counts"], count(place)) == ({"new": 1}, 1)
    for expected in ({"added": 1, "skipped": 0}, {"added": 0, "skipped": 1}):
        told = json.loads(run(place, str(file), "--json").stdout)
        assert {name: told[name] for name in expected} == expected
    assert count(place) == 2


def test_an_existing_file_of_tokens_is_kept_and_nothing_is_stored(
    estate: Estate, tmp_path: Path
) -> None:
    place, file, out = estate.installation, tmp_path / "phones.csv", tmp_path / "tokens.csv"
    file.write_text(f"mac,product\n{FREE},FP-B2\n")
    out.write_text("mine")
    assert run(place, str(file), "--credentials", str(out)).exit_code == 1
    assert (out.read_text(), count(place)) == ("mine", 1)


def test_what_changed_since_the_look_is_judged_again(estate: Estate) -> None:
    place = estate.installation
    read = table.read(f"mac,product,serial\n{FREE},FP-B2,SN-1\n".encode())
    with place.database.writing() as session:
        estates.add_phone(session, "02f1a7000009", "SN-1")
    with (
        pytest.raises(importing.RefusedRowsError) as caught,
        place.database.writing() as session,
    ):
        importing.take_in(session, place, read, SOURCE, actor="test", now=now())
    assert (caught.value.details["row"], count(place)) == (2, 2)


def test_what_was_made_ready_is_not_stored_over_what_others_did_meanwhile(estate: Estate) -> None:
    place = estate.installation
    read = table.read(f"mac,product,serial\n{FREE},FP-B2,SN-1\n".encode())
    with (
        place.database.reading() as session,
        importing.prepared(session, place, read, actor="test", now=now()) as found,
    ):
        session.rollback()
        with place.database.writing() as writer:
            estates.add_phone(writer, "02f1a7000009", "SN-1")
        with place.database.writing() as writer:
            with pytest.raises(importing.OvertakenError):
                importing.store(writer, place, found, SOURCE, actor="test", now=now())
            # The transaction goes on, without a row of the table.
            assert writer.scalar(select(func.count(Device.id))) == 2


def timed_import(place: Installation, rows: int) -> float:
    lines = (f"02f1a8{at:06x},FP-B2,S-{at:07d},A,Офис\n" for at in range(rows))
    content = ("mac,product,serial,hardware,site\n" + "".join(lines)).encode()
    started, worked = time.monotonic(), time.process_time()
    read = table.read(content)
    with place.database.reading() as session:
        assert not judging.refused(importing.look(session, place, read, now()))
    with place.database.writing() as session:
        done = importing.take_in(
            session, place, read, SOURCE, actor="test", now=now(), with_tokens=True
        )
    took, worked = time.monotonic() - started, time.process_time() - worked
    print(f"{rows} phones with tokens in {took:.1f} s, {worked:.1f} s of the processor")  # noqa: T201 - the figure of the proof
    assert (done.added, len(done.issued), count(place)) == (rows, rows, rows + 1)
    return took


def test_five_thousand_phones_come_in_at_once(estate: Estate) -> None:
    assert timed_import(estate.installation, 5_000) < 30


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_a_hundred_thousand_phones_come_in_within_a_minute(estate: Estate) -> None:
    assert timed_import(estate.installation, 100_000) <= 60


SETTINGS = "mac,product,sip.1.number,SIP.1.Password,network.vlan,web.enabled\n"
WITH_SETTINGS = f"{FREE},FP-B2,101,=s3cret;1,42,yes\n"


def test_settings_of_a_row_become_the_phones_own_with_history_and_secrets_sealed(
    estate: Estate,
) -> None:
    place = estate.installation
    read = table.read((SETTINGS + WITH_SETTINGS).encode())
    assert read.ignored == []
    with place.database.writing() as session:
        importing.take_in(session, place, read, SOURCE, actor="test", now=now())
    with place.database.reading() as session:
        link = profiles.link_for(session, device=FREE)
        found = profiles.resolve(session, [link]).opened(place.seal)
        changes = profile_history.of_links(session, [link], 10)
        told = str(session.scalars(select(AuditEntry.details)).all())
    assert found == {
        "network.vlan": 42,
        "sip.1.number": "101",
        "sip.1.password": "=s3cret;1",
        "web.enabled": True,
    }
    assert {one.name for one in changes} == set(found)
    assert "s3cret" not in told
    with place.database.writing() as session:
        profiles.undo(session, changes[0].id, actor="test", now=now())


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (f"{FREE},FP-B2,,,,", (Verdict.NEW, "")),
        (f"{FREE},FP-B2,,,4095,", (Verdict.BAD_SETTING, "network.vlan")),
        (f"{FREE},FP-B2,,,42,perhaps", (Verdict.BAD_SETTING, "web.enabled")),
        (f"{MAC},FP-B2,101,,,", (Verdict.SAME, "")),
        (f"{MAC},FP-B2,102,,,", (Verdict.OTHER_SETTING, "sip.1.number")),
        (f"{MAC},FP-B2,101,{estates.SIP_PASSWORD},,", (Verdict.SAME, "")),
        (f"{MAC},FP-B2,101,another,,", (Verdict.OTHER_SETTING, "sip.1.password")),
    ],
)
def test_settings_are_judged_by_name_and_no_value_is_told(
    estate: Estate, row: str, expected: tuple[str, str]
) -> None:
    assert verdicts(estate.installation, row + "\n", SETTINGS) == [expected]


def test_columns_of_no_setting_are_told_and_a_profile_is_a_group() -> None:
    read = table.read(
        f"mac,product,profile,sip.99.number,network.nothing\n{FREE},FP-B2,Зал,1,2\n".encode()
    )
    assert read.ignored == ["sip.99.number", "network.nothing"]
    assert read.entries[0].group == "Зал"
    with pytest.raises(RepeatedColumnError):
        table.read(b"mac,product,sip.1.number,SIP.1.NUMBER\n")
