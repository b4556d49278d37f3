import io
import subprocess
from datetime import date

import pytest
import zxingcpp
from docx import Document
from PIL import Image

from support.cases.vocabulary import EventKind, Stage
from support.papers.paper import code_png
from support.papers.sheet import drawable
from support.repairs import filing, records
from support.repairs.act import Act, is_inn
from support.repairs.act_docx import act_docx
from support.repairs.act_words import ActPaper
from support.repairs.refused import ActSettledError
from tests.support.repairs.workshop import Workshop, an_act, moscow


def pdf_text(body: bytes) -> str:
    done = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=body, capture_output=True, check=True
    )
    return done.stdout.decode()


def stored_pdf(workshop: Workshop, unit_id: int) -> bytes:
    version = workshop.report(unit_id).versions[-1]
    with workshop.installation.blobs.open(version.pdf_sha256) as stored:
        return stored.read()


def test_f4_an_act_names_many_phones_and_each_is_a_case_of_its_own(workshop: Workshop) -> None:
    one, other = workshop.file(workshop.register.first, workshop.register.second)
    assert [workshop.unit(one).name, workshop.unit(other).name] == [
        "RMA-26-0001/1", "RMA-26-0001/2",
    ]  # fmt: skip
    assert workshop.unit(one).stage == Stage.FILED
    device = workshop.unit(other).device
    assert device is not None
    assert device.serial == workshop.register.second


def test_f5_numbers_have_no_gap_within_a_year_and_begin_anew_with_the_next(
    workshop: Workshop,
) -> None:
    first = workshop.file(at="2026-12-31T20:00")
    with pytest.raises(ZeroDivisionError), workshop.installation.database.writing() as session:
        new = filing.NewAct(an_act(workshop.register.second), "lost", "192.0.2.1")
        filing.file(
            session, workshop.installation, new, actor="anna", now=moscow("2026-12-31T21:00")
        )
        raise ZeroDivisionError
    second = workshop.file(at="2026-12-31T23:59")
    third = workshop.file(at="2027-01-01T00:01")
    numbers = [workshop.report(ids[0]).number for ids in (first, second, third)]
    assert numbers == ["RMA-26-0001", "RMA-26-0002", "RMA-27-0001"]


def test_f5_an_act_is_never_changed_a_correction_is_another_version(workshop: Workshop) -> None:
    [unit_id] = workshop.file()
    before = stored_pdf(workshop, unit_id)
    corrected = an_act(workshop.register.first, remarks="Без подставки")
    with workshop.installation.database.writing() as session:
        report = records.unit(session, unit_id).report
        for _twice in range(2):
            filing.correct(
                session, workshop.installation, report, corrected,
                actor="anna", now=moscow("2026-12-15T10:00"),
            )  # fmt: skip
    versions = workshop.report(unit_id).versions
    assert [version.version for version in versions] == [1, 2]
    assert versions[0].sha256 != versions[1].sha256
    with workshop.installation.blobs.open(versions[0].pdf_sha256) as stored:
        assert stored.read() == before
    assert "Без подставки" in pdf_text(stored_pdf(workshop, unit_id))
    assert "Без подставки" not in pdf_text(before)


def test_f5_phones_are_not_exchanged_on_an_act_that_was_filed(workshop: Workshop) -> None:
    [unit_id] = workshop.file()
    with workshop.installation.database.writing() as session:
        report = records.unit(session, unit_id).report
        with pytest.raises(ActSettledError):
            filing.correct(
                session, workshop.installation, report, an_act(workshop.register.second),
                actor="anna", now=moscow("2026-12-15T10:00"),
            )  # fmt: skip


def test_f3_the_paper_carries_the_number_as_words_and_as_a_code(workshop: Workshop) -> None:
    [unit_id] = workshop.file()
    body = stored_pdf(workshop, unit_id)
    words = pdf_text(body)
    assert "Акт неисправности RMA-26-0001" in words
    assert workshop.register.first in words
    assert "Нет звука в трубке" in words
    assert "ул. 8 Марта" in words
    drawn = subprocess.run(
        ["pdftoppm", "-r", "150", "-png", "-"], input=body, capture_output=True, check=True
    )
    [code] = zxingcpp.read_barcodes(Image.open(io.BytesIO(drawn.stdout)))
    assert code.text == "http://flatpro.test/staff/repairs/dock?code=RMA-26-0001"


