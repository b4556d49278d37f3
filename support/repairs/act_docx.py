"""The act and its blank form as DOCX, for those who fill papers in on a computer."""

import io
from collections.abc import Sequence
from datetime import datetime

from docx import Document
from docx.document import Document as Sheet
from docx.shared import Mm, Pt

from support.papers.paper import code_png
from support.phrases import Phrase
from support.repairs import act_words as words
from support.repairs.act_words import ActPaper
from support.service_centres.choosing import VENDOR

_LINE = "_" * 60


def act_docx(made: ActPaper) -> bytes:
    """The act as the PDF says it, to be edited before it is signed by hand."""
    sheet = _sheet(made.title, made.filed_at)
    for line in made.under_title:
        sheet.add_paragraph(line)
    sheet.add_picture(io.BytesIO(code_png(made.code)), width=Mm(30))
    sheet.add_heading(made.say(words.SENDER), 2)
    for name, value in made.sender:
        if value:
            sheet.add_paragraph(f"{name}: {_plain(value)}")
    sheet.add_heading(made.say(words.PHONES), 2)
    _table(sheet, [made.say(name) for name in words.TABLE], made.rows)
    sheet.add_paragraph(made.say(words.PAYER))
    sheet.add_paragraph(made.say(words.RETURNING))
    _sign(sheet, [made.say(words.SIGNED), made.say(words.TAKEN)])
    return _bytes(sheet)


def blank_docx(language: str, printed_at: datetime) -> bytes:
    """F-2: the form to be filled in."""

    def say(phrase: Phrase) -> str:
        return phrase.text(language)

    sheet = _sheet(say(words.TITLE), printed_at)
    sheet.add_paragraph(f"{VENDOR.name}: {VENDOR.address}")
    sheet.add_heading(say(words.SENDER), 2)
    for name in words.BLANK_SENDER:
        sheet.add_paragraph(f"{say(name)}:\n{_LINE}")
    sheet.add_heading(say(words.PHONES), 2)
    for name in words.BLANK_PHONE:
        sheet.add_paragraph(f"{say(name)}:\n{_LINE}\n{_LINE}")
    sheet.add_paragraph(say(words.PAYER))
    _sign(sheet, [say(words.SIGNED), say(words.TAKEN)])
    return _bytes(sheet)


def _sheet(title: str, made_at: datetime) -> Sheet:
    sheet = Document()
    sheet.styles["Normal"].font.name = "Arial"
    sheet.styles["Normal"].font.size = Pt(10)
    properties = sheet.core_properties
    properties.title, properties.author = title, VENDOR.name
    properties.created = properties.modified = made_at.replace(tzinfo=None)
    sheet.add_heading(title, 1)
    return sheet


def _table(sheet: Sheet, names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = sheet.add_table(rows=1, cols=len(names), style="Table Grid")
    for cell, name in zip(table.rows[0].cells, names, strict=True):
        cell.text = name
    for row in rows:
        for cell, value in zip(table.add_row().cells, row, strict=True):
            cell.text = _plain(value)


def _sign(sheet: Sheet, names: Sequence[str]) -> None:
    for name in names:
        sheet.add_paragraph(f"\n{_LINE}\n{name}")


def _plain(text: str) -> str:
    """XML holds no control characters; a paper needs none."""
    return "".join(char for char in text if char == "\n" or char.isprintable())


def _bytes(sheet: Sheet) -> bytes:
    made = io.BytesIO()
    sheet.save(made)
    return made.getvalue()
