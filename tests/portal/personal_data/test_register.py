"""The register is data: each column has its verdict, each class somebody who ends it."""

import re

import pytest
from sqlalchemy import JSON, Column, String, Text

from portal import tables
from portal.personal_data import finding
from storage.installation import Installation
from storage.masking import masked, worth_masking
from storage.people import ERASED, Mention
from support.personal_data import terms
from support.personal_data.models import RetentionTerm
from support.personal_data.register import PersonalClass, shipped
from tests.support.repairs.workshop import moscow

SOUNDS = re.compile(
    r"name|mail|phone|person|contact|sender|recipient|buyer|login|actor|author|_by$|assigned|source"
    r"|text|words|quoted|content|details|arguments|remark|subject|note|error|report$|body|address"
    r"|dispute|evidence|appeal|value|owner|tracking|message_id|facts|transcript|answer"
)


def columns() -> list[Column[object]]:
    return [
        column
        for table in tables.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, (String, Text, JSON)) and SOUNDS.search(column.name)
    ]


def test_every_column_that_sounds_like_a_persons_has_a_verdict() -> None:
    found = [f"{column.table.name}.{column.name}" for column in columns()]
    assert len(found) > 100
    assert [name for name in found if not shipped().is_judged(name)] == []


def test_every_column_of_the_register_exists() -> None:
    known = {
        f"{table.name}.{column.name}" for table in tables.metadata.sorted_tables
        for column in table.columns
    }  # fmt: skip
    named = [name for one in shipped().classes for name in one.columns if "*" not in name]
    assert [name for name in named if name not in known] == []
    for one in shipped().classes:
        for name, at in (*one.emptied.items(), *one.deleted.items()):
            assert f"{name.partition('.')[0]}.{at}" in known


def test_every_class_with_a_term_is_ended_by_a_room_or_by_its_columns() -> None:
    held = {code for holder in finding.HOLDERS for code in holder.categories}
    of_rows = {one.code for one in shipped().classes if one.emptied or one.deleted}
    with_term = {one.code for one in shipped().classes if one.days}
    assert with_term - held - of_rows == {"export"}
    assert held <= {one.code for one in shipped().classes}


def test_a_term_from_the_end_of_the_year_begins_in_moscow() -> None:
    papers: PersonalClass = shipped().get("repair")
    assert papers.ends_at(moscow("2026-12-31T23:30"), 1827) == moscow("2032-01-02T00:00")
    assert papers.ends_at(moscow("2027-01-01T00:30"), 1827) == moscow("2033-01-01T00:00")
    photo = shipped().get("photo")
    assert photo.ends_at(moscow("2026-12-31T12:00"), 30) == moscow("2027-01-30T12:00")


@pytest.mark.parametrize(
    ("code", "typed"),
    [("request", "0"), ("request", "x"), ("request", "99999999"), ("repair", "9")],
)
def test_a_term_that_makes_no_sense_or_breaks_the_law_is_refused(
    installation: Installation, code: str, typed: str
) -> None:
    with installation.database.writing() as session:
        with pytest.raises(terms.TermDaysError):
            terms.change(session, code, typed, actor="admin", now=moscow("2026-12-01T10:00"))
        terms.change(session, "request", "400", actor="admin", now=moscow("2026-12-01T10:00"))
        assert terms.current(session).days["request"] == 400
        assert session.get_one(RetentionTerm, "request").set_by == "admin"


def test_words_are_taken_out_of_texts_and_of_what_json_holds() -> None:
    words = worth_masking(["Анна  Петрова", "a@b.ru", "", "А"])
    assert masked("пишет АННА ПЕТРОВА (A@B.RU)", words) == f"пишет {ERASED} ({ERASED})"
    assert masked({"who": ["Анна Петрова", 3]}, words) == {"who": [ERASED, 3]}


def test_a_mention_is_a_person_by_address_first_then_by_number() -> None:
    assert Mention("А", "A@B.ru", "+7 900 000-00-00").person.keys == ("email:a@b.ru",)
    assert Mention("А", "", "8 900 000-00-00").person.keys == ("phone:9000000000",)
    assert Mention("А", "", "12").person.keys == ()
