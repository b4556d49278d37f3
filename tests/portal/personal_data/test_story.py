"""Personal data end to end: found, exported, refused, erased, kept by law, gone when that ends."""

import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import select

from accounts import users
from accounts.models import Role
from accounts.users import NewUser
from portal.backups import restoring, saving
from portal.personal_data import (
    act_pdf,
    erasing,
    erasure_log,
    expiring,
    exporting,
    finding,
    withdrawals,
)
from portal.personal_data.bases import Basis
from portal.personal_data.erasing import ErasureRefusedError
from portal.personal_data.exporting import NothingHeldError
from storage import clock
from storage.people import Person, phone_key
from support.agreements import agreements
from support.agreements.models import Receivable
from support.personal_data.models import ErasureAct
from support.personal_data.register import shipped
from support.repairs import records as repair_records
from support.requests.models import SupportRequest
from support.requests.new_request import Contact
from support.requests.vocabulary import Channel
from tests.portal.backups.test_backup import Fresh, fresh
from tests.portal.personal_data.story import (
    ANNA,
    EMAIL,
    NEEDLES,
    WHO,
    Story,
    columns_with,
    hits,
)
from tests.support.register import CUSTOMER
from tests.support.repairs.test_filing import pdf_text
from tests.support.repairs.workshop import moscow

__all__ = ["fresh"]


BOTH = pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True)


@BOTH
def test_a_person_is_exported_whole_erased_and_found_nowhere_once_the_law_has_no_more_claim(
    story: Story,
) -> None:
    number = story.asks()
    unit_id = story.sends_a_phone()
    story.orders()
    assert story.holds() == {
        "request", "letter-in", "letter-out", "repair", "photo", "order", "consent", "account",
    }  # fmt: skip
    _export_holds_all(story, number)
    with pytest.raises(ErasureRefusedError) as refused:
        story.erases("2026-12-20T10:00")
    told = refused.value.text("ru")
    assert f"Обращение № {number} не закрыто" in told
    assert "Ремонт" in told
    assert "Заказ сертификата" in told
    assert "Не раньше 15.01.2027." in told
    assert story.holds() >= {"request", "repair", "account"}

    story.ends(number)
    story.has_it_back(unit_id)
    done = story.erases("2027-02-01T10:00")
    assert story.holds() == {"repair", "order"}
    with story.installation.database.reading() as session:
        act = session.get_one(ErasureAct, done.act)
        assert not any(needle in json.dumps(act.log) + act.person for needle in NEEDLES)
        kept = {one["class"]: one["until"] for one in act.log if one["done"] == "kept"}
        assert kept == {"repair": "2032-01-02", "order": "2033-01-01"}
    paper = pdf_text(act_pdf.act_pdf(act, "ru"))
    assert "Акт об уничтожении персональных данных" in paper
    assert f"request:{number}" in paper
    assert "отзыв согласия" in paper
    assert "02.01.2032" in paper
    with pytest.raises(ErasureRefusedError, match="2033-01-01"):
        story.erases("2027-02-02T10:00")

    assert expiring.run(story.installation, moscow("2031-12-31T10:00"), clock.now()) > 0
    assert story.holds() == {"repair", "order"}
    expiring.run(story.installation, moscow("2033-01-02T10:00"), clock.now())
    assert hits(story.installation) == []
    with story.installation.database.reading() as session:
        unit = repair_records.unit(session, unit_id)
        assert (unit.serial, unit.stage, unit.parts) == (
            story.register.second, "returned", "Разъём RJ9",
        )  # fmt: skip
    request = story.desk.request(number)
    assert (request.state, request.serials, request.symptom) == (
        "closed", (story.register.first,), "sound",
    )  # fmt: skip


def _export_holds_all(story: Story, number: int) -> None:
    made = exporting.make(
        story.installation, WHO, "ru", actor="admin", now=moscow("2026-12-20T10:00")
    )
    with story.installation.blobs.open(made.sha256) as stored:
        packed = zipfile.ZipFile(io.BytesIO(stored.read()))
    told = packed.read("data.json").decode()
    page = packed.read("index.html").decode()
    for needle in (*NEEDLES[:-1], "Звоните", f"request:{number}"):
        assert needle in told
        assert needle in page
    bodies = [packed.read(name) for name in packed.namelist() if name.startswith("files/")]
    assert any(b"SECRET-OF-ANNA in a log" in body for body in bodies)
    assert any(body.startswith(b"%PDF") for body in bodies)
    assert any(b"Message-ID: <1@romashka.example>" in body for body in bodies)
    assert any(body.startswith(b"\x89PNG") for body in bodies)
    listed = {one["code"] for one in json.loads(told)["classes"]}
    assert listed == story.holds()


