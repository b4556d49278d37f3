"""A sheet of A4 in our own face: headings, named values, tables, a code that a scanner reads.

The face is embedded, so that Russian is the same on every machine. A character that it lacks is
drawn as a question mark: a person sees that something stood there.
"""

import functools
import io
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import segno
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace, TTFFont

_FONTS = Path(__file__).with_name("fonts")
_FACE = "Roboto"
_MARGIN_MM = 18
_CODE_MM = 30
_LINE_MM = 5.2
_LABEL_MM = 52

Pairs = Sequence[tuple[str, str]]


class Paper:
    """One paper that grows downwards; `finished` gives its bytes."""

    def __init__(self, title: str, made_at: datetime, footer: str) -> None:
        self._pdf = _Sheet(footer)
        self._pdf.set_title(title)
        self._pdf.set_creation_date(made_at)
        self._pdf.add_page()

    def head(self, title: str, lines: Sequence[str], code: str = "") -> None:
        """The paper's name with a few lines under it, and at the right the code."""
        pdf, top = self._pdf, self._pdf.get_y()
        width = pdf.epw - (_CODE_MM + 6 if code else 0)
        pdf.set_font(_FACE, "B", 17)
        self._words(width, 8, title)
        pdf.set_font(_FACE, "", 10)
        for line in lines:
            self._words(width, _LINE_MM, line)
        if code:
            picture = io.BytesIO(code_png(code))
            pdf.image(picture, x=pdf.w - _MARGIN_MM - _CODE_MM, y=top, w=_CODE_MM)
            pdf.set_y(max(pdf.get_y(), top + _CODE_MM))
        pdf.ln(3)

    def section(self, title: str) -> None:
        """A heading inside the paper, kept with what follows it."""
        pdf = self._pdf
        if pdf.will_page_break(24):
            pdf.add_page()
        pdf.ln(2)
        pdf.set_font(_FACE, "B", 11.5)
        self._words(pdf.epw, 6.5, title)
        pdf.set_font(_FACE, "", 10)

    def pairs(self, rows: Pairs) -> None:
        """Names at the left, what they are at the right; an empty value is left out."""
        pdf = self._pdf
        for name, value in rows:
            if not value:
                continue
            if pdf.will_page_break(_LINE_MM):
                pdf.add_page()
            top = pdf.get_y()
            pdf.set_text_color(90)
            self._words(_LABEL_MM, _LINE_MM, name)
            bottom, page = pdf.get_y(), pdf.page
            pdf.set_text_color(0)
            pdf.set_xy(_MARGIN_MM + _LABEL_MM, top)
            self._words(pdf.epw - _LABEL_MM, _LINE_MM, value)
            if pdf.page == page:
                pdf.set_y(max(bottom, pdf.get_y()))
            pdf.set_x(_MARGIN_MM)

    def words(self, text: str) -> None:
        """A paragraph."""
        self._pdf.set_font(_FACE, "", 10)
        self._words(self._pdf.epw, _LINE_MM, text)
        self._pdf.ln(1)

    def table(
        self, names: Sequence[str], rows: Sequence[Sequence[str]], widths: tuple[int, ...]
    ) -> None:
        """Rows with their heading, which is repeated on each page; `widths` are shares."""
        pdf = self._pdf
        pdf.set_font(_FACE, "", 9.5)
        with pdf.table(
            headings_style=FontFace(emphasis="BOLD", fill_color=(238, 241, 242)),
            line_height=_LINE_MM, text_align="LEFT", padding=1, v_align="TOP",
            col_widths=widths, borders_layout="HORIZONTAL_LINES",
        ) as table:  # fmt: skip
            for line in (names, *rows):
                row = table.row()
                for cell in line:
                    row.cell(drawable(cell) or " ")
        pdf.ln(2)

    def blanks(self, names: Sequence[str], lines: int = 1) -> None:
        """Rules for handwriting, each under its name."""
        pdf = self._pdf
        for name in names:
            if pdf.will_page_break(10 + 8 * lines):
                pdf.add_page()
            pdf.set_text_color(90)
            self._words(pdf.epw, _LINE_MM, name)
            pdf.set_text_color(0)
            for _ in range(lines):
                pdf.ln(7)
                pdf.line(_MARGIN_MM, pdf.get_y(), pdf.w - _MARGIN_MM, pdf.get_y())
            pdf.ln(2.5)

    def signatures(self, names: Sequence[str]) -> None:
        """Where people sign, side by side."""
        pdf = self._pdf
        if pdf.will_page_break(24):
            pdf.add_page()
        pdf.ln(14)
        width, top = pdf.epw / len(names), pdf.get_y()
        for position, name in enumerate(names):
            left = _MARGIN_MM + width * position
            pdf.line(left, top, left + width - 8, top)
            pdf.set_xy(left, top + 1)
            pdf.set_text_color(90)
            pdf.set_font(_FACE, "", 8.5)
            pdf.multi_cell(width - 8, 4, drawable(name), align="L")
        pdf.set_text_color(0)

    def finished(self) -> bytes:
        """The PDF."""
        try:
            return bytes(self._pdf.output())
        finally:
            _close(self._pdf)

    def _words(self, width: float, height: float, text: str) -> None:
        self._pdf.multi_cell(
            width, height, drawable(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )


class _Sheet(FPDF):
    """A page with our faces and a footer that numbers it."""

    def __init__(self, footer: str) -> None:
        super().__init__(format="A4")
        self._footer = drawable(footer)
        self.add_font(_FACE, "", _FONTS / "Roboto-Regular.ttf")
        self.add_font(_FACE, "B", _FONTS / "Roboto-Bold.ttf")
        self.set_margins(_MARGIN_MM, 16)
        self.set_line_width(0.15)
        self.set_auto_page_break(auto=True, margin=20)

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font(_FACE, "", 8)
        self.set_text_color(110)
        self.cell(self.epw * 0.85, 5, self._footer)
        self.cell(0, 5, f"{self.page_no()} / {{nb}}", align="R")
        self.set_text_color(0)


def code_png(text: str) -> bytes:
    """A QR code of `text`, large enough for a hand scanner."""
    made = io.BytesIO()
    segno.make(text, error="m", micro=False).save(made, kind="png", scale=8, border=2)
    return made.getvalue()


def drawable(text: str) -> str:
    """The text with a question mark for each character that the face lacks."""
    known = _known()
    plain = text.replace("\t", " ").replace("\r\n", "\n")
    return "".join(char if char == "\n" or ord(char) in known else "?" for char in plain)


@functools.cache
def _known() -> frozenset[int]:
    """The characters that both faces have."""
    sheet = FPDF()
    for style, name in (("", "Regular"), ("B", "Bold")):
        sheet.add_font(_FACE, style, _FONTS / f"Roboto-{name}.ttf")
    faces = [face for face in sheet.fonts.values() if isinstance(face, TTFFont)]
    known = frozenset.intersection(*(frozenset(face.cmap) for face in faces))
    _close(sheet)
    return known


def _close(sheet: FPDF) -> None:
    """The library reads its faces as it needs them and leaves their files open."""
    for face in sheet.fonts.values():
        if isinstance(face, TTFFont):
            face.ttfont.close()
