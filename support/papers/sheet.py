"""The page under a paper: our faces, the footer that numbers it, words that fit.

The face is embedded, so that Russian is the same on every machine. A character that it lacks is
drawn as a question mark: a person sees that something stood there.
"""

import functools
from collections.abc import Sequence
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace, TTFFont

FACE = "Roboto"
MARGIN_MM = 18
LINE_MM = 5.2
_FONTS = Path(__file__).with_name("fonts")


class Sheet(FPDF):
    """A page with our faces and a footer that numbers it."""

    def __init__(self, footer: str) -> None:
        super().__init__(format="A4")
        self._footer = drawable(footer)
        self.add_font(FACE, "", _FONTS / "Roboto-Regular.ttf")
        self.add_font(FACE, "B", _FONTS / "Roboto-Bold.ttf")
        self.set_margins(MARGIN_MM, 16)
        self.set_line_width(0.15)
        self.set_auto_page_break(auto=True, margin=20)

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font(FACE, "", 8)
        self.set_text_color(110)
        self.cell(self.epw * 0.85, 5, self._footer)
        self.cell(0, 5, f"{self.page_no()} / {{nb}}", align="R")
        self.set_text_color(0)

    def words(self, width: float, height: float, text: str) -> None:
        """A text of this width in mm; what follows begins under it at the left."""
        self.multi_cell(
            width, height, drawable(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )

    def under_rule(self, width: float, text: str) -> None:
        """Small words under a rule for a signature."""
        self.multi_cell(width, 4, drawable(text), align="L")

    def rows(self, lines: Sequence[Sequence[str]], widths: tuple[int, ...]) -> None:
        """A table whose first line is repeated on each page; `widths` are shares."""
        with self.table(
            headings_style=FontFace(emphasis="BOLD", fill_color=(238, 241, 242)),
            line_height=LINE_MM, text_align="LEFT", padding=1, v_align="TOP",
            col_widths=widths, borders_layout="HORIZONTAL_LINES",
        ) as table:  # fmt: skip
            for line in lines:
                row = table.row()
                for cell in line:
                    row.cell(drawable(cell) or " ")

    def finished(self) -> bytes:
        """The PDF; nothing can be drawn after it."""
        try:
            return bytes(self.output())
        finally:
            _close(self)


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
        sheet.add_font(FACE, style, _FONTS / f"Roboto-{name}.ttf")
    faces = [face for face in sheet.fonts.values() if isinstance(face, TTFFont)]
    known = frozenset.intersection(*(frozenset(face.cmap) for face in faces))
    _close(sheet)
    return known


def _close(sheet: FPDF) -> None:
    """The library reads its faces as it needs them and leaves their files open."""
    for face in sheet.fonts.values():
        if isinstance(face, TTFFont):
            face.ttfont.close()
