"""A sheet of A4 in our own face: headings, named values, tables, a code that a scanner reads."""

import io
from collections.abc import Sequence
from datetime import datetime

import segno

_FACE = "Roboto"
_MARGIN_MM = 18
_LINE_MM = 5.2
_CODE_MM = 30
_LABEL_MM = 52

Pairs = Sequence[tuple[str, str]]


class Paper:
    """One paper that grows downwards; `finished` gives its bytes."""

    def __init__(self, title: str, made_at: datetime, footer: str) -> None:
        # Drawing and its fonts are a quarter of what the processes import: loaded when first drawn.
        from support.papers.sheet import Sheet  # noqa: PLC0415 - see above

        self._pdf = Sheet(footer)
        self._pdf.set_title(title)
        self._pdf.set_creation_date(made_at)
        self._pdf.add_page()

    def head(self, title: str, lines: Sequence[str], code: str = "") -> None:
        """The paper's name with a few lines under it, and at the right the code."""
        pdf, top = self._pdf, self._pdf.get_y()
        width = pdf.epw - (_CODE_MM + 6 if code else 0)
        pdf.set_font(_FACE, "B", 17)
        pdf.words(width, 8, title)
        pdf.set_font(_FACE, "", 10)
        for line in lines:
            pdf.words(width, _LINE_MM, line)
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
        pdf.words(pdf.epw, 6.5, title)
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
            pdf.words(_LABEL_MM, _LINE_MM, name)
            bottom, page = pdf.get_y(), pdf.page
            pdf.set_text_color(0)
            pdf.set_xy(_MARGIN_MM + _LABEL_MM, top)
            pdf.words(pdf.epw - _LABEL_MM, _LINE_MM, value)
            if pdf.page == page:
                pdf.set_y(max(bottom, pdf.get_y()))
            pdf.set_x(_MARGIN_MM)

    def words(self, text: str) -> None:
        """A paragraph."""
        pdf = self._pdf
        pdf.set_font(_FACE, "", 10)
        pdf.words(pdf.epw, _LINE_MM, text)
        pdf.ln(1)

    def table(
        self, names: Sequence[str], rows: Sequence[Sequence[str]], widths: tuple[int, ...]
    ) -> None:
        """Rows with their heading, which is repeated on each page; `widths` are shares."""
        pdf = self._pdf
        pdf.set_font(_FACE, "", 9.5)
        pdf.rows((names, *rows), widths)
        pdf.ln(2)

    def blanks(self, names: Sequence[str], lines: int = 1) -> None:
        """Rules for handwriting, each under its name."""
        pdf = self._pdf
        for name in names:
            if pdf.will_page_break(10 + 8 * lines):
                pdf.add_page()
            pdf.set_text_color(90)
            pdf.words(pdf.epw, _LINE_MM, name)
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
            pdf.under_rule(width - 8, name)
        pdf.set_text_color(0)

    def finished(self) -> bytes:
        """The PDF."""
        return self._pdf.finished()


def code_png(text: str) -> bytes:
    """A QR code of `text`, large enough for a hand scanner."""
    made = io.BytesIO()
    segno.make(text, error="m", micro=False).save(made, kind="png", scale=8, border=2)
    return made.getvalue()