@BOTH
def test_erasure_leaves_a_colleague_of_the_same_name_and_number_alone(story: Story) -> None:
    number = story.asks()
    other = story.somebody_else_asks()
    story.ends(number)
    story.erases("2027-02-01T10:00")
    found = story.desk.request(other)
    assert (found.contact_name, found.contact_phone) == ("Анна Петрова", "+7 900 000-00-00")
    assert EMAIL not in "".join(hits(story.installation))


def test_every_column_that_holds_a_persons_data_stands_in_the_register(story: Story) -> None:
    """What the whole story left anywhere is looked for by its words, not by names of columns."""
    story.asks()
    story.sends_a_phone()
    story.orders()
    unknown = {
        column for column in columns_with(story.installation) if not shipped().is_personal(column)
    }
    assert unknown == set()


def test_a_running_contract_and_a_debt_refuse_and_say_until_when(story: Story) -> None:
    number = story.asks()
    story.ends(number)
    story.desk.conclude()
    with story.installation.database.writing() as session:
        contact = agreements.add_contact(
            session, EMAIL, CUSTOMER, actor="test", now=moscow("2026-01-10T10:00")
        )
        session.add(
            Receivable(
                organisation_id=contact.organisation_id, overdue=1200, as_of=date(2026, 12, 1),
                imported_by="test", imported_at=moscow("2026-12-01T10:00"),
            )
        )  # fmt: skip
    with pytest.raises(ErasureRefusedError) as refused:
        story.erases("2026-12-20T10:00")
    assert "договор ТП-1" in refused.value.text("ru")
    assert "Не раньше 31.12.2026." in refused.value.text("ru")
    assert "долг 1\u00a0200,00\u00a0₽" in refused.value.text("ru")


def test_the_log_of_erasures_cleans_a_restored_backup_and_names_nobody(
    story: Story, fresh: Fresh
) -> None:
    number = story.asks()
    story.ends(number)
    backup = story.installation.data_dir / "backup.tar"
    saving.save(story.installation, backup, clock.now())
    story.erases("2027-02-01T10:00")
    erasure_log.write(story.installation)
    assert erasure_log.write(story.installation) == 0
    path = erasure_log.path_of(story.installation)
    log = path.read_text()
    assert not any(needle in log for needle in NEEDLES)
    new = fresh("sqlite")
    with backup.open("rb") as file:
        found = restoring.restore(
            new, file, new.data_dir / "secrets.key", clock.now(), erasures=erasure_log.read(path)
        )
    assert found.erased_again >= 1
    assert hits(new) == []


def test_a_restore_is_not_stopped_by_what_only_a_law_keeps(story: Story, fresh: Fresh) -> None:
    number = story.asks()
    story.has_it_back(story.sends_a_phone())
    story.ends(number)
    story.erases("2027-02-01T10:00")
    erasure_log.write(story.installation)
    backup = story.installation.data_dir / "backup.tar"
    saving.save(story.installation, backup, clock.now())
    log = erasure_log.read(erasure_log.path_of(story.installation))
    new = fresh("sqlite")
    with backup.open("rb") as file:
        found = restoring.restore(
            new, file, new.data_dir / "secrets.key", clock.now(), erasures=log
        )
    assert found.erased_again == 0


def test_who_came_back_after_an_erasure_is_not_erased_by_a_restore(
    story: Story, fresh: Fresh
) -> None:
    number = story.asks()
    story.ends(number)
    story.erases("2026-12-20T10:00")
    erasure_log.write(story.installation)
    back = story.desk.comes("2026-12-24T10:00", contact=ANNA)
    backup = story.installation.data_dir / "backup.tar"
    saving.save(story.installation, backup, moscow("2026-12-25T10:00"))
    log = erasure_log.read(erasure_log.path_of(story.installation))
    new = fresh("sqlite")
    with backup.open("rb") as file:
        restoring.restore(new, file, new.data_dir / "secrets.key", clock.now(), erasures=log)
    with new.database.reading() as session:
        request = session.get_one(SupportRequest, back)
    assert request.contact_email == EMAIL