def test_the_code_gives_no_way_into_the_case(workshop: Workshop) -> None:
    [unit_id] = workshop.file()
    token = workshop.address(unit_id).rpartition("/")[2]
    assert token not in pdf_text(stored_pdf(workshop, unit_id))
    [code] = zxingcpp.read_barcodes(Image.open(io.BytesIO(code_png("RMA-26-0001"))))
    assert code.text == "RMA-26-0001"


def test_russian_is_drawn_with_letters_and_what_the_face_lacks_is_shown(workshop: Workshop) -> None:
    every = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ №₽«»—…"
    assert drawable(every) == every
    assert drawable("日😀") == "??"
    [unit_id] = workshop.file(remarks=every)
    assert every.split(maxsplit=1)[0] in pdf_text(stored_pdf(workshop, unit_id))
    fonts = subprocess.run(
        ["pdffonts", "-"], input=stored_pdf(workshop, unit_id), capture_output=True, check=True
    ).stdout.decode()
    faces = [line for line in fonts.splitlines() if "Roboto" in line]
    assert faces
    assert all(line.split()[-5] == "yes" for line in faces), "each face is embedded"


def test_the_act_opens_as_docx_with_the_same_words(workshop: Workshop) -> None:
    act = an_act(workshop.register.first, remarks="<w:p>&\x00")
    paper = ActPaper(
        act, "RMA-26-0001", 1, moscow("2026-12-14T10:00"), act.sha256, "ФЛАТ-ПРО", "Москва",
        "http://flatpro.test/staff/repairs/dock?code=RMA-26-0001",
    )  # fmt: skip
    sheet = Document(io.BytesIO(act_docx(paper)))
    words = "\n".join(line.text for line in sheet.paragraphs)
    assert "Акт неисправности RMA-26-0001" in words
    assert "<w:p>&" in words
    assert sheet.tables[0].rows[1].cells[1].text == workshop.register.first


def test_a_form_sent_twice_is_one_act_and_one_letter(workshop: Workshop) -> None:
    act = an_act(workshop.register.first)
    assert workshop.file_act(act, key="same") == workshop.file_act(act, key="same")
    [letter] = workshop.letters("repair.filed")
    assert "RMA-26-0001" in letter.subject
    assert workshop.address(workshop.file_act(act, key="same")[0]) in letter.text


def test_r11_the_same_fault_within_ninety_days_is_a_repeat(workshop: Workshop) -> None:
    [first] = workshop.file(at="2026-09-01T10:00")
    with workshop.installation.database.writing() as session:
        records.unit(session, first).returned_at = moscow("2026-09-15T10:00")
    [repeat] = workshop.file(at="2026-12-14T09:59")
    [late] = workshop.file(at="2026-12-14T10:01")
    [other] = workshop.file(workshop.register.second, at="2026-12-14T09:00")
    found = [workshop.unit(one).repeat_of_id for one in (repeat, late, other)]
    assert found == [first, None, None]


def test_an_act_comes_back_from_what_is_stored() -> None:
    act = an_act("FP1", "FP2", inn="7707083893", erased=True)
    assert Act.of(act.content) == act
    assert act.signed_on == date(2026, 12, 14)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("7707083893", True), ("7707083894", False), ("500100732259", True),
        ("500100732250", False), ("770708389", False), ("٧٧٠٧٠٨٣٨٩٣", False), ("", False),
    ],
)  # fmt: skip
def test_a_mistyped_inn_is_noticed(text: str, right: bool) -> None:
    assert is_inn(text) is right


def test_each_thing_that_happens_is_told_in_both_languages() -> None:
    assert all(kind.phrase.ru and kind.phrase.en for kind in EventKind)