def test_an_account_that_asked_for_the_person_under_another_name_is_not_theirs(
    story: Story,
) -> None:
    story.asks()
    with story.installation.database.writing() as session:
        new = NewUser("secretary", "Ольга", Role.CUSTOMER, "tests-Only-1234567", CUSTOMER)
        user = users.add(session, new, actor="admin", now=moscow("2026-11-01T10:00")).id
    story.desk.comes("2026-11-24T10:00", contact=ANNA, user_id=user)
    with story.installation.database.reading() as session:
        assert finding.person(session, email=EMAIL).logins == {"anna-p"}


def test_a_login_that_is_the_address_in_other_letters_is_the_person(story: Story) -> None:
    with story.installation.database.writing() as session:
        new = NewUser("Anna@Romashka.Example", "Анна", Role.AGENT, "tests-Only-1234567")
        users.add(session, new, actor="admin", now=moscow("2026-11-01T10:00"))
    with pytest.raises(ErasureRefusedError, match=r"works here|сотрудника"):
        story.erases("2026-12-20T10:00", Person(frozenset({EMAIL})))


def test_a_line_that_a_power_cut_tore_is_told_again(story: Story) -> None:
    story.ends(story.asks())
    story.erases("2026-12-20T10:00")
    erasure_log.write(story.installation)
    path = erasure_log.path_of(story.installation)
    whole = path.read_text()
    path.write_text(whole[:-20])
    assert erasure_log.write(story.installation) == 1
    assert path.read_text() == whole


def test_terms_are_shown_before_anything_goes_and_may_be_changed(story: Story) -> None:
    number = story.asks()
    story.ends(number)
    database = story.installation.database
    with database.reading() as session:
        early = {one.about.code: one for one in expiring.look(session, moscow("2027-11-01T10:00"))}
        assert [held.subject for held in early["request"].now] == []
        assert len(early["attachment"].soon) == 1
        late = {one.about.code: one for one in expiring.look(session, moscow("2029-12-02T10:00"))}
        assert [held.subject for held in late["request"].now] == [f"request:{number}"]
        assert late["source"].rows_now == 2  # of the request and of its consent
    assert "request" in story.holds()


def test_a_withdrawn_consent_has_its_thirty_days_until_the_data_are_gone(story: Story) -> None:
    number = story.asks()
    with story.installation.database.writing() as session:
        withdrawals.note(session, WHO, actor="admin", now=moscow("2026-12-01T10:00"))
    with story.installation.database.reading() as session:
        [one] = withdrawals.waiting(session)
    assert (one.email, one.due_on) == (EMAIL, date(2026, 12, 31))
    story.ends(number)
    story.erases("2026-12-20T10:00")
    with story.installation.database.reading() as session:
        assert withdrawals.waiting(session) == []


def test_people_are_found_by_address_number_and_part_of_a_name(story: Story) -> None:
    story.asks()
    with story.installation.database.reading() as session:
        for typed in ("ANNA@romashka.example", "8 (900) 000-00-00", "петров"):
            keys = {one.person.keys for one in finding.candidates(session, typed)}
            assert (f"email:{EMAIL}",) in keys
        assert finding.candidates(session, "nobody@romashka.example") == []


def test_who_has_told_no_address_is_found_by_number_and_nobody_else_is(story: Story) -> None:
    story.desk.comes()
    caller = Contact("Анна", "", "+7 900 000-00-00")
    number = story.desk.comes(channel=Channel.PHONE, contact=caller, source="call")
    who = Person(phones=frozenset({phone_key("8 900 000 00 00")}))
    with story.installation.database.reading() as session:
        found = [held.subject for held in finding.held_of(session, who)]
    assert found == [f"request:{number}"]
    with pytest.raises(NothingHeldError):
        story.erases("2027-01-01T10:00", Person(phones=frozenset({"9111111111"})), Basis.REQUEST)


@BOTH
def test_two_officers_erase_one_person_at_once_with_one_act(story: Story) -> None:
    story.ends(story.asks())

    def erase(_turn: int) -> bool:
        try:
            story.erases("2027-02-01T10:00")
        except NothingHeldError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(erase, range(2))) == [False, True]
    with story.installation.database.reading() as session:
        assert len(session.scalars(select(ErasureAct)).all()) == 1
    assert hits(story.installation) == []


def test_a_plan_changes_nothing(story: Story) -> None:
    story.ends(story.asks())
    before = columns_with(story.installation)
    with story.installation.database.reading() as session:
        assert erasing.plan(session, WHO, moscow("2027-01-01T10:00")).going
    assert columns_with(story.installation) == before
